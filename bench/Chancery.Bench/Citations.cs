using System.Globalization;
using Chancery.Documents;
using Chancery.Search;

namespace Chancery.Bench;

/// <summary>
/// Does an answer to an analyst's question cite the page that a person would have opened? Filings go in as PDF, through
/// the reader and the chunker; ten passages by BM25; the answerer without a model.
/// </summary>
internal static class Citations
{
    private const int Depth = 10;

    private sealed record Asked(string Id, string Document, string Text, IReadOnlySet<string> Evidence);

    private sealed record Outcome(Asked Asked, int Rank, double Confidence, IReadOnlyList<string> Cited, string Shown)
    {
        public bool IsFound => Rank > 0;

        public bool IsAnswered => Cited.Count > 0;

        public bool IsCited => Cited.Any(Asked.Evidence.Contains);
    }

    /// <param name="args"><c>--show</c> prints the quotes of each question too.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var asked = Questions();
        var filings = new Dictionary<string, List<IndexedPassage>>(StringComparer.Ordinal);
        foreach (var document in asked.Select(question => question.Document).Distinct())
        {
            filings.Add(document, await PassagesAsync(document));
        }

        var all = new MemoryIndex(filings.Values.SelectMany(passages => passages));
        var each = filings.ToDictionary(filing => filing.Key, filing => new MemoryIndex(filing.Value));
        var among = asked.ConvertAll(question => Answer(question, all));
        var alone = asked.ConvertAll(question => Answer(question, each[question.Document]));

        var focused = asked.ConvertAll(question => Answer(question, each[question.Document], focus: true));

        Console.WriteLine("| Asked of | Questions | Answered % | Evidence page cited % | Evidence page in top 10 % |");
        Console.WriteLine("|---|---|---|---|---|");
        Summarize($"all {filings.Count} filings ({all.Count} passages)", among);
        Summarize("its own filing", alone);
        Summarize("its own filing, searched by the focus of the question", focused);
        Console.WriteLine();
        Console.WriteLine(
            "| Question | Filing | Evidence pages | Rank among all | Cited among all | Rank alone | Cited alone |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|");
        for (var i = 0; i < asked.Count; i++)
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
                        new IndexedPassage($"{PageId(document, chunk.Page)}#{i}", title, chunk.Text, chunk.HeadingPath)
                ),
        ];
    }

    private static Outcome Answer(Asked asked, MemoryIndex index, bool focus = false)
    {
        var passages = index.Search(focus ? QuestionFocus.Of(asked.Text) : asked.Text, Depth);
        var answer = ExtractiveAnswerer.Answer(asked.Text, passages);
        var texts = passages.ToDictionary(passage => passage.Id, passage => passage.Text);
        return new Outcome(
            asked,
            1 + passages.FindIndex(passage => asked.Evidence.Contains(PageOf(passage.Id))),
            answer.Confidence,
            [.. answer.Quotes.Select(quote => PageOf(quote.PassageId)).Distinct()],
            string.Concat(
                answer.Quotes.Select(quote =>
                    $"\n  - {PageOf(quote.PassageId)}: {quote.Span.In(texts[quote.PassageId])}"
                )
            )
        );
    }

    private static string PageId(string document, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{document}@{page}");

    private static string PageOf(string passage) => passage[..passage.IndexOf('#', StringComparison.Ordinal)];

    private static void Summarize(string name, List<Outcome> outcomes)
    {
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {outcomes.Count} | {Percent(o => o.IsAnswered)} | {Percent(o => o.IsCited)} | {Percent(o => o.IsFound)} |"
            )
        );

        string Percent(Func<Outcome, bool> holds) =>
            (100d * outcomes.Count(holds) / outcomes.Count).ToString("F1", CultureInfo.InvariantCulture);
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
