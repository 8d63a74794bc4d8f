namespace Chancery.Documents;

/// <summary>What separates the cells of a table, as its first rows show.</summary>
/// <param name="Columns">That most rows have.</param>
/// <param name="Agreement">The share of rows that have as many.</param>
/// <param name="Rows">That were looked at.</param>
/// <param name="Start">Where the first row begins: programs write a line like "sep=;" before it.</param>
internal sealed record CsvDialect(char Separator, int Columns, double Agreement, int Rows, int Start)
{
    private const int MaxRows = 60;
    private const int MaxSample = 64 * 1024;
    private static readonly char[] Separators = ['\t', ';', ',', '|'];

    public static CsvDialect Of(string text)
    {
        var sample = text.Length <= MaxSample ? text : text[..MaxSample];
        if (text.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) && text.Length > 5 && text[5] is '\r' or '\n')
        {
            var start = text[5] == '\r' && text.Length > 6 && text[6] == '\n' ? 7 : 6;
            return Look(sample[start..], text[4]) with { Start = start };
        }

        return Separators
            .Select(separator => Look(sample, separator))
            .OrderByDescending(dialect => dialect.Columns > 1)
            .ThenByDescending(dialect => Math.Round(dialect.Agreement, 1))
            .ThenByDescending(dialect => dialect.Columns)
            .First();
    }

    private static CsvDialect Look(string sample, char separator)
    {
        var counts = new CsvRows(sample, separator)
            .Look()
            .Take(MaxRows)
            .Select(row => row.Count)
            .Where(count => count > 0)
            .ToList();

        // The sample may end inside of the last.
        if (counts.Count > 3)
        {
            counts.RemoveAt(counts.Count - 1);
        }

        var usual = counts.GroupBy(count => count).OrderByDescending(group => group.Count()).FirstOrDefault();
        return usual is null
            ? new CsvDialect(separator, 0, 0, 0, 0)
            : new CsvDialect(separator, usual.Key, (double)usual.Count() / counts.Count, counts.Count, 0);
    }
}
