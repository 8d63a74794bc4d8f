using System.Collections.Frozen;

namespace Chancery.Documents;

/// <summary>What the names of elements mean for a reader.</summary>
internal static class HtmlNames
{
    /// <summary>Elements that have no content and no end.</summary>
    public static readonly FrozenSet<string> Void = Set(
        "area base br col embed hr img input link meta param source track wbr"
    );

    /// <summary>Elements whose content is characters up to their end, not elements.</summary>
    public static readonly FrozenSet<string> Raw = Set("script style textarea title xmp iframe noembed noframes");

    /// <summary>Elements that stand on lines of their own.</summary>
    public static readonly FrozenSet<string> Blocks = Set(
        "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
            + "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol p "
            + "plaintext pre search section summary table tbody td tfoot th thead tr ul xmp"
    );

    /// <summary>Elements that a person does not see, or sees as controls.</summary>
    public static readonly FrozenSet<string> Unread = Set(
        "script style template noscript head select datalist textarea iframe noembed noframes video audio canvas del rp "
            + "annotation annotation-xml defs metadata"
    );

    /// <summary>What may stand in the head; everything else begins the body.</summary>
    public static readonly FrozenSet<string> OfHead = Set(
        "html head title meta link base style script noscript template bgsound basefont"
    );

    /// <summary>Elements that mark words inside a line.</summary>
    public static readonly FrozenSet<string> Marks = Set(
        "a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd label mark q s samp small span strike strong sub "
            + "sup time tt u var"
    );

    /// <summary>Elements that are read as having no end where they are written so.</summary>
    public static readonly FrozenSet<string> Known = Set(
        string.Join(' ', Blocks.Concat(Unread).Concat(Marks).Concat(Raw)) + " button object ruby rt rb rtc svg math"
    );

    private static readonly FrozenDictionary<string, string> All = Void.Concat(Known)
        .Concat(OfHead)
        .Distinct()
        .ToFrozenDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>1 to 6, or 0.</summary>
    public static int HeadingLevel(string? name) => name is ['h', >= '1' and <= '6' and var level] ? level - '0' : 0;

    /// <summary>In lower case; one string for each that is known.</summary>
    public static string Of(ReadOnlySpan<char> name) =>
        All.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var known)
            ? known
            : name[..Math.Min(name.Length, 100)].ToString().ToLowerInvariant();

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
