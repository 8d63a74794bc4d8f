using System.Text;

namespace Chancery.Documents;

/// <summary>Makes text of foreign origin fit to be stored, hashed, searched and shown.</summary>
internal static class TextCleaner
{
    public const char SoftHyphen = '\u00AD';

    /// <summary>One word of a PDF: ligatures spelled out, invisible characters gone, a soft hyphen kept only at its end.</summary>
    public static string CleanWord(string word)
    {
        if (IsPlainAscii(word))
        {
            return word;
        }

        var text = new StringBuilder(word.Length + 2);
        for (var i = 0; i < word.Length; i++)
        {
            var character = word[i];
            if (character == SoftHyphen)
            {
                if (i == word.Length - 1)
                {
                    text.Append(character);
                }
            }
            else if (character is '\t' or '\n' or '\r' || char.IsWhiteSpace(character))
            {
                text.Append(' ');
            }
            else
            {
                Append(text, word, ref i);
            }
        }

        return Nfc.Normalize(text.ToString()).Trim(' ');
    }

    /// <summary>Running text: line ends become <c>\n</c>; everything else as <see cref="CleanWord"/>, spaces untouched.</summary>
    public static string CleanText(ReadOnlySpan<char> source)
    {
        var raw = source.ToString();
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            switch (raw[i])
            {
                case '\r':
                    text.Append('\n');
                    i += i + 1 < raw.Length && raw[i + 1] == '\n' ? 1 : 0;
                    break;
                case '\n' or '\t':
                    text.Append(raw[i]);
                    break;
                case '\f' or '\v' or '\u0085' or '\u2028' or '\u2029':
                    text.Append('\n');
                    break;
                case '\u00A0':
                    text.Append(' ');
                    break;
                case SoftHyphen:
                    break;
                default:
                    Append(text, raw, ref i);
                    break;
            }
        }

        return Nfc.Normalize(text.ToString());
    }

    /// <summary>Whether there is nothing in it that is taken out here: no control but line ends and tabs, nothing that turns lines round.</summary>
    public static bool IsClean(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (IsInvisible(character) && character is not ('\n' or '\t'))
            {
                return false;
            }
        }

        return true;
    }

    private static void Append(StringBuilder text, string source, ref int i)
    {
        var character = source[i];
        if (char.IsHighSurrogate(character) && i + 1 < source.Length && char.IsLowSurrogate(source[i + 1]))
        {
            text.Append(character).Append(source[++i]);
            return;
        }

        if (char.IsSurrogate(character))
        {
            text.Append('\uFFFD');
            return;
        }

        switch (character)
        {
            case '\uFB00':
                text.Append("ff");
                break;
            case '\uFB01':
                text.Append("fi");
                break;
            case '\uFB02':
                text.Append("fl");
                break;
            case '\uFB03':
                text.Append("ffi");
                break;
            case '\uFB04':
                text.Append("ffl");
                break;
            case '\uFB05' or '\uFB06':
                text.Append("st");
                break;
            // Bullets of the Symbol and Wingdings fonts, which have no Unicode meaning of their own.
            case '\uF0B7' or '\uF0A7' or '\uF0D8' or '\uF0FC':
                text.Append('•');
                break;
            default:
                if (!IsInvisible(character))
                {
                    text.Append(character);
                }

                break;
        }
    }

    // Bidirectional controls can make a citation read as what it does not say; the rest cannot be seen or typed.
    // The joiners U+200C and U+200D stay: Persian and the Indic scripts are misspelt without them.
    private static bool IsInvisible(char character) =>
        char.IsControl(character)
        || character
            is '\u061C'
                or '\u200B'
                or '\u200E'
                or '\u200F'
                or (>= '\u202A' and <= '\u202E')
                or (>= '\u2060' and <= '\u206F')
                or '\uFEFF'
                or (>= '\uFFF9' and <= '\uFFFB')
                or '\uFFFE'
                or '\uFFFF';

    private static bool IsPlainAscii(string word)
    {
        foreach (var character in word)
        {
            if (character is <= ' ' or >= '\u007F')
            {
                return false;
            }
        }

        return true;
    }
}
