using System.Globalization;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Finds the scheme that a file of ours was written with: the list that its headings count in.</summary>
internal static class OwnScheme
{
    private const string Prefix = "chancery:";

    /// <summary>Null where the file has no list of ours left.</summary>
    public static NumberingScheme? Find(Lists lists, List<ViewedParagraph> paragraphs) =>
        Named(lists, paragraphs) ?? Unnamed(lists);

    /// <summary>By the name that we give the list, which says how many levels it has of its own.</summary>
    private static NumberingScheme? Named(Lists lists, List<ViewedParagraph> paragraphs)
    {
        var used = paragraphs
            .Select(paragraph => paragraph.Place?.List)
            .FirstOrDefault(list => list is { } id && IsScheme(id));
        var schemes = lists.Names.Keys.Where(IsScheme).Order().Select(id => (int?)id);
        if ((used ?? schemes.FirstOrDefault()) is not { } list)
        {
            return null;
        }

        var count = int.Parse(lists.Names[list].AsSpan(Prefix.Length), CultureInfo.InvariantCulture);
        return new NumberingScheme([.. lists.LevelsOf(list).Take(count).Select(Of)]);

        bool IsScheme(int id) =>
            lists.Names.TryGetValue(id, out var name)
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(Prefix.Length), out _);
    }

    /// <summary>
    /// LibreOffice drops the names of lists, and that numbers of levels above are written 1, 2, 3. The list is known by the style of
    /// headings that counts in it.
    /// </summary>
    private static NumberingScheme? Unnamed(Lists lists)
    {
        if (
            lists.All.FirstOrDefault(list => list is [{ Style: { } style }, ..] && style == WordStyles.Heading(0))
            is not { } levels
        )
        {
            return null;
        }

        var scheme = new NumberingScheme([.. levels.Select((level, depth) => Legal(Of(level), levels.Take(depth)))]);
        // The levels after the last of a scheme are that one again.
        var count = scheme.Levels.Count;
        while (count > 1 && IsExtended(count - 1))
        {
            count--;
        }

        return new NumberingScheme([.. scheme.Levels.Take(count)]);

        bool IsExtended(int depth) =>
            WordLevels.Extend(new NumberingScheme([.. scheme.Levels.Take(depth)]), depth) == scheme.Levels[depth];
    }

    private static NumberingLevel Of(ListLevel level) =>
        new(level.Format ?? NumberFormat.None, level.Pattern, level.IsLegal);

    /// <summary>"Section 1.1" under "ARTICLE I" is what contracts have, not "Section I.1".</summary>
    private static NumberingLevel Legal(NumberingLevel level, IEnumerable<ListLevel> above) =>
        level with
        {
            IsLegal =
                level.IsLegal
                || (
                    level.Format is NumberFormat.Arabic or NumberFormat.ArabicTwoDigits
                    && above
                        .Index()
                        .Any(one =>
                            one.Item.Format is NumberFormat.UpperRoman
                            && level.Pattern.Contains($"%{one.Index + 1}", StringComparison.Ordinal)
                        )
                ),
        };
}
