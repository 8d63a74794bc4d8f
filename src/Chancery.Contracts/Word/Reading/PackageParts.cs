using System.IO.Compression;
using System.Xml;
using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>
/// The parts of a file that anybody may have made: at most so many of them, so large, so deep, and without a document type. What a
/// zip says of its sizes is not believed: bytes are counted as they come.
/// </summary>
internal sealed class PackageParts : IDisposable
{
    private const int MostEntries = 4_000;
    private const int MostElements = 3_000_000;
    private const int MostDepth = 200;
    private const long MostBytes = 96L * 1024 * 1024;

    private const string Relationships = "http://schemas.openxmlformats.org/package/2006/relationships";

    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private long _read;

    /// <exception cref="InvalidDataException">This is no zip, or one with too many entries.</exception>
    public PackageParts(Stream file)
    {
        _zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        if (_zip.Entries.Count > MostEntries)
        {
            throw new InvalidDataException($"The file has {_zip.Entries.Count} parts; at most {MostEntries} are read.");
        }

        foreach (var entry in _zip.Entries)
        {
            _entries.TryAdd(entry.FullName.Replace('\\', '/').TrimStart('/'), entry);
        }
    }

    /// <summary>The name of the main document.</summary>
    /// <exception cref="InvalidDataException">The package names none.</exception>
    public string Document() =>
        Related("", "/officeDocument")
        ?? (
            _entries.ContainsKey("word/document.xml")
                ? "word/document.xml"
                : throw new InvalidDataException("The file is not a Word document: it names no text.")
        );

    /// <summary>The part that another one names by the last words of a relationship's type; null without one.</summary>
    public string? Related(string part, string typeEnd)
    {
        var slash = part.LastIndexOf('/');
        var (folder, name) = (part[..(slash + 1)], part[(slash + 1)..]);
        var target = Read($"{folder}_rels/{name}.rels")
            ?.Elements(XName.Get("Relationship", Relationships))
            .Where(relation => (string?)relation.Attribute("TargetMode") != "External")
            .FirstOrDefault(relation =>
                ((string?)relation.Attribute("Type"))?.EndsWith(typeEnd, StringComparison.Ordinal) == true
            )
            ?.Attribute("Target")
            ?.Value;
        return target is null ? null
            : target.StartsWith('/') ? target[1..]
            : Normal(folder + target);
    }

    /// <summary>A part as XML; null where the package has none of that name.</summary>
    /// <exception cref="InvalidDataException">It is too large or too deep, has a document type, or is no XML.</exception>
    public XElement? Read(string? name)
    {
        if (name is null || !_entries.TryGetValue(name, out var entry))
        {
            return null;
        }

        var bytes = Inflate(entry);
        try
        {
            Check(bytes, name);
            using var reader = XmlReader.Create(new MemoryStream(bytes), Settings);
            return XElement.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException fault)
        {
            throw new InvalidDataException($"The part {name} is not well-formed: {fault.Message}", fault);
        }
    }

    public void Dispose() => _zip.Dispose();

    private static XmlReaderSettings Settings { get; } =
        new()
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            MaxCharactersInDocument = MostBytes,
        };

    private static string Normal(string path)
    {
        List<string> parts = [];
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".." or ""))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private byte[] Inflate(ZipArchiveEntry entry)
    {
        using var inflated = entry.Open();
        using var bytes = new MemoryStream();
        var buffer = new byte[81_920];
        for (int count; (count = inflated.Read(buffer)) > 0; )
        {
            _read += count;
            if (_read > MostBytes)
            {
                throw new InvalidDataException($"The file unpacks to more than {MostBytes / (1024 * 1024)} MB.");
            }

            bytes.Write(buffer, 0, count);
        }

        return bytes.ToArray();
    }

    /// <summary>Counts before anything is built: a tree takes many times the memory of its text.</summary>
    private static void Check(byte[] bytes, string name)
    {
        using var reader = XmlReader.Create(new MemoryStream(bytes), Settings);
        var elements = 0;
        while (reader.Read())
        {
            if (reader.Depth > MostDepth)
            {
                throw new InvalidDataException($"The part {name} is nested more than {MostDepth} deep.");
            }

            if (reader.NodeType == XmlNodeType.Element && ++elements > MostElements)
            {
                throw new InvalidDataException($"The part {name} has more than {MostElements} elements.");
            }
        }
    }
}
