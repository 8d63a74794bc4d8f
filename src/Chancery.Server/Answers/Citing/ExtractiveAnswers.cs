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
            var passage = passages[number - 1].Text;
            var words = Readable(passage, quote.Span);
            if (TextAnalyzer.Analyze(quote.Span.In(passage).ToString()).Count < LeastWords || !told.Add(words))
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
    /// with the heads of their columns where the passage has them. Numbers in brackets would look like our markers.
    /// </summary>
    internal static string Readable(string passage, TextSpan quote)
    {
        var heads = HeadsOf(passage, quote.Start);
        var parts = new List<string>();
        foreach (var line in quote.In(passage).ToString().Split('\n'))
        {
            var cells = CellsOf(line);
            var part = Plain(
                cells is null ? WideGap().Replace(line.Trim(), " · ")
                : IsRule(cells) ? ""
                : string.Join(" · ", Named(cells, heads))
            );
            if (part.Length > 0)
            {
                // Rows are apart as sentences are; the lines of a paragraph are only layout.
                parts.Add(parts.Count > 0 && cells is not null ? "; " + part : part);
            }
        }

        var text = string.Join(' ', parts).Replace(" ; ", "; ", StringComparison.Ordinal);
        return CitationMarkers.Bracketed(Strike().Replace(Blank().Replace(text, " "), "").Trim());
    }

    private static IEnumerable<string> Named(string[] cells, string[]? heads) =>
        cells
            .Select((cell, i) => heads?.Length == cells.Length && cell.Length > 0 ? $"{heads[i]} {cell}".Trim() : cell)
            .Where(cell => cell.Length > 0);

    /// <summary>The first row of the Markdown table that this place is in, when a rule of dashes says that it is a head.</summary>
    private static string[]? HeadsOf(string passage, int place)
    {
        var above = passage[..place].Split('\n')[..^1];
        var first = above.Length;
        while (first > 0 && CellsOf(above[first - 1]) is not null)
        {
            first--;
        }

        return above.Length - first >= 2 && CellsOf(above[first + 1]) is { } rule && IsRule(rule)
            ? CellsOf(above[first])
            : null;
    }

    /// <summary>The cells of a row of a Markdown table; null when the line is none.</summary>
    private static string[]? CellsOf(string line)
    {
        var row = line.Trim();
        return row.Length > 2 && row[0] == '|' && row[^1] == '|'
            ? [.. Pipe().Split(row[1..^1]).Select(cell => cell.Trim())]
            : null;
    }

    private static bool IsRule(string[] cells) => Array.TrueForAll(cells, cell => Rule().IsMatch(cell));

    private static string Plain(string line)
    {
        var text = LineMark().Replace(line, "");
        text = Link().Replace(text, "$1");
        text = Emphasis().Replace(Emphasis().Replace(text, "$2"), "$2");
        return Escape().Replace(text, "$1");
    }

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Pipe();

    [GeneratedRegex("^:?-+:?$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"(?<=[^\s.!?:])(?: {2,}|\t+)(?=\S)")]
    private static partial Regex WideGap();

    [GeneratedRegex(@"^\s*(?:>\s*)*(?:#{1,6}\s+|[-*+•]\s+)?")]
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
