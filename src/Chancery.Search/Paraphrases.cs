namespace Chancery.Search;

/// <summary>
/// Everyday words that stand for each other in questions and in documents: a question says "maximum" where a contract says
/// "is limited to". They count as words that only begin alike do, so that the same word always counts more.
/// </summary>
internal static class Paraphrases
{
    private const string Groups = """
        maximum max maximal limit limited cap capped exceed ceiling upper
        minimum min minimal least lowest
        terminate cancel end termination cancellation
        salary pay wage remuneration
        holiday vacation leave
        sick illness ill
        parental parents maternity paternity
        fee charge price
        laptop computer notebook
        phone telephone
        bike bicycle cycle
        car vehicle
        wifi wlan wireless
        begin start commence
        hire employ recruit
        allow permit
        forbid prohibit ban
        reimburse refund repay
        late overdue
        own owner
        write author
        manage manager lead head
        """;

    private static readonly Dictionary<string, string[]> Others = Read();

    /// <param name="term">As <see cref="TextAnalyzer"/> gives it.</param>
    public static string[] Of(string term) => Others.GetValueOrDefault(term, []);

    private static Dictionary<string, string[]> Read()
    {
        var others = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var line in Groups.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var stems = line.Split(' ').Select(EnglishStemmer.Stem).Distinct().ToArray();
            foreach (var stem in stems)
                others.Add(stem, [.. stems.Where(other => other != stem)]);
        }

        return others;
    }
}
