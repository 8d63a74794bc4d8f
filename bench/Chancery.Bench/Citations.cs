using System.Globalization;
using Chancery.Documents;
using Chancery.Search;

namespace Chancery.Bench;

/// <summary>
/// Does an answer to an analyst's question cite the page that a person would have opened? Filings go in as PDF, through
/// the reader and the chunker; ten passages as the product retrieves them; the answerer without a model. What decides
/// whether to answer was chosen on the questions of even number.
/// </summary>
internal static class Citations
{
    private const int Depth = 10;
    private const int MostCandidates = 200;

    private static readonly int[] Depths = [1, 3, 5, 10, 20, 50];

    private sealed record Asked(string Id, string Document, string Text, IReadOnlySet<string> Evidence);

    /// <param name="Rank">Of the evidence page among the pages found, from 1; 0 when it is not among them.</param>
    /// <param name="Cited">Pages.</param>
    private sealed record Outcome(
        Asked Asked,
        int Rank,
        double Confidence,
        IReadOnlyList<string> Cited,
        int Quotes,
        string Shown
    )
    {
        public bool IsFound => Rank > 0;

        public bool IsAnswered => Cited.Count > 0;

        public bool IsCited => Cited.Any(Asked.Evidence.Contains);
    }

    /// <summary>The questions asked of one set of filings.</summary>
    private sealed record Round(string Name, List<Outcome> Outcomes)
    {
        public double Percent(Func<Outcome, bool> holds, int? half = null)
        {
            var outcomes = Outcomes.Where((_, i) => half is null || i % 2 == half).ToList();
            return 100d * outcomes.Count(holds) / outcomes.Count;
        }
    }

    /// <param name="args"><c>--show</c> prints the quotes of each question too.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = await AskAsync();
        var (among, alone) = (rounds[0].Outcomes, rounds[1].Outcomes);
        Console.WriteLine(
            "| Asked of | Half | Questions | Answered % | Evidence page cited % | Cited pages | Quotes |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var round in rounds)
        {
            foreach (int? half in (int?[])[0, 1, null])
            {
                Summarize(round, half);
            }
        }

        Console.WriteLine();
        Console.WriteLine(
            "| Evidence page among the best … pages of all filings | " + string.Join(" | ", Depths) + " |"
        );
        Console.WriteLine("|---|" + string.Concat(Depths.Select(_ => "---|")));
        Console.WriteLine(
            "| questions of 36 | "
                + string.Join(" | ", Depths.Select(depth => among.Count(o => o.Rank > 0 && o.Rank <= depth)))
                + " |"
        );
        Console.WriteLine();
        Console.WriteLine(
            "| Question | Filing | Evidence pages | Page's rank among all | Cited among all | Page's rank alone | Cited alone |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        for (var i = 0; i < among.Count; i++)
        {
            Detail(among[i], alone[i]);
        }

        if (args is ["--show"])
        {
            among.ForEach(outcome =>
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"\n{outcome.Asked.Document}: {outcome.Asked.Text}\n  {(outcome.IsCited ? "CITED" : "")} rank {outcome.Rank} confidence {outcome.Confidence:F2} evidence {string.Join(' ', outcome.Asked.Evidence)}{outcome.Shown}"
                    )
                )
            );
        }

        return 0;
    }

    /// <summary>For the gate: by name, in percent.</summary>
    public static async Task<IReadOnlyList<(string Name, double Value)>> FiguresAsync()
    {
        var rounds = await AskAsync();
        return
        [
            ("financebench: answered", rounds[0].Percent(outcome => outcome.IsAnswered)),
            ("financebench: evidence page cited", rounds[0].Percent(outcome => outcome.IsCited)),
            (
                "financebench: evidence page among the best 5",
                rounds[0].Percent(outcome => outcome.Rank is > 0 and <= 5)
            ),
            ("financebench: answered from other companies' filings", rounds[2].Percent(outcome => outcome.IsAnswered)),
        ];
    }

    private static async Task<List<Round>> AskAsync()
    {
        var asked = Questions();
        var filings = new Dictionary<string, List<IndexedPassage>>(StringComparer.Ordinal);
        foreach (var document in asked.Select(question => question.Document).Distinct())
        {
            filings.Add(document, await PassagesAsync(document));
        }

        var all = new MemoryIndex(filings.Values.SelectMany(passages => passages));
        var each = filings.ToDictionary(filing => filing.Key, filing => new MemoryIndex(filing.Value));
        var others = filings
            .Keys.Select(CompanyOf)
            .Distinct()
            .ToDictionary(
                company => company,
                company => new MemoryIndex(
                    filings.Where(filing => CompanyOf(filing.Key) != company).SelectMany(filing => filing.Value)
                )
            );
        return
        [
            new($"all {filings.Count} filings", asked.ConvertAll(question => Answer(question, all))),
            new("its own filing", asked.ConvertAll(question => Answer(question, each[question.Document]))),
            new(
                "(refuse) the filings of other companies",
                asked.ConvertAll(question => Answer(question, others[CompanyOf(question.Document)]))
            ),
        ];
    }

    private static List<Asked> Questions() =>
        [
            .. TestData
                .Lines(TestData.PathOf("qa", "financebench", "questions.jsonl"))
                .Select(line => new Asked(
                    line.GetProperty("financebench_id")
                        .GetString()!
                        .Replace("financebench_id_", "", StringComparison.Ordinal),
                    line.GetProperty("doc_name").GetString()!,
                    line.GetProperty("question").GetString()!,
                    line.GetProperty("evidence")
                        .EnumerateArray()
                        // The collection counts pages from 0.
                        .Select(evidence =>
                            PageId(
                                evidence.GetProperty("doc_name").GetString()!,
                                evidence.GetProperty("evidence_page_num").GetInt32() + 1
                            )
                        )
                        .ToHashSet()
                )),
        ];

    private static async Task<List<IndexedPassage>> PassagesAsync(string document)
    {
        var options = new ReaderOptions { ChildCommand = [Environment.ProcessPath!] };
        await using var reader = new DocumentReader(
            options,
            await Sandbox.ProbeAsync(options.SearchPath, CancellationToken.None)
        );
        await using var file = File.OpenRead(TestData.PathOf("qa", "financebench", "pdfs", document + ".pdf"));
        var pages = new List<DocumentPage>();
        await foreach (var item in reader.ReadAsync(file, MediaTypes.Pdf))
        {
            if (item is ReadItem.Page page)
            {
                pages.Add(page.Content);
            }
        }

        var title = document.Replace('_', ' ');
        return
        [
            .. new Chunker(new ChunkingOptions())
                .Cut(pages)
                .Select(
                    (chunk, i) =>
                        new IndexedPassage(
                            $"{PageId(document, chunk.Page)}#{i}",
                            title,
                            chunk.Text,
                            chunk.HeadingPath,
                            PageId(document, chunk.Page)
                        )
                ),
        ];
    }

    private static Outcome Answer(Asked asked, MemoryIndex index)
    {
        var found = index.Evidence(asked.Text, MostCandidates);
        var pages = found.Select(passage => PageOf(passage.Id)).Distinct().ToList();
        var passages = found.Take(Depth).ToList();
        var answer = ExtractiveAnswerer.Answer(asked.Text, passages);
        var texts = passages.ToDictionary(passage => passage.Id, passage => passage.Text);
        return new Outcome(
            asked,
            1 + pages.FindIndex(asked.Evidence.Contains),
            answer.Confidence,
            [.. answer.Quotes.Select(quote => PageOf(quote.PassageId)).Distinct()],
            answer.Quotes.Count,
            string.Concat(
                answer.Quotes.Select(quote =>
                    $"\n  - {PageOf(quote.PassageId)}: {quote.Span.In(texts[quote.PassageId])}"
                )
            )
        );
    }

    private static string CompanyOf(string document) => document[..document.IndexOf("_20", StringComparison.Ordinal)];

    private static string PageId(string document, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{document}@{page}");

    private static string PageOf(string passage) => passage[..passage.IndexOf('#', StringComparison.Ordinal)];

    private static void Summarize(Round round, int? half)
    {
        var answered = round.Outcomes.Where((o, i) => o.IsAnswered && (half is null || i % 2 == half)).ToList();
        var questions = round.Outcomes.Where((_, i) => half is null || i % 2 == half).Count();
        var name = half switch
        {
            0 => "even",
            1 => "odd",
            _ => "both",
        };
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {round.Name} | {name} | {questions} | {round.Percent(o => o.IsAnswered, half):F1} | {round.Percent(o => o.IsCited, half):F1} | {Mean(o => o.Cited.Count):F1} | {Mean(o => o.Quotes):F1} |"
            )
        );

        double Mean(Func<Outcome, int> count) => answered.Count == 0 ? 0 : answered.Average(count);
    }

    private static void Detail(Outcome among, Outcome alone)
    {
        var pages = string.Join(
            ' ',
            among.Asked.Evidence.Select(id => id[(id.IndexOf('@', StringComparison.Ordinal) + 1)..])
        );
        Console.WriteLine(
            $"| {among.Asked.Id} | {among.Asked.Document} | {pages} | {Rank(among)} | {Cited(among)} | {Rank(alone)} | {Cited(alone)} |"
        );

        static string Rank(Outcome outcome) =>
            outcome.IsFound ? outcome.Rank.ToString(CultureInfo.InvariantCulture) : "–";

        static string Cited(Outcome outcome) =>
            outcome.IsCited ? "yes"
            : outcome.IsAnswered ? "other page"
            : "not answered";
    }
}
