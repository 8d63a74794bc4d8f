using System.Runtime.InteropServices;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>Writes a generation to a file: beside its place, to the disk, then into its place.</summary>
internal static class SnapshotWriter
{
    private const int Alignment = 64;
    private const int Piece = 1 << 20;

    public static void Write(
        string path,
        Generation generation,
        SearchIndexOptions options,
        CancellationToken cancellationToken
    )
    {
        var beside = $"{path}.{Guid.CreateVersion7():n}.new";
        try
        {
            Write(beside, SectionsOf(generation), generation, options, cancellationToken);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private static List<ReadOnlyMemory<byte>> SectionsOf(Generation generation)
    {
        var sections = new List<ReadOnlyMemory<byte>>();
        foreach (var view in generation.Texts)
        {
            var (rows, lengths, _, postings) = view.Segment;
            sections.AddRange([rows.Ids.Bytes, rows.DocumentOf.Bytes, rows.Documents.Bytes, BytesOf(view.Alive)]);
            sections.AddRange([lengths.Bytes, Section<int>.Of(view.Ordinals).Bytes]);
            sections.AddRange([postings.Terms.Offsets.Bytes, postings.Terms.Bytes.Bytes, postings.Terms.Entries.Bytes]);
            sections.AddRange([postings.Blocks.Bytes, postings.Rows.Bytes, postings.Positions.Bytes]);
        }

        foreach (var view in generation.Vectors)
        {
            var (rows, _, small, scales, fine, bits) = view.Segment;
            sections.AddRange([rows.Ids.Bytes, rows.DocumentOf.Bytes, rows.Documents.Bytes, BytesOf(view.Alive)]);
            sections.AddRange([small.Bytes, scales.Bytes, fine.Bytes, bits.Bytes]);
        }

        sections.Add(DocumentSection.ToBytes(generation));
        return sections;
    }

    private static ReadOnlyMemory<byte> BytesOf(Bitmap bitmap) =>
        MemoryMarshal.AsBytes(bitmap.Words.AsSpan()).ToArray();

    private static void Write(
        string path,
        List<ReadOnlyMemory<byte>> contents,
        Generation generation,
        SearchIndexOptions options,
        CancellationToken cancellationToken
    )
    {
        var head = new SnapshotHead(
            options.Owner,
            SnapshotHead.SettingsOf(options),
            generation.Revision,
            generation.Texts.Count,
            generation.Vectors.Count,
            new SnapshotSection[contents.Count],
            0
        );
        var sections = new SnapshotSection[contents.Count];
        using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                // The words of the tenant's texts are in it.
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            }
        );
        file.Position = head.ToBytes().Length;
        for (var i = 0; i < sections.Length; i++)
        {
            var offset = (file.Position + Alignment - 1) / Alignment * Alignment;
            file.Write(new byte[offset - file.Position]);
            var checksum = Crc32C.Start;
            for (var from = 0; from < contents[i].Length; from += Piece)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var piece = contents[i].Span[from..Math.Min(from + Piece, contents[i].Length)];
                checksum = Crc32C.Add(checksum, piece);
                file.Write(piece);
            }

            sections[i] = new SnapshotSection(offset, contents[i].Length, ~checksum);
        }

        var length = file.Position;
        file.Position = 0;
        file.Write((head with { Sections = sections, FileLength = length }).ToBytes());
        file.Flush(flushToDisk: true);
    }
}
