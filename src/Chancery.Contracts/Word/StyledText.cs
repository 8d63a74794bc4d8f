namespace Chancery.Contracts.Word;

/// <summary>How a run of letters looks, by the name of its character style.</summary>
internal enum LetterStyle
{
    Plain,
    PartyName,
    PartyRole,
    DetailLabel,

    /// <summary>A number that is written out because Word would count otherwise.</summary>
    TypedNumber,
}

/// <summary>A paragraph's words, each with its style; references still stand as <see cref="ClauseReference"/>.</summary>
internal sealed class StyledText
{
    private readonly (int End, LetterStyle Style)[] _ranges;

    public StyledText(params ReadOnlySpan<(string Text, LetterStyle Style)> parts)
    {
        _ranges = new (int, LetterStyle)[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            Text += parts[i].Text;
            _ranges[i] = (Text.Length, parts[i].Style);
        }
    }

    public string Text { get; } = "";

    /// <summary>The same for those that say the same in the same styles.</summary>
    public string Key => string.Join('\u0001', [Text, .. _ranges.Select(range => $"{range.End}{range.Style}")]);

    /// <summary>Whether as many characters of another text look as these do.</summary>
    public bool LooksAs(StyledText other, int start, int otherStart, int length) =>
        Slice(start, length)
            .Select(part => (part.Text.Length, part.Style))
            .SequenceEqual(other.Slice(otherStart, length).Select(part => (part.Text.Length, part.Style)));

    public static StyledText Plain(string text) => new((text, LetterStyle.Plain));

    /// <summary>The characters from <paramref name="start"/>, cut where their style changes.</summary>
    public IEnumerable<(string Text, LetterStyle Style)> Slice(int start, int length)
    {
        var end = start + length;
        foreach (var (rangeEnd, style) in _ranges)
        {
            if (rangeEnd > start && start < end)
            {
                var cut = Math.Min(rangeEnd, end);
                yield return (Text[start..cut], style);
                start = cut;
            }
        }
    }
}
