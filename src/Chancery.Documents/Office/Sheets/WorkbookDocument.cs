namespace Chancery.Documents;

/// <summary>Reads Excel workbooks, a page or more for each sheet that shows something.</summary>
internal static class WorkbookDocument
{
    private const int MaxSheets = 5000;
    private const int MaxNameLength = 100;

    public static ParsedDocument Read(OfficePackage package, string part)
    {
        var workbook = package.Load(part) ?? throw Failures.DamagedOffice();
        var strings = package.Related(part, "sharedStrings").FirstOrDefault();
        var rows = new SheetRows(
            SharedStrings.Read(strings is null ? null : package.Open(strings)),
            new CellStyles(package.LoadRelated(part, "styles")),
            workbook.Child("x:workbookPr")?["date1904"] is "1" or "true"
        );
        var (title, author) = package.Properties();
        return new ParsedDocument(new ChildReply.Header(null, title, author), Pages(package, part, workbook, rows));
    }

    private static IEnumerable<ChildReply.Page> Pages(
        OfficePackage package,
        string part,
        XmlNode workbook,
        SheetRows rows
    )
    {
        var number = 0;
        foreach (var sheet in (workbook.Child("x:sheets")?.All("x:sheet") ?? []).Take(MaxSheets))
        {
            if (package.Find(part, sheet["r:id"])?.Target is not { } sheetPart)
            {
                continue;
            }

            var name = BlockWriter.OneLine(sheet["name"] ?? "");
            name = name.Length > MaxNameLength ? name[..MaxNameLength] : name;
            var label = $"Sheet {name}" + (sheet["state"] is "hidden" or "veryHidden" ? " (hidden)" : "");
            foreach (var blocks in new SheetPages(package, sheetPart, name).Read(rows))
            {
                yield return blocks.ToPage(++number, label);
            }
        }
    }
}
