using System.Globalization;

namespace Chancery.Bench.Retrieval;

internal sealed record JudgedPassage(string Id, string Title, string Text);

/// <param name="Grades">By id of the passage; 0 and less is not relevant.</param>
internal sealed record JudgedQuestion(string Id, string Text, IReadOnlyDictionary<string, int> Grades);

/// <summary>A public collection: passages, questions, and which passages people found relevant to which question.</summary>
internal sealed record JudgedCollection(
    string Name,
    IReadOnlyList<JudgedPassage> Passages,
    IReadOnlyList<JudgedQuestion> Questions
)
{
    public static readonly IReadOnlyList<string> Names =
    [
        "scifact",
        "cranfield",
        "cisi",
        "medline",
        "xquad en",
        "xquad de",
        "xquad es",
        "xquad zh",
    ];

    public static JudgedCollection Load(string name)
    {
        var folder = name.StartsWith("xquad ", StringComparison.Ordinal)
            ? TestData.PathOf("ir", "xquad", $"beir-{name[6..]}")
            : TestData.PathOf("ir", name);
        var grades = File.ReadLines(Path.Combine(folder, "qrels", "test.tsv"))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .GroupBy(cells => cells[0], StringComparer.Ordinal)
            .ToDictionary(
                question => question.Key,
                question =>
                    question.ToDictionary(
                        cells => cells[1],
                        cells => int.Parse(cells[2], CultureInfo.InvariantCulture),
                        StringComparer.Ordinal
                    ),
                StringComparer.Ordinal
            );
        return new JudgedCollection(
            name,
            [
                .. TestData
                    .Lines(Path.Combine(folder, "corpus.jsonl"))
                    .Select(line => new JudgedPassage(
                        line.GetProperty("_id").GetString()!,
                        line.GetProperty("title").GetString()!.Replace('_', ' '),
                        line.GetProperty("text").GetString()!
                    )),
            ],
            [
                .. TestData
                    .Lines(Path.Combine(folder, "queries.jsonl"))
                    .Select(line => (Id: line.GetProperty("_id").GetString()!, Line: line))
                    .Where(one => grades.TryGetValue(one.Id, out var judged) && judged.Values.Any(grade => grade > 0))
                    .Select(one => new JudgedQuestion(
                        one.Id,
                        one.Line.GetProperty("text").GetString()!,
                        grades[one.Id]
                    )),
            ]
        );
    }
}
