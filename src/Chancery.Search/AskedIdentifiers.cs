using System.Text.RegularExpressions;

namespace Chancery.Search;

/// <summary>
/// What a question names by a number of parts, "5-7", "3.4", or by letters and digits, "ISO-27001". What is said of "5-70"
/// does not answer it. Amounts, dates and plain numbers are not among them. Immutable.
/// </summary>
internal sealed partial class AskedIdentifiers
{
    private const int MostIdentifiers = 8;
    private const int Longest = 64;
    private const string Hyphens = "-‐‑";

    private readonly Regex[] _asked;

    /// <summary>Others of the same make.</summary>
    private readonly Regex[] _rivals;

    private AskedIdentifiers(List<string> identifiers)
    {
        _asked = [.. identifiers.Select(identifier => Matcher(identifier, sameMake: false))];
        _rivals = [.. identifiers.Select(identifier => Matcher(identifier, sameMake: true))];
    }

    public bool Any => _asked.Length > 0;

    public static AskedIdentifiers Of(string question) =>
        new([
            .. Candidate()
                .Matches(question)
                .Where(found => IsIdentifier(found.Value) && !IsAmount(question, found))
                .Select(found => found.Value)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Take(MostIdentifiers),
        ]);

    /// <summary>Those that <paramref name="text"/> has, as bits.</summary>
    public int In(ReadOnlySpan<char> text) => In(_asked, text);

    /// <summary>Those for which <paramref name="text"/> has one that is made alike, be it the same.</summary>
    public int AlikeIn(ReadOnlySpan<char> text) => In(_rivals, text);

    /// <summary>All of them, as bits.</summary>
    public int All => (1 << _asked.Length) - 1;

    private static int In(Regex[] matchers, ReadOnlySpan<char> text)
    {
        var bits = 0;
        for (var i = 0; i < matchers.Length; i++)
            bits |= matchers[i].IsMatch(text) ? 1 << i : 0;
        return bits;
    }

    private static bool IsIdentifier(string word) =>
        word.Length <= Longest
        && word.Any(char.IsDigit)
        && (word.Any(char.IsLetter) || !word.All(char.IsDigit))
        && !Quantity().IsMatch(word)
        && !IsDate(word);

    private static bool IsDate(string word)
    {
        var years = Years().Match(word);
        if (!years.Success)
            return Date().IsMatch(word);

        // A year and the next one or one that follows: "2022-23", "2019-2021"; "2024-17" is no such pair.
        var (first, last) = (years.Groups["first"].Value, years.Groups["last"].Value);
        return last.Length == 4
            || int.Parse(last, System.Globalization.CultureInfo.InvariantCulture)
                == (int.Parse(first[2..], System.Globalization.CultureInfo.InvariantCulture) + 1) % 100;
    }

    private static bool IsAmount(string question, Match found) =>
        (found.Index > 0 && question[found.Index - 1] is '$' or '€' or '£' or '¥')
        || question.AsSpan(found.Index + found.Length).TrimStart() is ['%' or '€' or '$' or '£', ..]
        // Only a part was found: "1,250.00", "19:00-21:00".
        || question.AsSpan(0, found.Index) is [.., >= '0' and <= '9', ',' or ':']
        || question.AsSpan(found.Index + found.Length) is [',' or ':', >= '0' and <= '9', ..];

    /// <summary>
    /// Finds it as a whole. Where letters and digits meet, a hyphen or a space may stand or be left out: "ISO 27001".
    /// </summary>
    private static Regex Matcher(string identifier, bool sameMake)
    {
        var pattern = new System.Text.StringBuilder(
            @"(?<![\p{L}\p{Nd}])(?<![\p{Nd}][-‐‑./,])(?<!\p{L}[-‐‑](?=\p{Nd}))"
        );
        for (var i = 0; i < identifier.Length; i++)
        {
            var (c, previous) = (identifier[i], i == 0 ? '\0' : identifier[i - 1]);
            var next = i + 1 < identifier.Length ? identifier[i + 1] : '\0';
            if (Hyphens.Contains(c))
                pattern.Append(Meet(previous, next) ? $"[{Hyphens} \u00A0]?" : $"[{Hyphens}]");
            else if (!char.IsLetterOrDigit(c))
                pattern.Append(Regex.Escape(c.ToString()));
            else
            {
                if (Meet(previous, c))
                    pattern.Append($"[{Hyphens} \u00A0]?");
                if (!sameMake || char.IsLetter(c))
                    pattern.Append(Regex.Escape(c.ToString()));
                else if (!char.IsDigit(previous))
                    pattern.Append(@"\p{Nd}+");
            }
        }

        // "ISO-27001-certified" names it, "5-7-1" and "3.4.1" do not.
        pattern.Append(@"(?![\p{L}\p{Nd}])(?![-‐‑./,]\p{Nd})(?-i:(?![-‐‑]\p{Lu}))");
        return new Regex(pattern.ToString(), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    private static bool Meet(char a, char b) =>
        (char.IsLetter(a) && char.IsDigit(b)) || (char.IsDigit(a) && char.IsLetter(b));

    [GeneratedRegex(@"[\p{L}\p{Nd}]+(?:[-‐‑./_][\p{L}\p{Nd}]+)*")]
    private static partial Regex Candidate();

    /// <summary>"20kg", "2nd", "30-day", "5M", and what the reports of companies are called: "10-K".</summary>
    [GeneratedRegex(@"^(?:\d+(?:\.\d+)?[-‐‑]?\p{Ll}+(?:[-‐‑]\p{L}+)*|\d+(?:\.\d+)?[KMB]|(?:10|20|6|8)[-‐‑]?[KQF])$")]
    private static partial Regex Quantity();

    [GeneratedRegex(@"^(?<first>(?:19|20)\d\d)[-‐‑/](?<last>(?:19|20)\d\d|\d\d)$")]
    private static partial Regex Years();

    [GeneratedRegex(
        @"^(?:(?:19|20)\d\d[-‐‑./]\d{1,2}[-‐‑./]\d{1,2}|\d{1,2}[-‐‑./]\d{1,2}[-‐‑./](?:\d\d){1,2}|\d{1,2}[-./](?:19|20)\d\d)$"
    )]
    private static partial Regex Date();
}
