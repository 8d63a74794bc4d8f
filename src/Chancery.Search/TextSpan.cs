namespace Chancery.Search;

/// <summary>A piece of a text, in UTF-16 units of that text.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    /// <summary>The first unit after the piece.</summary>
    public int End => Start + Length;

    public ReadOnlySpan<char> In(string text) => text.AsSpan(Start, Length);
}
