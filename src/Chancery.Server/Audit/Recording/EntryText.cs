using System.Text;

namespace Chancery.Server.Audit.Recording;

/// <summary>Text as the record takes it: PostgreSQL gives back exactly what it was given, and no more than so much of it.</summary>
internal static class EntryText
{
    /// <summary>Without control characters and halves of characters, of at most so many UTF-16 units.</summary>
    public static string Clean(string text, int longest)
    {
        if (text.Length <= longest && text.All(letter => !char.IsControl(letter) && !char.IsSurrogate(letter)))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > longest)
            {
                break;
            }

            clean.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return clean.ToString();
    }

    public static string? CleanOrNull(string? text, int longest) => text is null ? null : Clean(text, longest);
}
