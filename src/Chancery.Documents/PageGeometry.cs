namespace Chancery.Documents;

/// <summary>A rectangle on a page, in points from its upper left corner.</summary>
public readonly record struct PageBox(float X, float Y, float Width, float Height);

/// <summary>From characters to places.</summary>
public static class PageGeometry
{
    /// <summary>What to mark for the characters from <paramref name="start"/> up to <paramref name="end"/>: one box a line.</summary>
    /// <param name="words">In text order. A word that is touched is marked whole.</param>
    public static IReadOnlyList<PageBox> BoxesOf(IReadOnlyList<WordBox> words, int start, int end)
    {
        ArgumentNullException.ThrowIfNull(words);

        var boxes = new List<PageBox>();
        foreach (var word in words)
        {
            if (word.Start >= end || word.Start + word.Length <= start)
            {
                continue;
            }

            var box = new PageBox(word.X, word.Y, word.Width, word.Height);
            if (boxes.Count > 0 && ContinuesLine(boxes[^1], box))
            {
                boxes[^1] = Around(boxes[^1], box);
            }
            else
            {
                boxes.Add(box);
            }
        }

        return boxes;
    }

    private static bool ContinuesLine(PageBox line, PageBox word)
    {
        var shared = Math.Min(line.Y + line.Height, word.Y + word.Height) - Math.Max(line.Y, word.Y);
        return shared > 0.5f * Math.Min(line.Height, word.Height) && word.X >= line.X;
    }

    private static PageBox Around(PageBox one, PageBox other)
    {
        var left = Math.Min(one.X, other.X);
        var top = Math.Min(one.Y, other.Y);
        return new PageBox(
            left,
            top,
            Math.Max(one.X + one.Width, other.X + other.Width) - left,
            Math.Max(one.Y + one.Height, other.Y + other.Height) - top
        );
    }
}
