namespace Chancery.Documents;

/// <summary>Edges in points, from the upper left corner of the page.</summary>
internal readonly record struct Extent(float Left, float Top, float Right, float Bottom)
{
    public float Width => Right - Left;

    public float Height => Bottom - Top;

    public Extent With(Extent other) =>
        new(
            Math.Min(Left, other.Left),
            Math.Min(Top, other.Top),
            Math.Max(Right, other.Right),
            Math.Max(Bottom, other.Bottom)
        );

    /// <summary>Height that both share; negative when they are apart.</summary>
    public float SharedHeight(Extent other) => Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);

    /// <summary>Width that both share; negative when they are apart.</summary>
    public float SharedWidth(Extent other) => Math.Min(Right, other.Right) - Math.Max(Left, other.Left);

    public static Extent Around(IEnumerable<Extent> extents) => extents.Aggregate((all, next) => all.With(next));
}

internal readonly record struct RawWord(string Text, Extent Extent);

internal sealed record RawLine(Extent Extent, IReadOnlyList<RawWord> Words);

internal sealed record RawBlock(Extent Extent, IReadOnlyList<RawLine> Lines);

/// <summary>A page as poppler saw it.</summary>
internal sealed record RawPage(int Number, float Width, float Height, IReadOnlyList<RawBlock> Blocks);
