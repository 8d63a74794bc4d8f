using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Search;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>Answers in the documents' own words: the best sentences, quoted, each with its citation.</summary>
internal static partial class ExtractiveAnswers
{
    public const string LeadIn = "From your documents:";
    public const string NothingFound = "I did not find this in your documents.";

    private const int LeastWords = 4;

    /// <summary>The pieces of an answer, in order. A single piece without support says that there is none.</summary>
    public static IReadOnlyList<CitedText> Answer(string question, IReadOnlyList<Passage> passages)
    {
        var candidates = new AnswerPassage[passages.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            var passage = passages[i];
            var id = (i + 1).ToString(CultureInfo.InvariantCulture);
            candidates[i] = new AnswerPassage(
                id,
                passage.Text,
                passage.Score,
                passage.Heading,
                passage.Title,
                string.Create(CultureInfo.InvariantCulture, $"{passage.DocumentId:N}/{passage.Page}"),
                passage.Path[(passage.Path.LastIndexOf('/') + 1)..]
            );
        }

        var answer = ExtractiveAnswerer.Answer(question, candidates);
        var pieces = new List<CitedText>(answer.Quotes.Count);
        // Documents repeat each other: the same words are told once.
        var told = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var quote in answer.Quotes)
        {
            var number = int.Parse(quote.PassageId, CultureInfo.InvariantCulture);
            var words = Readable(passages[number - 1].Text, passages[number - 1].Heading, quote.Span);
            if (TextAnalyzer.Analyze(words).Count < LeastWords || !told.Add(words))
            {
                continue;
            }

            var marker = pieces.Count + 1;
            var lead = pieces.Count == 0 ? LeadIn + "\n\n" : "\n\n";
            pieces.Add(
                new CitedText(
                    $"{lead}“{words}” {CitationMarkers.Write(marker)}",
                    [new Reference(marker, new Support(number, quote.Span.Start, quote.Span.End))]
                )
            );
        }

        return pieces.Count > 0 ? pieces : [new CitedText(NothingFound, [])];
    }

    /// <summary>
    /// A quote as a person would read it out: on one line, without the marks of Markdown, cells of a table between dots,
    /// each after the name of its column where that is known. Numbers in brackets would look like our markers.
    /// </summary>
    internal static string Readable(string passage, string heading, TextSpan quote)
    {
        var tables = PassageTables.Of(passage, heading);
        var parts = new List<string>();
        for (var start = quote.Start; start < quote.End; )
        {
            var end = passage.IndexOf('\n', start, quote.End - start);
            end = end < 0 ? quote.End : end;
            var row = tables.At(start) is { } found && IsWhole(passage, found, start, end) ? found : null;
            var part = Plain(row is null ? WideGap().Replace(passage[start..end].Trim(), " · ") : Named(row));
            if (part.Length > 0)
            {
                // Rows are apart as sentences are; the lines of a paragraph are only layout.
                parts.Add(parts.Count > 0 && row is not null ? "; " + part : part);
            }

            start = end + 1;
        }

        var text = string.Join(' ', parts).Replace(" ; ", "; ", StringComparison.Ordinal);
        return CitationMarkers.Bracketed(Strike().Replace(Blank().Replace(text, " "), "").Trim());
    }

    private static bool IsWhole(string passage, TableRow row, int start, int end) =>
        passage.AsSpan(row.Start, start - row.Start).IsWhiteSpace()
        && passage.AsSpan(end, row.End - end).IsWhiteSpace();

    private static string Named(TableRow row) =>
        string.Join(
            " · ",
            row.Cells.Select((cell, i) => (Cell: cell, Head: row.Heads?[i] ?? ""))
                .Where(column => column.Cell.Length > 0)
                .Select(column => column.Head.Length > 0 ? $"{column.Head}: {column.Cell}" : column.Cell)
        );

    private static string Plain(string line)
    {
        var text = LineMark().Replace(line, "");
        text = Link().Replace(text, "$1");
        text = Emphasis().Replace(Emphasis().Replace(text, "$2"), "$2");
        return Escape().Replace(text, "$1");
    }

    [GeneratedRegex(@"(?<=[^\s.!?:])(?: {2,}|\t+)(?=\S)")]
    private static partial Regex WideGap();

    [GeneratedRegex(@"^\s*(?:>\s*)*(?:#{1,6}\s+|[-*+•·‣▪●]\s+)?")]
    private static partial Regex LineMark();

    [GeneratedRegex(@"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w\\])(\*{1,3}|_{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1(?!\w)")]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"\\([\\`*_{}\[\]()#+.!|~>-])")]
    private static partial Regex Escape();

    /// <summary>Half of an emphasis whose other half stands in another sentence.</summary>
    [GeneratedRegex(@"\*\*|(?<!\w)__|__(?!\w)")]
    private static partial Regex Strike();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
