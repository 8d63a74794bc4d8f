namespace Chancery.Search.Languages;

/// <summary>Words as the stemmers want them: lower case, accents kept and each one character with its letter.</summary>
internal static class Spelling
{
    private const string Bases = "aaaaaeeeeiiiiooooouuuuycn";
    private const string Accented = "àáâãäèéêëìíîïòóôõöùúûüýçñ";
    private const string Marks =
        "\u0300\u0301\u0302\u0303\u0308\u0300\u0301\u0302\u0308\u0300\u0301\u0302\u0308\u0300\u0301\u0302\u0303\u0308\u0300\u0301\u0302\u0308\u0301\u0327\u0303";

    /// <summary>Endings that never stand without their accent, and are often typed so.</summary>
    private static readonly (string Plain, string Accented)[] Spanish =
    [
        ("cion", "ción"),
        ("sion", "sión"),
        ("logia", "logía"),
        ("logias", "logías"),
    ];

    private static readonly (string Plain, string Accented)[] Portuguese =
    [
        ("cao", "ção"),
        ("coes", "ções"),
        ("avel", "ável"),
        ("ivel", "ível"),
        ("encia", "ência"),
        ("encias", "ências"),
        ("ancia", "ância"),
        ("ancias", "âncias"),
    ];

    /// <summary>Null for a word with other letters than those of Western Europe.</summary>
    public static string? Of(ReadOnlySpan<char> word)
    {
        Span<char> letters = word.Length <= 128 ? stackalloc char[word.Length] : new char[word.Length];
        var length = 0;
        foreach (var written in word)
        {
            var letter = written is '.' ? '\0' : char.ToLowerInvariant(written);
            if (letter is (>= 'a' and <= 'z') or (>= 'ß' and <= 'ÿ' and not '÷'))
                letters[length++] = letter;
            else if (letter is >= '\u0300' and <= '\u0327' && length > 0)
            {
                if (Composed(letters[length - 1], letter) is not { } composed)
                    return null;
                letters[length - 1] = composed;
            }
            else if (letter is not ('\0' or '\u00AD'))
                return null;
        }

        return length == 0 ? null : letters[..length].ToString();
    }

    public static string WithUsualAccents(string word, Language language)
    {
        var endings =
            language is Language.Spanish ? Spanish
            : language is Language.Portuguese ? Portuguese
            : [];
        foreach (var (plain, accented) in endings)
        {
            if (word.Length > plain.Length + 1 && word.EndsWith(plain, StringComparison.Ordinal))
                return string.Concat(word.AsSpan(0, word.Length - plain.Length), accented);
        }

        return word;
    }

    private static char? Composed(char letter, char mark)
    {
        for (var i = 0; i < Bases.Length; i++)
        {
            if (Bases[i] == letter && Marks[i] == mark)
                return Accented[i];
        }

        return null;
    }
}
