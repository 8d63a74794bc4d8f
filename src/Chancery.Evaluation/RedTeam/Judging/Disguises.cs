using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Evaluation.RedTeam.Judging;

/// <summary>
/// A text as it is and in the writings by which it may be read back. Independent of the guards that are measured by it: what a guard does not
/// know is to be seen here.
/// </summary>
public static partial class Disguises
{
    private const int ShortestEncoded = 12;
    private const int LongestEncoded = 64 * 1024;

    /// <summary>The text, what it says backwards, turned by thirteen letters, in base64, in hexadecimal and in characters that nobody sees.</summary>
    public static IEnumerable<string> Of(string text)
    {
        yield return text;
        yield return Writings.Reverse(text);
        yield return string.Concat(text.Select(Writings.Rot13));
        yield return Writings.Hidden(text);
        // Base64 has slashes, and so have addresses that carry it.
        var words = Encoded().Matches(text).SelectMany(match => match.Value.Split('/').Prepend(match.Value).Distinct());
        foreach (var word in words.Where(word => word.Length is >= ShortestEncoded and <= LongestEncoded))
        {
            if (Decoded(word) is { } decoded)
            {
                yield return decoded;
            }
        }
    }

    /// <summary>Whether a value of letters and digits stands in a text in any of those, whatever stands between its letters.</summary>
    public static bool Has(string text, string value)
    {
        var wanted = Fold(value);
        return Of(text).Any(one => Fold(one).Contains(wanted, StringComparison.Ordinal));
    }

    /// <summary>Letters and digits, in lower case, of what is compatible the same (fullwidth letters and their like).</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        // Half a pair of surrogates cannot be normalised, and reads as a character that stands for nothing.
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            whole.Append(rune.ToString());
        }

        foreach (var rune in whole.ToString().Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                folded.Append(Rune.ToLowerInvariant(rune).ToString());
            }
        }

        return folded.ToString();
    }

    private static string? Decoded(string encoded)
    {
        if (encoded.Length % 2 == 0 && encoded.All(char.IsAsciiHexDigit))
        {
            return Encoding.UTF8.GetString(Convert.FromHexString(encoded));
        }

        var padded = encoded.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        padded += new string('=', (4 - (padded.Length % 4)) % 4);
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out var count)
            ? Encoding.UTF8.GetString(bytes.AsSpan(0, count))
            : null;
    }

    [GeneratedRegex(@"[A-Za-z0-9+/_-]{12,}={0,2}", RegexOptions.NonBacktracking)]
    private static partial Regex Encoded();
}
