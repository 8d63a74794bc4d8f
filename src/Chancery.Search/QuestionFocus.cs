using System.Text.RegularExpressions;

namespace Chancery.Search;

/// <summary>
/// What a question looks for, without what it says about the answer's form, and in the words that reports use. Pure.
/// </summary>
public static partial class QuestionFocus
{
    private static readonly string[] Quarters = ["first", "second", "third", "fourth"];

    /// <summary>
    /// Of several sentences those that ask ("Round to two decimals." asks nothing); <c>FY2022</c> is 2022, <c>Q2</c> is the
    /// second quarter.
    /// </summary>
    public static string Of(string question)
    {
        ArgumentNullException.ThrowIfNull(question);

        var sentences = Sentences.Split(question);
        var asking = sentences.FindAll(sentence => question[sentence.End - 1] is '?' or '？' or '؟');
        var text =
            asking.Count == 0 || asking.Count == sentences.Count
                ? question
                : string.Join(' ', asking.Select(sentence => sentence.In(question).ToString()));
        text = Quarter()
            .Replace(
                text,
                match =>
                    $"{Quarters[match.Groups["quarter"].Value[0] - '1']} quarter {Year(match.Groups["year"].Value)}".TrimEnd()
            );
        return FiscalYear().Replace(text, match => Year(match.Groups["year"].Value));
    }

    private static string Year(string digits) => digits.Length == 2 ? "20" + digits : digits;

    [GeneratedRegex(@"\bFY\s?['’]?(?<year>\d{4}|\d{2})\b", RegexOptions.CultureInvariant)]
    private static partial Regex FiscalYear();

    [GeneratedRegex(
        @"\bQ(?<quarter>[1-4])(?:\s?(?:of\s)?(?:FY)?\s?['’]?(?<year>\d{4}))?\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Quarter();
}
