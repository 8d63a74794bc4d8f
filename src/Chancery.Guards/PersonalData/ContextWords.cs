namespace Chancery.Guards.PersonalData;

/// <summary>
/// Words that make a number what it is, when they stand near it. How far is looked is bounded, so that a text full of numbers stays
/// linear.
/// </summary>
/// <param name="words">In lower case.</param>
internal sealed class ContextWords(params string[] words)
{
    private const int Before = 64;
    private const int After = 24;

    /// <summary>Whether one of them stands before the span, or right behind it.</summary>
    public bool Near(string text, int start, int end) =>
        Within(text, Math.Max(0, start - Before), start) || Within(text, end, Math.Min(text.Length, end + After));

    /// <summary>Whether one of them stands before the span, at most so many UTF-16 units away.</summary>
    public bool Precede(string text, int start, int distance = Before) =>
        Within(text, Math.Max(0, start - distance), start);

    private bool Within(string text, int from, int to)
    {
        var window = text.AsSpan(from, to - from);
        foreach (var word in words)
        {
            var at = 0;
            while (at < window.Length)
            {
                var found = window[at..].IndexOf(word, StringComparison.OrdinalIgnoreCase);
                if (found < 0)
                {
                    break;
                }

                found += at;
                if (IsWhole(text, from + found, word.Length))
                {
                    return true;
                }

                at = found + 1;
            }
        }

        return false;
    }

    private static bool IsWhole(string text, int start, int length) =>
        (start == 0 || !char.IsLetter(text[start - 1]))
        && (start + length == text.Length || !char.IsLetter(text[start + length]));
}
