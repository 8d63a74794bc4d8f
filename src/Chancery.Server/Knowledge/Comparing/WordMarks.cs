using System.Runtime.InteropServices;

namespace Chancery.Server.Knowledge.Comparing;

/// <summary>A stretch of a line.</summary>
/// <param name="Changed">Whether the other side has something else here.</param>
public sealed record TextSpan(string Text, bool Changed);

/// <summary>What changed inside a line, word by word.</summary>
internal static class WordMarks
{
    private const int StepsForALine = 200_000;

    /// <summary>How much of two lines is alike: 0 to 1, by the words that both have.</summary>
    /// <param name="left">Their <see cref="Counts"/>, as <paramref name="right"/>.</param>
    public static double Likeness(Dictionary<string, int> left, Dictionary<string, int> right)
    {
        var shared = left.Sum(word => Math.Min(word.Value, right.GetValueOrDefault(word.Key)) * word.Key.Length);
        var all = left.Sum(Weight) + right.Sum(Weight);
        return all == 0 ? 0 : 2.0 * shared / all;

        static int Weight(KeyValuePair<string, int> word) => word.Value * word.Key.Length;
    }

    public static (IReadOnlyList<TextSpan> Old, IReadOnlyList<TextSpan> Now) Of(
        string old,
        string now,
        CancellationToken cancellationToken
    )
    {
        var left = Words(old);
        var right = Words(now);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var edits = Edits.Between(
            Numbers(left, numbers),
            Numbers(right, numbers),
            new Effort(StepsForALine),
            cancellationToken
        );

        var (oldSpans, nowSpans) = (new Spans(), new Spans());
        var (i, j) = (0, 0);
        foreach (var edit in edits)
        {
            oldSpans.Add(left, i, edit.Same, changed: false);
            nowSpans.Add(right, j, edit.Same, changed: false);
            (i, j) = (i + edit.Same, j + edit.Same);
            oldSpans.Add(left, i, edit.Removed, changed: true);
            nowSpans.Add(right, j, edit.Added, changed: true);
            (i, j) = (i + edit.Removed, j + edit.Added);
        }

        return (oldSpans.All, nowSpans.All);
    }

    /// <summary>How often each word stands in a line.</summary>
    public static Dictionary<string, int> Counts(string text)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in Words(text).Where(word => !char.IsWhiteSpace(word[0])))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        }

        return counts;
    }

    /// <summary>Runs of letters and digits, runs of spaces, and each other character alone. Together they are the text.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length; )
        {
            var start = i++;
            var kind = KindOf(text[start]);
            while (i < text.Length && kind != 2 && KindOf(text[i]) == kind)
            {
                i++;
            }

            // A character of two halves, or with marks on it, stays whole.
            while (i < text.Length && (char.IsLowSurrogate(text[i]) || IsMark(text[i])))
            {
                i++;
            }

            words.Add(text[start..i]);
        }

        return words;
    }

    private static int KindOf(char character) =>
        char.IsWhiteSpace(character) ? 0
        : char.IsLetterOrDigit(character) || IsMark(character) ? 1
        : 2;

    private static bool IsMark(char character) =>
        char.GetUnicodeCategory(character)
            is System.Globalization.UnicodeCategory.NonSpacingMark
                or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private static int[] Numbers(List<string> words, Dictionary<string, int> numbers)
    {
        var found = new int[words.Count];
        for (var i = 0; i < found.Length; i++)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, words[i], out var known);
            number = known ? number : numbers.Count;
            found[i] = number;
        }

        return found;
    }

    /// <summary>Joins neighbours; a single space between two changes belongs to them.</summary>
    private sealed class Spans
    {
        private readonly List<TextSpan> _all = [];

        public IReadOnlyList<TextSpan> All => _all;

        public void Add(List<string> words, int start, int count, bool changed)
        {
            if (count == 0)
            {
                return;
            }

            var text = string.Concat(words.GetRange(start, count));
            if (changed && _all is [.., { Changed: true } before, { Changed: false, Text: " " }])
            {
                _all.RemoveRange(_all.Count - 2, 2);
                _all.Add(new TextSpan(before.Text + " " + text, true));
            }
            else if (_all is [.., { } last] && last.Changed == changed)
            {
                _all[^1] = last with { Text = last.Text + text };
            }
            else
            {
                _all.Add(new TextSpan(text, changed));
            }
        }
    }
}
