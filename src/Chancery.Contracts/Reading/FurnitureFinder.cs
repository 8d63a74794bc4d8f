using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds what belongs to pages: their numbers, what stands at the head or foot of each, tables of contents, rules.</summary>
internal static partial class FurnitureFinder
{
    /// <summary>Longer lines say something, however often.</summary>
    private const int MaxRunningLine = 400;

    // Page breaks are left as empty lines by what extracts text.
    private const int BlankLinesOfBreak = 3;

    /// <summary>A head or foot stands on at least so many pages; away from a page's edge, a line repeats more often to be one.</summary>
    private const int RunningLineCount = 2;
    private const int UnplacedCount = 4;

    // What repeats in contracts without belonging to pages.
    private static readonly string[] Spoken =
    [
        "By",
        "Name",
        "Title",
        "Date",
        "Its",
        "and",
        "between",
        "/s/",
        "Attn",
        "Attention",
        "If to",
        "To",
    ];

    /// <summary>Takes furniture out of the segments; what it took is in the result, in the text's order.</summary>
    public static List<PageFurniture> Remove(List<TextSegment> segments, out List<TextSegment> kept)
    {
        var kinds = new FurnitureKind?[segments.Count];
        var edges = Edges(segments);
        MarkRules(segments, kinds);
        MarkRunningLines(segments, kinds, edges);
        MarkPageNumbers(segments, kinds, edges);
        MarkRunningLines(segments, kinds, Edges(segments, kinds));
        ContentsTable.Mark(segments, kinds);

        var furniture = new List<PageFurniture>();
        kept = [];
        var turned = false;
        for (var i = 0; i < segments.Count; i++)
        {
            if (kinds[i] is { } kind)
            {
                furniture.Add(new PageFurniture(kind, segments[i].Line, segments[i].Column, segments[i].Text));
                turned |= kind is FurnitureKind.PageNumber or FurnitureKind.RunningLine;
                continue;
            }

            if (turned || segments[i].StartsPage || segments[i].BlankLines >= BlankLinesOfBreak)
            {
                // What stood behind the head of a page on its line begins one.
                kept.Add(
                    segments[i] with
                    {
                        StartsPage = true,
                        Break = turned ? SegmentBreak.Line : segments[i].Break,
                    }
                );
                turned = false;
                continue;
            }

            kept.Add(segments[i]);
        }

        return furniture;
    }

    /// <summary>The segments next to the end of a page.</summary>
    private static bool[] Edges(List<TextSegment> segments, FurnitureKind?[]? kinds = null)
    {
        var edges = new bool[segments.Count];
        for (var i = 0; i < segments.Count; i++)
        {
            var breaks = i == 0 || segments[i].StartsPage || segments[i].BlankLines >= BlankLinesOfBreak;
            var besideFurniture = kinds?[i] is FurnitureKind.PageNumber or FurnitureKind.RunningLine;
            if (breaks || besideFurniture)
            {
                for (var near = Math.Max(0, i - 2); near <= Math.Min(segments.Count - 1, i + 1); near++)
                {
                    edges[near] = true;
                }
            }
        }

        for (var i = Math.Max(0, segments.Count - 2); i < segments.Count; i++)
        {
            edges[i] = true;
        }

        return edges;
    }

    private static void MarkRules(List<TextSegment> segments, FurnitureKind?[] kinds)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            if (
                segments[i].Text is { Length: >= 3 and < 1000 } text
                && !text.Any(char.IsLetterOrDigit)
                && !text.Contains('[', StringComparison.Ordinal)
            )
            {
                kinds[i] = FurnitureKind.Rule;
            }
        }
    }

    private static void MarkRunningLines(List<TextSegment> segments, FurnitureKind?[] kinds, bool[] edges)
    {
        var counts = new Dictionary<string, (int All, int AtEdges)>(StringComparer.Ordinal);
        for (var i = 0; i < segments.Count; i++)
        {
            if (kinds[i] is null && MayRun(segments[i].Text))
            {
                var shape = Digits().Replace(segments[i].Text, "#");
                var (all, atEdges) = counts.GetValueOrDefault(shape);
                counts[shape] = (all + 1, atEdges + (edges[i] ? 1 : 0));
            }
        }

        for (var i = 0; i < segments.Count; i++)
        {
            if (kinds[i] is not null)
            {
                continue;
            }

            var text = segments[i].Text;
            if (text.Length <= MaxRunningLine && (FilingSource().IsMatch(text) || IsFilingMark(text, i)))
            {
                kinds[i] = FurnitureKind.RunningLine;
            }
            else if (MayRun(text) && counts.TryGetValue(Digits().Replace(text, "#"), out var count))
            {
                var runs = count.AtEdges >= RunningLineCount && count.AtEdges * 2 >= count.All;
                if (
                    (runs && (edges[i] || segments[i].Break == SegmentBreak.Gap))
                    || (count.All >= UnplacedCount && text.Length <= 80 && runs)
                )
                {
                    kinds[i] = FurnitureKind.RunningLine;
                }
            }
        }
    }

    private static bool IsFilingMark(string text, int segment) =>
        text.Length <= 30 && FilingMark().IsMatch(text) && (segment < 3 || Headings.NamesFiling(text));

    private static bool MayRun(string text) =>
        text.Length is >= 4 and <= MaxRunningLine
        && text.Any(char.IsLetter)
        && text[^1] is not (';' or ',')
        && !PrintedLabel.TryRead(text, 0, out _)
        && !Headings.NamesAttachment(text)
        && !Headings.BeginsSignatures(text)
        && !Spoken.Any(word => text.StartsWith(word, StringComparison.Ordinal));

    /// <summary>A bare number is a page's only beside the end of a page, or next in their series.</summary>
    private static void MarkPageNumbers(List<TextSegment> segments, FurnitureKind?[] kinds, bool[] edges)
    {
        var last = 0;
        for (var i = 0; i < segments.Count; i++)
        {
            var text = segments[i].Text;
            if (kinds[i] is not null || text.Length > 24)
            {
                continue;
            }

            if (PageOfPages().IsMatch(text))
            {
                kinds[i] = FurnitureKind.PageNumber;
            }
            else if (BareNumber().Match(text) is { Success: true } bare)
            {
                var follows =
                    int.TryParse(bare.Groups["n"].ValueSpan, out var number)
                    && (number == last + 1 || (number > last && number <= last + 3 && last > 0));
                var beside =
                    edges[i]
                    || (
                        i + 1 < segments.Count
                        && (
                            segments[i + 1].BlankLines >= BlankLinesOfBreak || kinds[i + 1] is FurnitureKind.RunningLine
                        )
                    )
                    || (i > 0 && kinds[i - 1] is FurnitureKind.RunningLine);
                if (beside || (follows && last > 0 && segments[i].Break == SegmentBreak.Line))
                {
                    kinds[i] = FurnitureKind.PageNumber;
                    last = number > 0 ? number : last;
                }
            }
        }
    }

    [GeneratedRegex(
        @"^[-–—\s\[]*(page\s+)?(?<n>\d{1,4}|[ivxlc]{1,6}|[A-Z]{1,2}-\d{1,3})[-–—\s\]]*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex BareNumber();

    [GeneratedRegex(
        @"^[-–—\s]*(page\s+\d{1,4}|(page\s+)?\d{1,4}\s*(of|/|von)\s*\d{1,4}|[-–—]\s*\d{1,4}\s*[-–—]|seite\s+\d{1,4}|(?<n>\d{1,4})\s*[-–—]\s*\d{1,4})[-–—\s]*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex PageOfPages();

    /// <summary>"Source: ACME, INC., 10-K, 8/22/2019", which archives of filings print on every page.</summary>
    [GeneratedRegex(@"^Source: .{1,200}, \d{1,2}/\d{1,2}/\d{4}$")]
    private static partial Regex FilingSource();

    /// <summary>"Exhibit 10.26": the number under which a contract was filed.</summary>
    [GeneratedRegex(
        @"^(\d )?(exhibits?|ex)[.\s]{1,3}[\[(]?\d{1,3}(\.[\d.]{1,6})?[\])]?(\s?\(\w{1,3}\)){0,2}\.?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex FilingMark();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}
