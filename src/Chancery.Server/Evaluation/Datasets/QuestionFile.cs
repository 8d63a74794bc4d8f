using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary>A row of a file that is no question.</summary>
/// <param name="Row">From 1; of a CSV file the heading is the first.</param>
public sealed record RejectedRow(int Row, string Reason);

/// <summary>
/// Questions out of a file: JSON Lines with the members of the API, or CSV with a heading. What is wrong with a row is told of that
/// row, and the others count.
/// </summary>
internal static class QuestionFile
{
    private const char Between = '|';

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private static readonly string[] Columns =
    [
        "question",
        "expected_answer",
        "document",
        "page",
        "quote",
        "should_refuse",
        "language",
        "tags",
    ];

    /// <summary>By the first character that is no white space: a brace begins JSON Lines.</summary>
    public static (IReadOnlyList<NewQuestion> Questions, IReadOnlyList<RejectedRow> Rejected) Read(string text)
    {
        var whole = text.TrimStart('\uFEFF');
        return whole.AsSpan().TrimStart() is ['{', ..] ? ReadLines(whole) : ReadTable(whole);
    }

    private static (IReadOnlyList<NewQuestion>, IReadOnlyList<RejectedRow>) ReadLines(string text)
    {
        var (questions, rejected) = (new List<NewQuestion>(), new List<RejectedRow>());
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                var read = JsonSerializer.Deserialize<NewQuestion>(line, Json);
                Keep(read, "It is null.", number, questions, rejected);
            }
            catch (JsonException)
            {
                rejected.Add(new RejectedRow(number, "It is not one JSON object with the members of a question."));
            }
        }

        return (questions, rejected);
    }

    private static (IReadOnlyList<NewQuestion>, IReadOnlyList<RejectedRow>) ReadTable(string text)
    {
        var (questions, rejected) = (new List<NewQuestion>(), new List<RejectedRow>());
        string[]? names = null;
        var number = 0;
        foreach (var (row, isClosed) in Rows(text))
        {
            number++;
            if (names is null)
            {
                names = [.. row.Select(name => name.Trim().ToLowerInvariant())];
                if (!names.Contains("question"))
                {
                    return (
                        [],
                        [new RejectedRow(number, $"The first row names columns: {string.Join(", ", Columns)}.")]
                    );
                }
            }
            else if (!isClosed)
            {
                rejected.Add(new RejectedRow(number, "A quotation mark is not closed."));
            }
            else if (row.Any(cell => cell.Length > 0))
            {
                var (question, why) = OfRow(names, row);
                Keep(question, why, number, questions, rejected);
            }
        }

        return (questions, rejected);
    }

    private static (NewQuestion? Question, string? Why) OfRow(string[] names, List<string> row)
    {
        if (row.Count > names.Length)
        {
            return (null, $"It has {row.Count} cells, and the heading {names.Length}.");
        }

        string? Cell(string name) =>
            Array.IndexOf(names, name) is >= 0 and var at && at < row.Count && row[at].Trim().Length > 0
                ? row[at].Trim()
                : null;

        var page = 0;
        if (
            Cell("page") is { } written
            && !int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out page)
        )
        {
            return (null, "A page is a whole number.");
        }

        var shouldRefuse = false;
        if (Cell("should_refuse") is { } refuse && !bool.TryParse(refuse, out shouldRefuse))
        {
            return (null, "should_refuse is true or false.");
        }

        if (Cell("document") is null && (page > 0 || Cell("quote") is not null))
        {
            return (null, "A page or a quote needs a document.");
        }

        return (
            new NewQuestion(
                Cell("question") ?? "",
                Cell("expected_answer")?.Split(Between, StringSplitOptions.TrimEntries),
                Cell("document") is { } document
                    ? [new EvalPlace(document, Cell("page") is null ? null : page, Cell("quote"))]
                    : null,
                Cell("should_refuse") is null ? null : shouldRefuse,
                Cell("language"),
                Cell("tags")?.Split(Between)
            ),
            null
        );
    }

    private static void Keep(
        NewQuestion? question,
        string? why,
        int number,
        List<NewQuestion> questions,
        List<RejectedRow> rejected
    )
    {
        var (clean, wrong) = question is null ? (null, why) : QuestionRules.Clean(question);
        if (clean is not null)
        {
            questions.Add(clean);
        }
        else
        {
            rejected.Add(new RejectedRow(number, wrong!));
        }
    }

    /// <summary>Rows as RFC 4180 has them; a row whose quotation mark is never closed is the last.</summary>
    private static IEnumerable<(List<string> Row, bool IsClosed)> Rows(string text)
    {
        var row = new List<string>();
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (isQuoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                cell.Append(c);
                i++;
            }
            else if (c == '"' && (isQuoted || cell.Length == 0))
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && c == ',')
            {
                row.Add(cell.ToString());
                cell.Clear();
            }
            else if (!isQuoted && c == '\n')
            {
                row.Add(cell.ToString());
                cell.Clear();
                yield return (row, true);
                row = [];
            }
            else if (isQuoted || c != '\r')
            {
                cell.Append(c);
            }
        }

        if (cell.Length > 0 || row.Count > 0 || isQuoted)
        {
            row.Add(cell.ToString());
            yield return (row, !isQuoted);
        }
    }
}
