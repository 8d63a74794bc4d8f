namespace Chancery.Contracts;

/// <summary>How one number is written.</summary>
public enum NumberFormat
{
    /// <summary>1, 2, 3.</summary>
    Arabic,

    /// <summary>a, b, … z, aa, bb: as Word counts.</summary>
    LowerLetter,

    /// <summary>A, B, … Z, AA, BB.</summary>
    UpperLetter,

    /// <summary>i, ii, iii.</summary>
    LowerRoman,

    /// <summary>I, II, III.</summary>
    UpperRoman,

    /// <summary>No number: a level that only indents.</summary>
    None,

    /// <summary>01, 02, … 10: Word's <c>decimalZero</c>, as in "Section 4.02".</summary>
    ArabicTwoDigits,
}

/// <summary>How the clauses of one depth are numbered.</summary>
/// <param name="Pattern">
/// As Word's <c>w:lvlText</c>: <c>%1</c> stands for the number of the top level, <c>%2</c> for that of the second:
/// "%1.%2", "(%3)", "Article %1".
/// </param>
/// <param name="IsLegal">
/// Whether numbers of levels above are written 1, 2, 3 in this pattern, whatever their own format, as "Section 2.1" under "ARTICLE II"
/// (Word's <c>w:isLgl</c>).
/// </param>
public sealed record NumberingLevel(NumberFormat Format, string Pattern, bool IsLegal = false);

/// <summary>How each depth is numbered, from the top; depths below the last are numbered as the last.</summary>
public sealed record NumberingScheme(IReadOnlyList<NumberingLevel> Levels)
{
    /// <summary>1. 1.1 (a) (i)</summary>
    public static NumberingScheme Sections { get; } =
        new([
            new NumberingLevel(NumberFormat.Arabic, "%1."),
            new NumberingLevel(NumberFormat.Arabic, "%1.%2"),
            new NumberingLevel(NumberFormat.LowerLetter, "(%3)"),
            new NumberingLevel(NumberFormat.LowerRoman, "(%4)"),
            new NumberingLevel(NumberFormat.UpperLetter, "(%5)"),
        ]);

    /// <summary>ARTICLE I, Section 1.1, (a), (i)</summary>
    public static NumberingScheme Articles { get; } =
        new([
            new NumberingLevel(NumberFormat.UpperRoman, "ARTICLE %1"),
            new NumberingLevel(NumberFormat.Arabic, "Section %1.%2", IsLegal: true),
            new NumberingLevel(NumberFormat.LowerLetter, "(%3)"),
            new NumberingLevel(NumberFormat.LowerRoman, "(%4)"),
            new NumberingLevel(NumberFormat.UpperLetter, "(%5)"),
        ]);

    public bool Equals(NumberingScheme? other) => other is not null && Levels.SequenceEqual(other.Levels);

    public override int GetHashCode() => Levels.Count;
}
