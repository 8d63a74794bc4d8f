using System.Text.RegularExpressions;

namespace Chancery.Search;

/// <summary>
/// What a question looks for, without what it says about the answer's form, and in the words that reports use. Pure.
/// </summary>
public static partial class QuestionFocus
{
    private static readonly string[] Quarters = ["first", "second", "third", "fourth"];

    /// <summary>
    /// What follows a question without asking ("Round to two decimals.") is left out; <c>FY2022</c> is 2022, <c>Q2</c> is the
    /// second quarter.
    /// </summary>
    public static string Of(string question)
    {
        ArgumentNullException.ThrowIfNull(question);

        var sentences = Sentences.Split(question);
        var first = sentences.FindIndex(sentence => Asks(question, sentence));
        var text =
            first < 0
            || sentences.TrueForAll(sentence => sentence.Start < sentences[first].End || Asks(question, sentence))
                ? question
                : string.Join(
                    ' ',
                    sentences
                        .Where((sentence, i) => i <= first || Asks(question, sentence))
                        .Select(sentence => sentence.In(question).ToString())
                );
        text = Quarter()
            .Replace(
                text,
                match =>
                    $"{Quarters[match.Groups["quarter"].Value[0] - '1']} quarter {Year(match.Groups["year"].Value)}".TrimEnd()
            );
        return FiscalYear().Replace(text, match => Year(match.Groups["year"].Value));
    }

    private static bool Asks(string text, TextSpan sentence) => text[sentence.End - 1] is '?' or '？' or '؟';

    private static string Year(string digits) => digits.Length == 2 ? "20" + digits : digits;

    [GeneratedRegex(@"\bFY\s?['’]?(?<year>\d{4}|\d{2})\b", RegexOptions.CultureInvariant)]
    private static partial Regex FiscalYear();

    [GeneratedRegex(
        @"\bQ(?<quarter>[1-4])(?:\s?(?:of\s)?(?:FY)?\s?['’]?(?<year>\d{4}))?\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Quarter();
}
