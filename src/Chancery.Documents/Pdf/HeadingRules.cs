using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>
/// Finds headings without knowing fonts, which poppler's layout output does not carry: by line height against the page's
/// usual one, by numbering, by capitals.
/// </summary>
internal sealed partial class HeadingRules
{
    private const int MaxLength = 160;
    private readonly float _bodyHeight;
    private readonly Extent _body;

    public HeadingRules(RawPage page)
    {
        // Running heads and page numbers stand in the margins, and would put themselves above every passage.
        _body = new Extent(0, page.Height * 0.055f, page.Width, page.Height * 0.945f);
        _bodyHeight = UsualHeight(page);
    }

    /// <summary>1 to 6, or 0 when this is no heading.</summary>
    /// <param name="announces">Short lines above a paragraph or a table, with capitals as in a title.</param>
    public int LevelOf(string text, IReadOnlyList<RawLine> lines, bool announces)
    {
        var first = lines[0].Extent;
        if (
            text.Length is < 2 or > MaxLength
            || lines.Count > 3
            || first.Top < _body.Top
            || first.Bottom > _body.Bottom
            || !HasWord().IsMatch(text)
        )
        {
            return 0;
        }

        if (lines.Count <= 2 && LevelByNumber(text) is > 0 and var numbered)
        {
            return numbered;
        }

        var height = lines.Max(line => line.Extent.Height);
        if (height > 1.15f * _bodyHeight && text[^1] is not ('.' or ',' or ';'))
        {
            return height > 1.7f * _bodyHeight ? 1
                : height > 1.35f * _bodyHeight ? 2
                : 3;
        }

        return lines.Count == 1 || announces ? LevelByLook(text, announces) : 0;
    }

    /// <summary>The same for a line of plain text, which has no heights.</summary>
    public static int LevelOfText(string text) =>
        text.Length is < 2 or > MaxLength || !HasWord().IsMatch(text) ? 0
        : LevelByNumber(text) is > 0 and var level ? level
        : text.Contains('\n', StringComparison.Ordinal) ? 0
        : LevelByLook(text, announces: false);

    private static int LevelByNumber(string text)
    {
        if (Named().Match(text) is { Success: true } named)
        {
            return named.Groups["top"].Success ? 1 : 2;
        }

        return !EndsSentence(text) && Numbered().Match(text) is { Success: true } numbered
            ? Math.Clamp(numbered.Groups["number"].Value.TrimEnd('.').Count(c => c == '.') + 1, 1, 6)
            : 0;
    }

    private static int LevelByLook(string text, bool announces) =>
        EndsSentence(text) ? 0
        : IsCapitals(text) ? 3
        : announces ? 4
        : 0;

    private static bool EndsSentence(string text) => text[^1] is '.' or ',' or ';' or ':';

    private static bool IsCapitals(string text)
    {
        var letters = 0;
        foreach (var character in text)
        {
            if (char.IsLower(character))
            {
                return false;
            }

            letters += char.IsUpper(character) ? 1 : 0;
        }

        return letters >= 6 && letters > 0.7 * text.Length - text.Count(c => c == ' ');
    }

    // The median over characters, so that many short labels do not outvote the running text.
    private static float UsualHeight(RawPage page)
    {
        var heights = page
            .Blocks.SelectMany(block => block.Lines)
            .Select(line => (line.Extent.Height, Weight: line.Words.Sum(word => word.Text.Length)))
            .OrderBy(line => line.Height)
            .ToList();
        var half = heights.Sum(line => (long)line.Weight) / 2;
        foreach (var (height, weight) in heights)
        {
            half -= weight;
            if (half <= 0)
            {
                return height;
            }
        }

        return float.MaxValue;
    }

    [GeneratedRegex(@"\p{L}{2}", RegexOptions.CultureInvariant)]
    private static partial Regex HasWord();

    [GeneratedRegex(
        @"^(?:(?<top>PART|Part|CHAPTER|Chapter)\s+(?:[IVXLC]+|\d+)\b|(?:ITEM|Item|ARTICLE|Article|SECTION|Section|APPENDIX|Appendix|SCHEDULE|Schedule|NOTE|Note)\s+(?:[IVXLC]+|[A-Z]|\d+[A-Z]?(?:\.\d+)*)[.:\s–—-]+\p{Lu}[^.]*\.?$)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Named();

    [GeneratedRegex(
        @"^(?<number>\d{1,2}(?:\.\d{1,2}){0,4}\.?)\s+\p{Lu}\p{L}+(?:\s+\S+){0,11}$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Numbered();
}
