namespace Chancery.Search.Languages;

/// <summary>Words that are written into one: <c>l'homme</c>, <c>dell'arte</c>, <c>auto's</c>.</summary>
internal static class Elision
{
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> French = Set(
        "c d j l m n s t qu jusqu lorsqu puisqu quoiqu"
    );

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Italian = Set(
        """
        l un c d s m t v n all dall dell nell sull coll dagl degl negl sugl quest quell bell grand sant tutt anch com dov
        mezz nient senz
        """
    );

    /// <summary>The word itself: without an article that is written into it, and without a possessive ending.</summary>
    /// <param name="word">Folded, or as written.</param>
    public static ReadOnlySpan<char> Strip(ReadOnlySpan<char> word, Language language)
    {
        var mark = word.IndexOfAny('\'', '’');
        if (mark < 0)
            return word;
        if (mark == word.Length - 2 && word[^1] is 's' or 'S')
            return word[..mark];
        if (language is not (Language.French or Language.Italian) || mark > 8)
            return word;

        Span<char> before = stackalloc char[mark];
        word[..mark].ToLowerInvariant(before);
        return (language is Language.French ? French : Italian).Contains(before) ? word[(mark + 1)..] : word;
    }

    private static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) =>
        new HashSet<string>(words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).GetAlternateLookup<
            ReadOnlySpan<char>
        >();
}
