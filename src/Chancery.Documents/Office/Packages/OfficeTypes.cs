namespace Chancery.Documents;

/// <summary>Tells Office documents apart by what they say of their main part.</summary>
internal static class OfficeTypes
{
    public const string PartName = "[Content_Types].xml";

    /// <summary>Templates, shows, and those with macros (which are never looked at) are read like the plain ones.</summary>
    private static readonly (string Mark, MediaType Type)[] Marks =
    [
        ("ms-excel.sheet.binary.", MediaTypes.BinaryWorkbook),
        ("wordprocessingml.document.main+xml", MediaTypes.Word),
        ("wordprocessingml.template.main+xml", MediaTypes.Word),
        ("ms-word.document.macroEnabled.main+xml", MediaTypes.Word),
        ("ms-word.template.macroEnabledTemplate.main+xml", MediaTypes.Word),
        ("spreadsheetml.sheet.main+xml", MediaTypes.Excel),
        ("spreadsheetml.template.main+xml", MediaTypes.Excel),
        ("ms-excel.sheet.macroEnabled.main+xml", MediaTypes.Excel),
        ("ms-excel.template.macroEnabled.main+xml", MediaTypes.Excel),
        ("ms-excel.addin.macroEnabled.main+xml", MediaTypes.Excel),
        ("presentationml.presentation.main+xml", MediaTypes.PowerPoint),
        ("presentationml.template.main+xml", MediaTypes.PowerPoint),
        ("presentationml.slideshow.main+xml", MediaTypes.PowerPoint),
        ("ms-powerpoint.presentation.macroEnabled.main+xml", MediaTypes.PowerPoint),
        ("ms-powerpoint.template.macroEnabled.main+xml", MediaTypes.PowerPoint),
        ("ms-powerpoint.slideshow.macroEnabled.main+xml", MediaTypes.PowerPoint),
    ];

    private static readonly (string Part, MediaType Type)[] MainParts =
    [
        ("word/document.xml", MediaTypes.Word),
        ("xl/workbook.xml", MediaTypes.Excel),
        ("ppt/presentation.xml", MediaTypes.PowerPoint),
    ];

    /// <param name="contentTypes">The root of <see cref="PartName"/>.</param>
    public static MediaType? Find(XmlNode contentTypes) =>
        contentTypes
            .Children.Select(entry => Find(entry["ContentType"] ?? ""))
            .FirstOrDefault(type => type is not null);

    /// <summary>Finds a mark anywhere in a text.</summary>
    public static MediaType? Find(string text) =>
        Marks.FirstOrDefault(mark => text.Contains(mark.Mark, StringComparison.Ordinal)).Type;

    /// <summary>By the names of an archive's members, where it does not say itself.</summary>
    public static MediaType? OfNames(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            foreach (var (part, type) in MainParts)
            {
                if (name.Equals(part, StringComparison.OrdinalIgnoreCase))
                {
                    return type;
                }
            }
        }

        return null;
    }

    public static string UsualMainPart(MediaType type) => MainParts.First(main => main.Type == type).Part;
}
