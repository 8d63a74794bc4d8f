namespace Chancery.Documents;

/// <summary>The headings above the place that was reached, carried over pages.</summary>
internal sealed class HeadingTrail
{
    private const int MaxHeadingLength = 100;
    private const int MaxDepth = 6;
    private const string Separator = " › ";

    private readonly List<(int Level, string Text)> _open = [];

    public string Path { get; private set; } = "";

    public void Enter(int level, ReadOnlySpan<char> heading)
    {
        _open.RemoveAll(open => open.Level >= level);
        _open.Add((level, Shorten(heading)));
        Path = string.Join(Separator, _open.TakeLast(MaxDepth).Select(open => open.Text));
    }

    /// <summary>A path that goes one step further.</summary>
    public static string Join(string path, string step) => path.Length == 0 ? step : path + Separator + step;

    private static string Shorten(ReadOnlySpan<char> heading)
    {
        var words = heading.ToString().Split(default(char[]), StringSplitOptions.RemoveEmptyEntries);
        var text = string.Join(' ', words).TrimStart('#').Trim();
        if (text.Length <= MaxHeadingLength)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[MaxHeadingLength - 1]) ? MaxHeadingLength - 1 : MaxHeadingLength;
        return text[..end].TrimEnd() + "…";
    }
}
