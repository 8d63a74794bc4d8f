using System.Runtime.InteropServices;

namespace Chancery.Evaluation.Scoring;

/// <summary>
/// Answers beside the expected ones, after case, compatibility forms, punctuation and the grouping of numbers are gone; in English the articles, too,
/// as in SQuAD's evaluation (Rajpurkar et al. 2016). The best of several expected answers counts; without one it is not applicable.
/// </summary>
/// <param name="fold">
/// Brings spellings of a text to one: compatibility forms and case at least. The server passes the folding that its search uses.
/// </param>
public sealed class AnswerScores(Func<string, string> fold)
{
    /// <param name="language">ISO 639-1, such as "en"; null where it is not known.</param>
    public Score ExactMatch(string answer, IReadOnlyList<string> expected, string? language = null) =>
        Best(expected, answer, language, (given, wanted) => given.SequenceEqual(wanted) ? 1 : 0);

    /// <summary>The harmonic mean of the shares of words that are in the other, each as often as it is there.</summary>
    /// <param name="language">ISO 639-1, such as "en"; null where it is not known.</param>
    public Score TokenF1(string answer, IReadOnlyList<string> expected, string? language = null) =>
        Best(expected, answer, language, F1);

    /// <summary>Whether the words of an expected answer stand in the answer, one after the other.</summary>
    /// <param name="language">ISO 639-1, such as "en"; null where it is not known.</param>
    public Score Contains(string answer, IReadOnlyList<string> expected, string? language = null) =>
        Best(expected, answer, language, (given, wanted) => HasInOrder(given, wanted) ? 1 : 0);

    private Score Best(
        IReadOnlyList<string> expected,
        string answer,
        string? language,
        Func<List<string>, List<string>, double> compare
    )
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(expected);
        var given = Words(answer, language);
        return expected.Count == 0
            ? Score.None
            : Score.Of(expected.Max(wanted => compare(given, Words(wanted, language))));
    }

    private static double F1(List<string> given, List<string> wanted)
    {
        // Two empty answers say the same.
        if (given.Count == 0 || wanted.Count == 0)
        {
            return given.Count == wanted.Count ? 1 : 0;
        }

        var left = wanted.CountBy(word => word).ToDictionary();
        var common = given.CountBy(word => word).Sum(word => Math.Min(word.Value, left.GetValueOrDefault(word.Key)));
        return 2.0 * common / (given.Count + wanted.Count);
    }

    private static bool HasInOrder(List<string> given, List<string> wanted) =>
        wanted.Count > 0 && CollectionsMarshal.AsSpan(given).IndexOf(CollectionsMarshal.AsSpan(wanted)) >= 0;

    private List<string> Words(string text, string? language)
    {
        var words = Scoring.Words.Of(text, fold);
        if (language is "en")
        {
            var plain = words.Where(word => word is not ("a" or "an" or "the")).ToList();
            // "The A" is a name that consists of articles.
            return plain.Count == 0 ? words : plain;
        }

        return words;
    }
}
