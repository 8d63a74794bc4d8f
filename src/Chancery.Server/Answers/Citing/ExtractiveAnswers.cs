using System.Globalization;
using System.Text;
using Chancery.Search;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>Answers in the documents' own words: the best sentences, quoted, each with its citation.</summary>
internal static class ExtractiveAnswers
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
            candidates[i] = new AnswerPassage(id, passage.Text, passage.Score, passage.Heading, passage.Title);
        }

        var answer = ExtractiveAnswerer.Answer(question, candidates);
        var pieces = new List<CitedText>(answer.Quotes.Count);
        foreach (var quote in answer.Quotes)
        {
            var number = int.Parse(quote.PassageId, CultureInfo.InvariantCulture);
            var text = passages[number - 1].Text.AsSpan(quote.Span.Start, quote.Span.Length);
            if (TextAnalyzer.Analyze(text.ToString()).Count < LeastWords)
            {
                continue;
            }

            var marker = pieces.Count + 1;
            var lead = pieces.Count == 0 ? LeadIn + "\n\n" : "\n\n";
            pieces.Add(
                new CitedText(
                    $"{lead}“{OnOneLine(text)}” {CitationMarkers.Write(marker)}",
                    [new Reference(marker, new Support(number, quote.Span.Start, quote.Span.End))]
                )
            );
        }

        return pieces.Count > 0 ? pieces : [new CitedText(NothingFound, [])];
    }

    /// <summary>Lines of a page are layout. Numbers in brackets would look like our markers.</summary>
    private static string OnOneLine(ReadOnlySpan<char> text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c))
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return CitationMarkers.Bracketed(line.ToString().Trim());
    }
}
