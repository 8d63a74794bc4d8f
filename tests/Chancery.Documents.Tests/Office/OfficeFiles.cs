using System.IO.Compression;
using System.Text;

namespace Chancery.Documents.Tests;

/// <summary>Small Office documents, from the markup that a test is about.</summary>
internal static class OfficeFiles
{
    public const string WordNamespaces =
        "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' "
        + "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships' "
        + "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math' "
        + "xmlns:wp='http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing' "
        + "xmlns:wps='http://schemas.microsoft.com/office/word/2010/wordprocessingShape' "
        + "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' "
        + "xmlns:v='urn:schemas-microsoft-com:vml' "
        + Drawing;

    private const string Drawing =
        "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
        + "xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart' "
        + "xmlns:dgm='http://schemas.openxmlformats.org/drawingml/2006/diagram'";

    public const string SlideNamespaces =
        "xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' "
        + "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships' "
        + Drawing;

    public const string SheetNamespaces =
        "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' "
        + "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'";

    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";

    /// <param name="parts">Of a kind such as <c>styles</c>, each with its root's content.</param>
    public static byte[] Docx(string body, params (string Kind, string Root, string Content)[] parts) =>
        Package(
            "word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            $"<w:document {WordNamespaces}><w:body>{body}</w:body></w:document>",
            [.. parts.Select(part => (part.Kind, $"<{part.Root} {WordNamespaces}>{part.Content}</{part.Root}>"))]
        );

    public static string P(string text) => $"<w:p><w:r><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>";

    public static byte[] Pptx(params string[] shapeTrees)
    {
        var slides = shapeTrees.Select((tree, i) => (Name: $"slides/slide{i + 1}.xml", Tree: tree)).ToList();
        var list = string.Concat(slides.Select((_, i) => $"<p:sldId id='{256 + i}' r:id='rId{i + 1}'/>"));
        return Package(
            "ppt/presentation.xml",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
            $"<p:presentation {SlideNamespaces}><p:sldIdLst>{list}</p:sldIdLst></p:presentation>",
            [
                .. slides.Select(slide =>
                    (
                        "slide",
                        $"<p:sld {SlideNamespaces}{(slide.Tree.StartsWith('!') ? " show='0'" : "")}><p:cSld><p:spTree>"
                            + $"{slide.Tree.TrimStart('!')}</p:spTree></p:cSld></p:sld>"
                    )
                ),
            ]
        );
    }

    /// <param name="sheets">Each with the content of its <c>sheetData</c>.</param>
    public static byte[] Xlsx(
        IReadOnlyList<(string Name, string Data)> sheets,
        string workbook = "",
        string? strings = null,
        string? styles = null
    )
    {
        var list = string.Concat(
            sheets.Select((sheet, i) => $"<sheet name='{sheet.Name}' sheetId='{i + 1}' r:id='rId{i + 1}'/>")
        );
        var parts = sheets
            .Select(sheet =>
                ("worksheet", $"<worksheet {SheetNamespaces}><sheetData>{sheet.Data}</sheetData></worksheet>")
            )
            .ToList();
        if (strings is not null)
        {
            parts.Add(("sharedStrings", $"<sst {SheetNamespaces}>{strings}</sst>"));
        }

        if (styles is not null)
        {
            parts.Add(("styles", $"<styleSheet {SheetNamespaces}>{styles}</styleSheet>"));
        }

        return Package(
            "xl/workbook.xml",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            $"<workbook {SheetNamespaces}>{workbook}<sheets>{list}</sheets></workbook>",
            [.. parts]
        );
    }

    /// <summary>Rows from the first on, each cell a text or a number.</summary>
    public static string Rows(params string[][] rows) =>
        string.Concat(
            rows.Select(
                (cells, i) =>
                    cells.Length == 0
                        ? ""
                        : $"<row r='{i + 1}'>{string.Concat(cells.Select((cell, j) => Cell(j, i + 1, cell)))}</row>"
            )
        );

    public static byte[] Package(
        string main,
        string contentType,
        string content,
        IReadOnlyList<(string Kind, string Xml)> parts
    )
    {
        var folder = main[..(main.IndexOf('/') + 1)];
        var relations = parts.Select(
            (part, i) => $"<Relationship Id='rId{i + 1}' Type='{Relations}{part.Kind}' Target='part{i + 1}.xml'/>"
        );
        List<(string, string)> members =
        [
            (
                "[Content_Types].xml",
                "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
                    + "<Default Extension='xml' ContentType='application/xml'/>"
                    + $"<Override PartName='/{main}' ContentType='{contentType}'/></Types>"
            ),
            (
                "_rels/.rels",
                "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
                    + $"<Relationship Id='rId1' Type='{Relations}officeDocument' Target='{main}'/></Relationships>"
            ),
            (main, content),
            (
                $"{folder}_rels/{main[folder.Length..]}.rels",
                "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
                    + string.Concat(relations)
                    + "</Relationships>"
            ),
            .. parts.Select((part, i) => ($"{folder}part{i + 1}.xml", part.Xml)),
        ];
        return Zip([.. members.Select(member => (member.Item1, Encoding.UTF8.GetBytes(member.Item2)))]);
    }

    public static byte[] Zip(params (string Name, byte[] Content)[] members)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return zip.ToArray();
    }

    /// <summary>The same archive with members added or put in the place of others.</summary>
    public static byte[] With(byte[] package, params (string Name, string Content)[] members)
    {
        using var zip = new MemoryStream();
        zip.Write(package);
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Update, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                archive.GetEntry(name)?.Delete();
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return zip.ToArray();
    }

    private static string Cell(int column, int row, string text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _)
            ? $"<c r='{CellName.Of(column + 1, row)}'><v>{text}</v></c>"
            : $"<c r='{CellName.Of(column + 1, row)}' t='inlineStr'><is><t>{text}</t></is></c>";
}
