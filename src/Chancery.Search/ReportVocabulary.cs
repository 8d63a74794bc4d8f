namespace Chancery.Search;

/// <summary>
/// By which items a report answers what people ask of it: "quick ratio" stands in no statement, the current assets and
/// liabilities that it is computed from do. Read once from <c>ReportVocabulary.txt</c>. Safe for concurrent use.
/// </summary>
internal static class ReportVocabulary
{
    private static readonly (string[] Asked, string[][] Items)[] Groups = Read();

    /// <summary>The items, each as its stems with content, for a question of these stems; empty for most questions.</summary>
    public static List<string[]> ItemsFor(IReadOnlyList<string> question)
    {
        var items = new List<string[]>();
        foreach (var (asked, wanted) in Groups)
        {
            if (Contains(question, asked))
                items.AddRange(wanted.Where(item => !items.Exists(known => known.AsSpan().SequenceEqual(item))));
        }

        return items;
    }

    public static string[] StemsOf(string text) =>
        [.. TextAnalyzer.Analyze(text).Where(token => !token.IsStopWord).Select(token => token.Term)];

    internal static bool Contains(IReadOnlyList<string> terms, string[] sequence)
    {
        for (var i = 0; i + sequence.Length <= terms.Count; i++)
        {
            var same = 0;
            while (same < sequence.Length && terms[i + same] == sequence[same])
                same++;
            if (same == sequence.Length)
                return true;
        }

        return false;
    }

    private static (string[], string[][])[] Read()
    {
        using var stream = typeof(ReportVocabulary).Assembly.GetManifestResourceStream("ReportVocabulary.txt")!;
        using var reader = new StreamReader(stream);
        var groups = new List<(string[], string[][])>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            var halves = line.Split('=');
            var items = Parts(halves[1], ';');
            groups.AddRange(Parts(halves[0], '|').Select(asked => (asked, items)));
        }

        return [.. groups];
    }

    private static string[][] Parts(string list, char separator) =>
        [.. list.Split(separator).Select(StemsOf).Where(stems => stems.Length > 0)];
}
