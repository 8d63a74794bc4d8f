using System.IO.Compression;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>Puts parts into a .docx. The same parts are the same bytes: entries carry no time of their own.</summary>
internal sealed class WordPackage(Stream output) : IDisposable
{
    private const string Relationship = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
    private const string PackageRelationship = "http://schemas.openxmlformats.org/package/2006/relationships/";
    private const string Types = "application/vnd.openxmlformats-officedocument.";

    private static readonly XNamespace ContentTypes = "http://schemas.openxmlformats.org/package/2006/content-types";
    private static readonly XNamespace Relationships = "http://schemas.openxmlformats.org/package/2006/relationships";

    // The oldest that a zip can hold.
    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _zip = new(output, ZipArchiveMode.Create, leaveOpen: true);
    private readonly List<(string Name, string Type)> _parts = [];
    private readonly XElement _document = new(Relationships + "Relationships");
    private readonly XElement _package = new(Relationships + "Relationships");

    /// <summary>Adds a part beside the document; the answer is how the document names it.</summary>
    public string Add(string name, string type, string relationship, XElement content)
    {
        var isWords = relationship.StartsWith("http", StringComparison.Ordinal);
        Write("word/" + name, content);
        _parts.Add(
            (
                "/word/" + name,
                type.Contains('/', StringComparison.Ordinal) ? type : Types + "wordprocessingml." + type + "+xml"
            )
        );
        return Relate(_document, isWords ? relationship : Relationship + relationship, name);
    }

    /// <param name="custom">What the file's properties hold beside those that every file has; null: nothing.</param>
    public void AddProperties(XElement core, XElement application, XElement? custom)
    {
        if (custom is not null)
        {
            Write("docProps/custom.xml", custom);
            _parts.Add(("/docProps/custom.xml", Types + "custom-properties+xml"));
            Relate(_package, Relationship + "custom-properties", "docProps/custom.xml");
        }

        Write("docProps/core.xml", core);
        Write("docProps/app.xml", application);
        _parts.Add(("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"));
        _parts.Add(("/docProps/app.xml", Types + "extended-properties+xml"));
    }

    /// <summary>Adds the document itself, when all that it names is there.</summary>
    public void Finish(XElement document)
    {
        Write("word/document.xml", document);
        _parts.Add(("/word/document.xml", Types + "wordprocessingml.document.main+xml"));
        Write("word/_rels/document.xml.rels", _document);

        Relate(_package, Relationship + "officeDocument", "word/document.xml");
        Relate(_package, PackageRelationship + "metadata/core-properties", "docProps/core.xml");
        Relate(_package, Relationship + "extended-properties", "docProps/app.xml");
        Write("_rels/.rels", _package);
        Write(
            "[Content_Types].xml",
            new XElement(
                ContentTypes + "Types",
                new XElement(
                    ContentTypes + "Default",
                    new XAttribute("Extension", "rels"),
                    new XAttribute("ContentType", "application/vnd.openxmlformats-package.relationships+xml")
                ),
                new XElement(
                    ContentTypes + "Default",
                    new XAttribute("Extension", "xml"),
                    new XAttribute("ContentType", "application/xml")
                ),
                _parts.Select(part => new XElement(
                    ContentTypes + "Override",
                    new XAttribute("PartName", part.Name),
                    new XAttribute("ContentType", part.Type)
                ))
            )
        );
    }

    public void Dispose() => _zip.Dispose();

    private static string Relate(XElement relationships, string type, string target)
    {
        var id = $"rId{relationships.Elements().Count() + 1}";
        relationships.Add(
            new XElement(
                Relationships + "Relationship",
                new XAttribute("Id", id),
                new XAttribute("Type", type),
                new XAttribute("Target", target)
            )
        );
        return id;
    }

    private void Write(string name, XElement content)
    {
        var entry = _zip.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = NoTime;
        using var stream = entry.Open();
        using var writer = XmlWriter.Create(
            stream,
            new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) }
        );
        new XDocument(new XDeclaration("1.0", "UTF-8", "yes"), content).Save(writer);
    }
}
