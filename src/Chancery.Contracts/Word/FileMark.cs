using System.Xml.Linq;
using Chancery.Contracts.Word.Reading;

namespace Chancery.Contracts.Word;

/// <summary>The mark by which a Word file is known again, in its custom properties (ECMA-376 part 1, 15.2.12.2).</summary>
internal static class FileMark
{
    private const string Name = "ChanceryRevision";
    private const int MostCharacters = 200;

    // The one that ECMA-376 gives to properties that people and programs add.
    private const string Format = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}";

    private static readonly XNamespace Custom =
        "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties";
    private static readonly XNamespace Values = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes";

    public static XElement Write(string mark) =>
        new(
            Custom + "Properties",
            new XAttribute(XNamespace.Xmlns + "vt", Values),
            new XElement(
                Custom + "property",
                new XAttribute("fmtid", Format),
                // 0 and 1 are reserved.
                new XAttribute("pid", 2),
                new XAttribute("name", Name),
                new XElement(Values + "lpwstr", Xml.Clean(mark))
            )
        );

    /// <summary>Null where the file has none.</summary>
    public static string? Read(PackageParts parts) =>
        parts
            .Read(parts.Related("", "/custom-properties"))
            ?.Elements(Custom + "property")
            .FirstOrDefault(property => (string?)property.Attribute("name") == Name)
            ?.Value
            is { Length: > 0 and <= MostCharacters } mark
            ? mark
            : null;
}
