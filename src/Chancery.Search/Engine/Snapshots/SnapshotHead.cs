using System.Globalization;
using System.Text;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>Where a column lies in the file.</summary>
internal readonly record struct SnapshotSection(long Offset, int Length, uint Checksum);

/// <summary>The beginning of a snapshot: what it is, and where everything lies.</summary>
internal sealed record SnapshotHead(
    Guid Owner,
    string Settings,
    IndexRevision Revision,
    int TextSegments,
    int VectorSegments,
    IReadOnlyList<SnapshotSection> Sections,
    long FileLength
)
{
    public const int SectionsOfText = 12;
    public const int SectionsOfVectors = 8;

    /// <summary>Raised with every change of the file's format.</summary>
    public const int Version = 1;

    /// <summary>Raised with every change of analysis: terms of before would not be found any more.</summary>
    public const int AnalysisVersion = 2;

    /// <summary>Magic, version, length of the head.</summary>
    public const int PreludeLength = 16;

    public const int LongestHead = 1 << 20;

    public static ReadOnlySpan<byte> Magic => "CHANCSIX"u8;

    public static string SettingsOf(SearchIndexOptions options) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"analysis {AnalysisVersion}; weights {options.Weights.Title} {options.Weights.Heading} {options.Weights.Body}; dimensions {options.Dimensions}; {options.Stamp}"
        );

    /// <summary>Its own checksum at the end.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(0);
        writer.Write(FileLength);
        writer.Write(Owner.ToByteArray());
        writer.Write(Settings);
        writer.Write(Revision.Number);
        writer.Write(Revision.Token.ToByteArray());
        writer.Write(TextSegments);
        writer.Write(VectorSegments);
        writer.Write(Sections.Count);
        foreach (var section in Sections)
        {
            writer.Write(section.Offset);
            writer.Write(section.Length);
            writer.Write(section.Checksum);
        }

        writer.Seek(Magic.Length + sizeof(int), SeekOrigin.Begin);
        writer.Write((int)stream.Length + sizeof(uint));
        writer.Seek(0, SeekOrigin.End);
        writer.Write(Crc32C.Of(stream.ToArray()));
        return stream.ToArray();
    }

    /// <summary>From a head whose checksum holds.</summary>
    public static SnapshotHead Of(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        reader.BaseStream.Position = PreludeLength;
        var length = reader.ReadInt64();
        var owner = new Guid(reader.ReadBytes(16));
        var settings = reader.ReadString();
        var revision = new IndexRevision(reader.ReadInt64(), new Guid(reader.ReadBytes(16)));
        var texts = reader.ReadInt32();
        var vectors = reader.ReadInt32();
        var sections = new SnapshotSection[reader.ReadInt32()];
        for (var i = 0; i < sections.Length; i++)
            sections[i] = new SnapshotSection(reader.ReadInt64(), reader.ReadInt32(), reader.ReadUInt32());
        return new SnapshotHead(owner, settings, revision, texts, vectors, sections, length);
    }
}
