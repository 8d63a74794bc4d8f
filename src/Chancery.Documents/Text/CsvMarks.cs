namespace Chancery.Documents;

/// <summary>Tells tables in text files from running text, which has commas too.</summary>
internal static class CsvMarks
{
    private const int LongLine = 300;

    /// <summary>The kind of table, or null where it is none.</summary>
    public static MediaType? Decide(string text, string? fileName)
    {
        var extension = Path.GetExtension(fileName)?.ToUpperInvariant();
        var isNamed = extension is ".CSV" or ".TSV" or ".TAB" or ".PSV";
        if (!isNamed && extension is { Length: > 0 })
        {
            return null;
        }

        var dialect = CsvDialect.Of(text);
        var isTable = isNamed
            ? !HasLongLines(text) || (dialect is { Columns: > 1, Agreement: >= 0.5 } && !HasSpacedCommas(text, dialect))
            : dialect is { Columns: >= 3, Rows: >= 5, Agreement: >= 0.95 } && !ReadsLikeProse(text, dialect);
        return !isTable ? null
            : dialect.Separator == '\t' ? MediaTypes.Tsv
            : MediaTypes.Csv;
    }

    private static bool HasLongLines(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Count(line => line.Length > LongLine) * 4 > lines.Length;
    }

    private static bool HasSpacedCommas(string text, CsvDialect dialect)
    {
        var cells = Cells(text, dialect).Where(cell => !cell.IsFirst).ToList();
        return cells.Count(cell => cell.Text.StartsWith(' ')) * 2 > cells.Count;
    }

    /// <summary>Commas with spaces after them, and long cells.</summary>
    private static bool ReadsLikeProse(string text, CsvDialect dialect)
    {
        var cells = Cells(text, dialect).ToList();
        return cells.Count(cell => cell.Text.StartsWith(' ') || cell.Text.Length > 60) * 3 > cells.Count;
    }

    private static IEnumerable<(string Text, bool IsFirst)> Cells(string text, CsvDialect dialect) =>
        new CsvRows(text, dialect.Separator)
            .Look(dialect.Start)
            .Take(dialect.Rows)
            .SelectMany(row => row.Select((cell, i) => (cell, i == 0)).ToList());
}
