using System.Text;
using System.Text.Json;

namespace Chancery.Testing.Answers;

/// <summary>The shared collections of questions, as documents that are uploaded and questions that are asked of them.</summary>
public static class JudgedSets
{
    private const int Snippets = 5;

    /// <summary>
    /// Paragraphs of Wikipedia, a document each. Every other paragraph is left out, so that questions about it have no answer among
    /// documents on the very subject; questions of other collections have none at all.
    /// </summary>
    /// <param name="language">en, de, es or zh.</param>
    /// <param name="paragraphs">How many to read, both kinds together; they come by article.</param>
    /// <param name="foreign">How many questions of other collections, which are English; from 0.</param>
    /// <remarks>Now and then a paragraph answers what was asked of its neighbour: a wrong answer is then none.</remarks>
    public static JudgedSet Xquad(string language, int paragraphs = int.MaxValue, int foreign = int.MaxValue)
    {
        var folder = $"beir-{language}";
        var (kept, removed) = (new Dictionary<string, JudgedFile>(), new HashSet<string>());
        var number = 0;
        foreach (var line in Lines("ir", "xquad", folder, "corpus.jsonl").Take(paragraphs))
        {
            var id = line.GetProperty("_id").GetString()!;
            if (number++ % 2 == 0)
            {
                var title = line.GetProperty("title").GetString()!.Replace('_', ' ');
                kept[id] = TextFile($"{id}.md", $"# {title}\n\n{line.GetProperty("text").GetString()}\n");
            }
            else
            {
                removed.Add(id);
            }
        }

        var gold = File.ReadLines(TestData.File("ir", "xquad", folder, "qrels", "test.tsv"))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .ToDictionary(cells => cells[0], cells => cells[1]);
        var (answerable, leftOut) = (new List<JudgedQuestion>(), new List<JudgedQuestion>());
        foreach (var line in Lines("ir", "xquad", folder, "queries.jsonl"))
        {
            var text = line.GetProperty("text").GetString()!.Trim();
            var paragraph = gold[line.GetProperty("_id").GetString()!];
            if (kept.TryGetValue(paragraph, out var file))
            {
                answerable.Add(new JudgedQuestion(text, language, [], [new JudgedPlace(file.Name)]));
            }
            else if (removed.Contains(paragraph))
            {
                leftOut.Add(Unanswerable(text, language));
            }
        }

        var others = Queries("medline").Concat(Queries("cranfield")).Take(foreign).ToList();
        return new JudgedSet(
            $"xquad {language}",
            [.. kept.Values],
            [
                new QuestionRound(RoundKind.Answerable, answerable),
                new QuestionRound(RoundKind.LeftOut, leftOut),
                .. others.Count > 0 ? [new QuestionRound(RoundKind.Foreign, others)] : Array.Empty<QuestionRound>(),
            ]
        );
    }

    /// <summary>
    /// Snippets of web pages: for each question a document of those that answer it and one of those that do not, which are on the very
    /// subject. Asked of all, and again of the second kind alone.
    /// </summary>
    public static JudgedSet Rgb(int questions = int.MaxValue)
    {
        const string right = "right";
        const string wrong = "wrong";
        var files = new List<JudgedFile>();
        var (answerable, leftOut) = (new List<JudgedQuestion>(), new List<JudgedQuestion>());
        var number = 0;
        foreach (var line in Lines("qa", "rgb", "data", "en_fact.json").Take(questions))
        {
            var text = line.GetProperty("query").GetString()!.Trim();
            var file = Add(line.GetProperty("positive"), right);
            Add(line.GetProperty("negative"), wrong);
            answerable.Add(
                new JudgedQuestion(text, "en", AnswersOf(line.GetProperty("answer")), [new JudgedPlace(file)])
            );
            leftOut.Add(Unanswerable(text, "en"));
            number++;
        }

        return new JudgedSet(
            "rgb",
            files,
            [
                new QuestionRound(RoundKind.Answerable, answerable),
                new QuestionRound(RoundKind.LeftOut, leftOut, [wrong]),
            ]
        );

        string Add(JsonElement snippets, string tag)
        {
            var texts = snippets.EnumerateArray().Select(snippet => snippet.GetString()).Take(Snippets).ToList();
            var name = $"rgb-{number}-{tag}.md";
            if (texts.Count > 0)
            {
                files.Add(TextFile(name, string.Join("\n\n", texts) + "\n", tag));
            }

            return name;
        }
    }

    /// <summary>Questions that take two passages of Wikipedia; which ones nobody wrote down, so that answers alone are judged.</summary>
    public static JudgedSet Hotpot()
    {
        var passages = JsonDocument
            .Parse(File.ReadAllText(TestData.File("qa", "hotpot-50-cognee", "hotpot_50_corpus.json")))
            .RootElement.EnumerateArray()
            .Select((text, i) => TextFile($"hotpot-{i}.md", text.GetString() + "\n"));
        var questions = JsonDocument
            .Parse(File.ReadAllText(TestData.File("qa", "hotpot-50-cognee", "hotpot_50_qa_pairs.json")))
            .RootElement.EnumerateArray()
            .Select(pair => new JudgedQuestion(
                pair.GetProperty("question").GetString()!.Trim(),
                "en",
                [pair.GetProperty("answer").GetString()!],
                null
            ));
        return new JudgedSet("hotpot", [.. passages], [new QuestionRound(RoundKind.Answerable, [.. questions])]);
    }

    /// <summary>
    /// An analyst's questions about twelve filings, with the page of the evidence. Asked of all filings, and again of those of other
    /// companies, which do not hold the answer.
    /// </summary>
    public static JudgedSet Financebench()
    {
        var asked = Lines("qa", "financebench", "questions.jsonl")
            .Select(line =>
                (
                    Company: line.GetProperty("company").GetString()!,
                    File: line.GetProperty("doc_name").GetString() + ".pdf",
                    Question: new JudgedQuestion(
                        line.GetProperty("question").GetString()!.Trim(),
                        "en",
                        [line.GetProperty("answer").GetString()!],
                        [.. line.GetProperty("evidence").EnumerateArray().Select(PlaceOf).Distinct()]
                    )
                )
            )
            .ToList();
        var companies = asked.Select(one => one.Company).Distinct().ToList();
        return new JudgedSet(
            "financebench",
            [
                .. asked
                    .DistinctBy(one => one.File)
                    .Select(one => new JudgedFile(
                        one.File,
                        File.ReadAllBytes(TestData.File("qa", "financebench", "pdfs", one.File)),
                        TagOf(one.Company)
                    )),
            ],
            [
                new QuestionRound(RoundKind.Answerable, [.. asked.Select(one => one.Question)]),
                .. companies.Select(company => new QuestionRound(
                    RoundKind.LeftOut,
                    [
                        .. asked
                            .Where(one => one.Company == company)
                            .Select(one => Unanswerable(one.Question.Text, "en")),
                    ],
                    [.. companies.Where(other => other != company).Select(TagOf)]
                )),
            ]
        );

        // The collection counts pages from 0.
        static JudgedPlace PlaceOf(JsonElement evidence) =>
            new(
                evidence.GetProperty("doc_name").GetString() + ".pdf",
                evidence.GetProperty("evidence_page_num").GetInt32() + 1
            );

        static string TagOf(string company) => string.Concat(company.ToLowerInvariant().Where(char.IsAsciiLetter));
    }

    private static IEnumerable<JudgedQuestion> Queries(string collection) =>
        Lines("ir", collection, "queries.jsonl")
            .Select(line => Unanswerable(line.GetProperty("text").GetString()!.Trim(), "en"));

    private static JudgedQuestion Unanswerable(string text, string language) => new(text, language, [], null);

    private static JudgedFile TextFile(string name, string text, string? tag = null) =>
        new(name, Encoding.UTF8.GetBytes(text), tag);

    /// <summary>One answer, or a list of ways to say it.</summary>
    private static IReadOnlyList<string> AnswersOf(JsonElement answer) =>
        answer.ValueKind is JsonValueKind.Array
            ? [.. answer.EnumerateArray().SelectMany(AnswersOf).Take(20)]
            : [answer.ToString()];

    private static IEnumerable<JsonElement> Lines(params string[] path) =>
        File.ReadLines(TestData.File(path))
            .Where(line => !string.IsNullOrWhiteSpace(line))
            .Select(line => JsonDocument.Parse(line).RootElement);
}
