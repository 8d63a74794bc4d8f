namespace Chancery.Search.Languages;

/// <summary>
/// A term that an index holds for each passage with a field of another language than English, so that a query can ask which
/// languages there are. No text has it: no word begins with a tilde.
/// </summary>
public static class LanguageMark
{
    private static readonly string[] Marks =
    [
        "~english",
        "~german",
        "~french",
        "~spanish",
        "~italian",
        "~portuguese",
        "~dutch",
        "~other",
    ];

    /// <summary>All but that of English, which is always looked for.</summary>
    public static IReadOnlyList<string> All { get; } = Marks[1..];

    public static string Of(Language language) => Marks[(int)language];

    /// <param name="isPresent">Whether any passage has the mark.</param>
    public static LanguageSet Present(Func<string, bool> isPresent)
    {
        ArgumentNullException.ThrowIfNull(isPresent);

        var languages = LanguageSet.English;
        for (var i = 1; i < Marks.Length; i++)
        {
            if (isPresent(Marks[i]))
                languages = languages.With((Language)i);
        }

        return languages;
    }
}
