namespace Chancery.Server.Answers.Conversations;

/// <summary>How a conversation is called, and found again.</summary>
internal static class ConversationText
{
    private const int MaxTitle = 80;

    /// <summary>In the place of an answer whose sources its reader may not, or no longer, read.</summary>
    public const string Withheld = "The sources of this answer are not available to you.";

    public static string TitleOf(string question)
    {
        var line = string.Join(' ', question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= MaxTitle)
        {
            return line;
        }

        var cut = line.LastIndexOf(' ', MaxTitle - 1);
        cut = cut < MaxTitle / 2 ? MaxTitle - 1 : cut;
        return line[..(char.IsHighSurrogate(line[cut - 1]) ? cut - 1 : cut)] + "…";
    }

    /// <summary>What LIKE finds the words with; its own signs stay the characters they are.</summary>
    public static string Pattern(string words) =>
        "%"
        + words
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal)
        + "%";

    /// <summary>The words with what stands around them, on one line.</summary>
    public static string? PartAround(string words, string? text)
    {
        if (text is null)
        {
            return null;
        }

        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var at = Math.Max(0, line.IndexOf(words, StringComparison.OrdinalIgnoreCase));
        var start = Math.Max(0, at - 40);
        var end = Math.Min(line.Length, at + words.Length + 80);
        start = start > 0 && char.IsLowSurrogate(line[start]) ? start - 1 : start;
        end = end < line.Length && char.IsLowSurrogate(line[end]) ? end - 1 : end;
        return (start > 0 ? "…" : "") + line[start..end] + (end < line.Length ? "…" : "");
    }
}
