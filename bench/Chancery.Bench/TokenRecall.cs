using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Bench;

/// <summary>How much of an expected text was read, in words, each as often as it is expected; order does not count.</summary>
/// <param name="Recall">The share of the expected words that were read, 0 to 1.</param>
/// <param name="Precision">The share of the words read that were expected, 0 to 1.</param>
internal readonly partial record struct TokenRecall(double Recall, double Precision)
{
    public static TokenRecall Of(string expected, string read)
    {
        var wanted = Count(expected);
        var found = Count(read);
        var shared = wanted.Sum(word => Math.Min(word.Value, found.GetValueOrDefault(word.Key)));
        return new TokenRecall(Share(shared, wanted.Values.Sum()), Share(shared, found.Values.Sum()));
    }

    /// <summary>Markdown as its words: without addresses, comments, entities and escapes.</summary>
    public static string Plain(string markdown)
    {
        var text = Comment().Replace(markdown, " ");
        text = Link().Replace(text, "$1");
        text = Autolink().Replace(text, "$1");
        return WebUtility.HtmlDecode(Escape().Replace(text, "$1"));
    }

    private static double Share(int part, int whole) => whole == 0 ? 1 : (double)part / whole;

    private static Dictionary<string, int> Count(string text)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Match word in Word().Matches(text.Normalize(NormalizationForm.FormKC).ToLowerInvariant()))
        {
            counts[word.Value] = counts.GetValueOrDefault(word.Value) + 1;
        }

        return counts;
    }

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}]+")]
    private static partial Regex Word();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)\s]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"<(https?://[^>]+)>")]
    private static partial Regex Autolink();

    [GeneratedRegex(@"\\([_*#\[\]\\`>.!-])")]
    private static partial Regex Escape();
}
