using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Chancery.Search;

namespace Chancery.Bench;

/// <summary>
/// How often does the answerer without a model answer, cite the right passage, and refuse what the documents do not hold?
/// Tuned on the questions of even number; the odd ones are the figure.
/// </summary>
internal static class Extractive
{
    private const int Depth = 10;
    private const int DumpedSentences = 8;

    private sealed record Case(
        string Question,
        List<AnswerPassage> Passages,
        CorpusStatistics? Statistics,
        string? Gold
    );

    private sealed record Set(string Name, bool IsAnswerable, IReadOnlyList<Case> Cases);

    public static int Run(string[] args)
    {
        var sets = Load();
        if (args is ["--dump", var path])
            return Dump(sets, path);

        Console.WriteLine("| Set | Half | Questions | Answered % | Gold first % | Gold cited % | Quotes |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var set in sets)
        {
            for (var half = 0; half < 2; half++)
                Console.WriteLine(Row(set, half));
        }

        Pool(sets, "on another collection", set => set.Name.Contains(" questions on ", StringComparison.Ordinal));
        Time(sets);
        return 0;
    }

    /// <summary>For the gate: by name, in percent, over both halves. A part of the sets, so that it takes seconds.</summary>
    public static IReadOnlyList<(string Name, double Value)> Figures()
    {
        var english = MemoryIndex.OfBeir(TestData.PathOf("ir", "xquad", "beir-en"));
        var cranfield = MemoryIndex.OfBeir(TestData.PathOf("ir", "cranfield"));
        var questions = Questions("xquad/beir-en");
        var xquad = Of(Cases(english, questions, statistics: false));
        var removed = Of(Cases(english, questions, statistics: false, removeGold: true));
        var foreign = Of([
            .. Cases(cranfield, questions, statistics: false),
            .. Cases(english, Questions("scifact"), statistics: false),
            .. Cases(english, Questions("cranfield"), statistics: false),
            .. Cases(english, Questions("medline"), statistics: false),
        ]);
        var sets = new List<Set>();
        AddRgb(sets);
        return
        [
            ("xquad en: answered", xquad.Answered),
            ("xquad en: gold passage cited first", xquad.First),
            ("xquad en, gold removed: answered", removed.Answered),
            ("questions on another collection: answered", foreign.Answered),
            ("rgb: answered", Of([.. sets[0].Cases]).Answered),
            ("rgb: passage with the answer cited", Of([.. sets[0].Cases]).First),
            ("rgb without answer: answered", Of([.. sets[1].Cases]).Answered),
        ];

        static (double Answered, double First) Of(List<Case> cases)
        {
            var answers = cases
                .Select(one =>
                    (One: one, Answer: ExtractiveAnswerer.Answer(one.Question, one.Passages, one.Statistics))
                )
                .Where(one => one.Answer.IsSupported)
                .ToList();
            var first = answers.Count(one => one.One.Gold is not null && IsGold(one.One, one.Answer.Quotes[0]));
            return (100d * answers.Count / cases.Count, answers.Count == 0 ? 0 : 100d * first / answers.Count);
        }
    }

    private static List<Set> Load()
    {
        var sets = new List<Set>();
        var english = MemoryIndex.OfBeir(TestData.PathOf("ir", "xquad", "beir-en"));
        var scifact = MemoryIndex.OfBeir(TestData.PathOf("ir", "scifact"));
        var cranfield = MemoryIndex.OfBeir(TestData.PathOf("ir", "cranfield"));
        var questions = Questions("xquad/beir-en");

        sets.Add(new("xquad en", true, Cases(english, questions)));
        sets.Add(new("xquad en, no statistics", true, Cases(english, questions, statistics: false)));
        foreach (var language in (string[])["de", "es", "zh"])
        {
            var index = MemoryIndex.OfBeir(TestData.PathOf("ir", "xquad", $"beir-{language}"));
            sets.Add(new($"xquad {language}", true, Cases(index, Questions($"xquad/beir-{language}"))));
        }

        var keywords = Keywords(questions, odd: false);
        var odd = Keywords(questions, odd: true);
        sets.Add(new("xquad en as key words", true, Cases(english, keywords, statistics: false)));
        sets.Add(new("xquad en as key words, one odd", true, Cases(english, odd, statistics: false)));
        sets.Add(new("scifact on scifact", true, Cases(scifact, Questions("scifact"))));
        AddRefusals(english, "xquad en", [("scifact", "scifact"), ("cranfield", "cranfield"), ("medline", "medline")]);
        AddRefusals(scifact, "scifact", [("xquad en", "xquad/beir-en")]);
        AddRefusals(cranfield, "cranfield", [("xquad en", "xquad/beir-en"), ("scifact", "scifact")]);
        foreach (var language in (string[])["de", "es", "zh"])
        {
            var other = MemoryIndex.OfBeir(TestData.PathOf("ir", "xquad", $"beir-{language}"));
            var half = Questions($"xquad/beir-{language}");
            sets.Add(new($"xquad {language}, gold removed", false, Cases(other, half, removeGold: true)));
        }

        sets.Add(new("xquad en, gold removed", false, Cases(english, questions, removeGold: true)));
        sets.Add(
            new(
                "xquad en as key words, gold removed",
                false,
                Cases(english, keywords, statistics: false, removeGold: true)
            )
        );
        sets.Add(new("xquad en key words on scifact", false, Cases(scifact, keywords, statistics: false)));
        AddRgb(sets);
        return sets;

        void AddRefusals(MemoryIndex index, string name, (string Name, string Folder)[] foreign)
        {
            foreach (var (from, folder) in foreign)
            {
                sets.Add(new($"{from} questions on {name}", false, Cases(index, Questions(folder))));
                sets.Add(
                    new($"{from} questions on {name}, no statistics", false, Cases(index, Questions(folder), false))
                );
            }
        }
    }

    private static List<(string Text, string? Gold)> Questions(string folder)
    {
        var root = TestData.PathOf("ir", folder);
        var gold = File.ReadLines(Path.Combine(root, "qrels", "test.tsv"))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .Where(parts => parts.Length == 3 && parts[2].Trim() != "0")
            .GroupBy(parts => parts[0], parts => parts[1])
            .ToDictionary(group => group.Key, group => string.Join(' ', group));
        return
        [
            .. TestData
                .Lines(Path.Combine(root, "queries.jsonl"))
                .Select(line =>
                    (
                        line.GetProperty("text").GetString()!,
                        gold.GetValueOrDefault(line.GetProperty("_id").GetString()!)
                    )
                ),
        ];
    }

    /// <summary>
    /// As people type into a search: the three longest words with content, in their order; with an odd one, the last is of
    /// the next question.
    /// </summary>
    private static List<(string Text, string? Gold)> Keywords(List<(string Text, string? Gold)> questions, bool odd)
    {
        var words = questions.ConvertAll(question => WordsOf(question.Text));
        return
        [
            .. questions.Select(
                (question, i) =>
                    (
                        odd
                            ? string.Join(' ', [.. words[i].Take(2), words[(i + 7) % words.Count][^1]])
                            : string.Join(' ', words[i]),
                        question.Gold
                    )
            ),
        ];

        static List<string> WordsOf(string question)
        {
            var tokens = TextAnalyzer
                .Analyze(question)
                .Where(token => !token.IsStopWord)
                .OrderByDescending(token => token.Length)
                .Take(3)
                .OrderBy(token => token.Start);
            return [.. tokens.Select(token => question.Substring(token.Start, token.Length))];
        }
    }

    private static List<Case> Cases(
        MemoryIndex index,
        List<(string Text, string? Gold)> questions,
        bool statistics = true,
        bool removeGold = false
    ) =>
        [
            .. questions.Select(question => new Case(
                question.Text,
                index.Search(question.Text, Depth, removeGold ? question.Gold : null),
                statistics ? index.StatisticsFor(question.Text) : null,
                question.Gold
            )),
        ];

    /// <summary>Web snippets on the very subject: with those that answer among them, and without.</summary>
    private static void AddRgb(List<Set> sets)
    {
        var answerable = new List<Case>();
        var refusals = new List<Case>();
        foreach (var line in TestData.Lines(TestData.PathOf("qa", "rgb", "data", "en_fact.json")))
        {
            var question = line.GetProperty("query").GetString()!;
            var right = Passages(line.GetProperty("positive"), "right");
            var wrong = Passages(line.GetProperty("negative"), "wrong");
            answerable.Add(new(question, Ranked(question, [.. right.Take(5), .. wrong.Take(5)]), null, "right"));
            if (wrong.Count > 0)
                refusals.Add(new(question, Ranked(question, wrong.Take(Depth)), null, null));
        }

        sets.Add(new("rgb with answer", true, answerable));
        sets.Add(new("rgb without answer", false, refusals));

        static List<(string Id, string Text)> Passages(JsonElement list, string kind) =>
            [.. list.EnumerateArray().Select((text, i) => ($"{kind}-{i}", text.GetString()!))];

        static List<AnswerPassage> Ranked(string question, IEnumerable<(string Id, string Text)> passages)
        {
            var list = passages.ToList();
            return
            [
                .. Bm25Reranker
                    .Rank(question, [.. list.Select(passage => new RankingCandidate(passage.Text))])
                    .Select(ranked => new AnswerPassage(list[ranked.Index].Id, list[ranked.Index].Text, ranked.Score)),
            ];
        }
    }

    private static string Row(Set set, int half)
    {
        var cases = set.Cases.Where((_, i) => i % 2 == half).ToList();
        int answered = 0,
            first = 0,
            cited = 0,
            quotes = 0;
        foreach (var one in cases)
        {
            var answer = ExtractiveAnswerer.Answer(one.Question, one.Passages, one.Statistics);
            if (!answer.IsSupported)
                continue;

            answered++;
            quotes += answer.Quotes.Count;
            first += IsGold(one, answer.Quotes[0]) ? 1 : 0;
            cited += answer.Quotes.Any(quote => IsGold(one, quote)) ? 1 : 0;
        }

        var name = set.IsAnswerable ? set.Name : $"(refuse) {set.Name}";
        var gold = set.IsAnswerable ? $"{Percent(first, answered)} | {Percent(cited, answered)}" : "– | –";
        var mean = answered == 0 ? 0 : (double)quotes / answered;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {(half == 0 ? "even" : "odd")} | {cases.Count} | {Percent(answered, cases.Count)} | {gold} | {mean:F1} |"
        );
    }

    private static void Pool(List<Set> sets, string name, Func<Set, bool> belongs)
    {
        var cases = sets.Where(belongs).SelectMany(set => set.Cases.Where((_, i) => i % 2 == 1)).ToList();
        var answered = cases.Count(one =>
            ExtractiveAnswerer.Answer(one.Question, one.Passages, one.Statistics).IsSupported
        );
        Console.WriteLine(
            $"\nFalse answers {name}, odd half of all: {Percent(answered, cases.Count)} % of {cases.Count}."
        );
    }

    private static bool IsGold(Case one, Quote quote) =>
        one.Gold is { } gold
        && (
            gold == "right"
                ? quote.PassageId.StartsWith(gold, StringComparison.Ordinal)
                : gold.Split(' ').Contains(quote.PassageId)
        );

    private static string Percent(int part, int all) =>
        (all == 0 ? 0 : 100d * part / all).ToString("F1", CultureInfo.InvariantCulture);

    private static void Time(List<Set> sets)
    {
        var cases = sets[0].Cases;
        for (var warm = 0; warm < 2; warm++)
        {
            foreach (var one in cases)
                _ = ExtractiveAnswerer.Answer(one.Question, one.Passages, one.Statistics);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var times = new List<double>();
        foreach (var one in cases)
        {
            var start = Stopwatch.GetTimestamp();
            _ = ExtractiveAnswerer.Answer(one.Question, one.Passages, one.Statistics);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        times.Sort();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\nAnswering from {Depth} passages: p50 {times[times.Count / 2]:F2} ms, p95 {times[times.Count * 95 / 100]:F2} ms, {bytes / cases.Count / 1024} KiB allocated."
            )
        );
    }

    /// <summary>Writes the features of the best sentence of each question, for fitting the weights.</summary>
    private static int Dump(List<Set> sets, string path)
    {
        using var file = new StreamWriter(path);
        foreach (var set in sets)
        {
            for (var i = 0; i < set.Cases.Count; i++)
            {
                var one = set.Cases[i];
                var question = Question.Parse(one.Question, one.Statistics);
                var sentences = new List<TextSpan>[one.Passages.Count];
                var evidence = SentenceRanker.Rank(question, one.Passages, sentences);
                foreach (var e in evidence.Take(DumpedSentences))
                {
                    var isGold = IsGold(one, new Quote(one.Passages[e.Passage].Id, e.Span, 0));
                    file.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{set.Name}\t{(set.IsAnswerable ? 1 : 0)}\t{i}\t{(isGold ? 1 : 0)}\t{e.Sentence:F4}\t{e.Neighbours:F4}\t{e.Whole:F4}\t{e.MissingNames:F4}\t{e.Proximity:F4}\t{e.TypeFits}\t{e.Retrieval:F4}\t{question.Count}\t{one.Question}"
                        )
                    );
                }
            }
        }

        return 0;
    }
}
