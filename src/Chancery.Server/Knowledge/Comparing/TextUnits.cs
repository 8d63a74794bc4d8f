namespace Chancery.Server.Knowledge.Comparing;

/// <summary>A line, or a piece of a very long one, and the page that it stands on.</summary>
internal readonly record struct TextUnit(string Text, int Page);

/// <summary>Cuts a page's text into what is compared and shown as a line.</summary>
internal static class TextUnits
{
    // Longer lines are cut at the ends of sentences, so that an edit moves the cuts near it only.
    private const int LongLine = 1_000;
    private const int LongestUnit = 2_000;

    public static IEnumerable<TextUnit> Of(string text, int page)
    {
        foreach (var line in text.Split('\n'))
        {
            var clean = line.TrimEnd();
            if (clean.Length == 0)
            {
                continue;
            }

            var start = 0;
            for (var i = 1; i < clean.Length; i++)
            {
                if (
                    (clean.Length > LongLine && clean[i] == ' ' && clean[i - 1] is '.' or '!' or '?')
                    || (i - start >= LongestUnit && !char.IsLowSurrogate(clean[i]))
                )
                {
                    yield return new TextUnit(clean[start..i], page);
                    start = clean[i] == ' ' ? i + 1 : i;
                }
            }

            if (start < clean.Length)
            {
                yield return new TextUnit(clean[start..], page);
            }
        }
    }
}
