using System.Globalization;
using System.Text;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>Makes names and titles that are safe to show, to log and to send back in a header.</summary>
internal static class FileNames
{
    public const int MaxLength = 255;

    /// <summary>
    /// The last part of a path, without control characters and those that turn the reading direction, at most
    /// <see cref="MaxLength"/> long with its extension kept; "document" where nothing is left.
    /// </summary>
    public static string Clean(string? name)
    {
        var last = (name ?? "")[((name ?? "").LastIndexOfAny(['/', '\\']) + 1)..];
        var clean = CleanText(last).Trim('.', ' ');
        if (clean.Length == 0)
        {
            return "document";
        }

        if (clean.Length <= MaxLength)
        {
            return clean;
        }

        var extension = Path.GetExtension(clean);
        return extension.Length is > 0 and <= 16
            ? Cut(clean, MaxLength - extension.Length) + extension
            : Cut(clean, MaxLength);
    }

    /// <summary>The name without its extension.</summary>
    public static string TitleOf(string cleanName) =>
        Path.GetFileNameWithoutExtension(cleanName) is { Length: > 0 } title ? title : cleanName;

    /// <summary>Visible characters and single spaces.</summary>
    public static string CleanText(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isSpace = Rune.IsWhiteSpace(rune);
            if (isSpace)
            {
                if (clean.Length > 0 && clean[^1] != ' ')
                {
                    clean.Append(' ');
                }

                continue;
            }

            // An unpaired surrogate comes as the replacement character.
            var category = Rune.GetUnicodeCategory(rune);
            if (
                category
                    is not (
                        UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.PrivateUse
                        or UnicodeCategory.OtherNotAssigned
                    )
                && rune != Rune.ReplacementChar
            )
            {
                clean.Append(rune);
            }
        }

        return clean.ToString().TrimEnd();
    }

    private static string Cut(string text, int length) =>
        text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
