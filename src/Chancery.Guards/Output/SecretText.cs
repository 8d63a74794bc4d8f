using System.Text;

namespace Chancery.Guards.Output;

/// <summary>Keys, tokens and passwords in addresses, by their shape, in a text that is whole. Linear in the text.</summary>
public static class SecretText
{
    /// <summary>What stands in the place of each.</summary>
    public const string Note = "[removed: secret]";

    /// <summary>Whether there is one.</summary>
    public static bool IsIn(string text) => Find(text).Count > 0;

    /// <summary>The text with a note in place of each.</summary>
    public static string Remove(string text)
    {
        var found = Find(text);
        if (found.Count == 0)
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        var at = 0;
        foreach (var (start, length) in found)
        {
            kept.Append(text, at, start - at).Append(Note);
            at = start + length;
        }

        return kept.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>
    /// The beginning of a text, of a length at most: it ends before a secret that it would cut in two, whose half has no shape any more.
    /// </summary>
    public static string Beginning(string text, int length)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (length >= text.Length)
        {
            return text;
        }

        foreach (var (start, size) in Find(text))
        {
            if (start < length && start + size > length)
            {
                return text[..start];
            }
        }

        return text[..length];
    }

    /// <summary>In their order, none over another.</summary>
    private static List<(int Start, int Length)> Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shapes = new List<(int Start, int Length, string What)>();
        SecretShapes.Find(text, shapes);
        var found = new List<(int Start, int Length)>();
        foreach (var (start, length, _) in shapes.OrderBy(one => one.Start))
        {
            if (found is [.., var last] && start < last.Start + last.Length)
            {
                found[^1] = (last.Start, Math.Max(last.Start + last.Length, start + length) - last.Start);
            }
            else
            {
                found.Add((start, length));
            }
        }

        return found;
    }
}
