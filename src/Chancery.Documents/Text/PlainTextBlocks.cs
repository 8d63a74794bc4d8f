namespace Chancery.Documents;

/// <summary>The structure that plain text shows by empty lines, numbering, capitals and alignment.</summary>
internal static class PlainTextBlocks
{
    private const string Bullets = "•◦▪‣*-–";

    public static IReadOnlyList<TextBlock> Of(string text)
    {
        var blocks = new List<TextBlock>();
        var lines = new List<TextSpan>();
        var start = 0;
        while (start <= text.Length)
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            if (text.AsSpan(start, end - start).IsWhiteSpace())
            {
                Add(blocks, text, lines);
                lines.Clear();
            }
            else
            {
                if (lines.Count > 0 && StartsItem(text.AsSpan(start, end - start)))
                {
                    Add(blocks, text, lines);
                    lines.Clear();
                }

                lines.Add(new TextSpan(start, end));
            }

            start = end + 1;
        }

        Add(blocks, text, lines);
        return blocks;
    }

    private static void Add(List<TextBlock> blocks, string text, List<TextSpan> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        var (start, end) = (lines[0].Start, lines[^1].End);
        while (char.IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        var level = lines.Count <= 2 ? HeadingRules.LevelOfText(text[start..end]) : 0;
        var kind =
            level > 0 ? BlockKind.Heading
            : IsTable(text, lines) ? BlockKind.Table
            : StartsItem(text.AsSpan(start, end - start)) ? BlockKind.ListItem
            : BlockKind.Paragraph;
        blocks.Add(new TextBlock(kind, start, end - start, kind is BlockKind.ListItem ? 1 : level));
    }

    private static bool StartsItem(ReadOnlySpan<char> line)
    {
        line = line.TrimStart();
        return line.Length > 2 && line[1] == ' ' && Bullets.Contains(line[0], StringComparison.Ordinal);
    }

    // Cells are set apart by tabs, bars, or three spaces and more.
    private static bool IsTable(string text, List<TextSpan> lines)
    {
        if (lines.Count < 2)
        {
            return false;
        }

        var rows = 0;
        foreach (var line in lines)
        {
            var trimmed = text.AsSpan(line.Start, line.Length).Trim();
            rows +=
                trimmed.Contains('\t') || trimmed.Contains("   ", StringComparison.Ordinal) || trimmed.Count('|') > 1
                    ? 1
                    : 0;
        }

        return rows * 3 >= lines.Count * 2;
    }
}
