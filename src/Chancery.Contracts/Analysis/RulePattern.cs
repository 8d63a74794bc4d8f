using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis;

/// <summary>
/// What a rule looks for: words, or a regular expression. Rules come from whoever may write a playbook, so an expression is matched
/// without backtracking, in time that grows with the text, and is given up when a whole contract takes longer than
/// <see cref="MostTime"/>.
/// </summary>
internal sealed class RulePattern
{
    public const int MostLength = 500;

    /// <summary>Repetitions, multiplied where they are nested: x{50} in (…){20} is a thousand.</summary>
    private const int MostRepetitions = 1000;

    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(500);

    private readonly Regex _regex;
    private readonly Stopwatch _watch = new();

    private RulePattern(Regex regex) => _regex = regex;

    /// <summary>Whether it was given up.</summary>
    public bool IsOverTime { get; private set; }

    /// <param name="fault">Why it is none, for whoever wrote the rule.</param>
    public static RulePattern? TryMake(string text, bool isRegex, out string? fault)
    {
        fault =
            string.IsNullOrWhiteSpace(text) ? "It has no text to look for."
            : text.Length > MostLength ? $"Its text is longer than {MostLength} characters."
            : isRegex && RepetitionsOf(text) > MostRepetitions ? "Its expression repeats too often."
            : null;
        if (fault is not null)
        {
            return null;
        }

        try
        {
            return new RulePattern(
                new Regex(
                    isRegex ? text : WordsPattern(text),
                    RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking,
                    MostTime
                )
            );
        }
        catch (ArgumentException e)
        {
            fault = $"Its expression cannot be read: {e.Message}";
        }
        catch (NotSupportedException)
        {
            fault = "Its expression uses look-around, back-references or atomic groups, which rules cannot.";
        }

        return null;
    }

    /// <summary>The places in a text, at most <paramref name="most"/>; none once it was given up.</summary>
    public IReadOnlyList<(int Start, int Length)> In(string text, int most)
    {
        var found = new List<(int, int)>();
        if (IsOverTime)
        {
            return found;
        }

        _watch.Start();
        try
        {
            for (var match = _regex.Match(text); match.Success && found.Count < most; match = match.NextMatch())
            {
                if (match.Length > 0)
                {
                    found.Add((match.Index, match.Length));
                }

                if (_watch.Elapsed > MostTime)
                {
                    IsOverTime = true;
                    break;
                }
            }
        }
        catch (RegexMatchTimeoutException)
        {
            IsOverTime = true;
        }

        _watch.Stop();
        IsOverTime |= _watch.Elapsed > MostTime;
        return found;
    }

    /// <summary>The words as whole words, whatever white space is between them.</summary>
    private static string WordsPattern(string text)
    {
        var words = string.Join(
            @"\s+",
            text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Regex.Escape)
        );
        var trimmed = text.Trim();
        return (char.IsLetterOrDigit(trimmed[0]) ? @"\b" : "")
            + words
            + (char.IsLetterOrDigit(trimmed[^1]) ? @"\b" : "");
    }

    /// <summary>The product of all counts in braces: more than nested ones make, never less.</summary>
    private static long RepetitionsOf(string text)
    {
        long product = 1;
        for (var at = text.IndexOf('{', StringComparison.Ordinal); at >= 0; at = text.IndexOf('{', at + 1))
        {
            var end = text.IndexOf('}', at);
            if (end < 0)
            {
                break;
            }

            var highest = text[(at + 1)..end]
                .Split(',')
                .Select(part => long.TryParse(part.Trim(), out var count) ? Math.Clamp(count, 1, 1_000_000) : 1)
                .Max();
            product = Math.Min(product * highest, 1_000_000_000);
        }

        return product;
    }
}
