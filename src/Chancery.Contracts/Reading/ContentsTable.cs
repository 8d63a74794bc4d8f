using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds tables of contents: a heading that says so, and the lines under it that only name what comes later.</summary>
internal static partial class ContentsTable
{
    private const int MinEntries = 2;
    private const int MaxBeforeEntries = 20;

    /// <summary>Longer lines are entries only where they end with a page's number.</summary>
    private const int MaxPlainEntry = 90;

    public static void Mark(List<TextSegment> segments, FurnitureKind?[] kinds)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            if (kinds[i] is null && Announcement().IsMatch(segments[i].Text) && EndOf(segments, kinds, i) is { } end)
            {
                for (var entry = i; entry < end; entry++)
                {
                    kinds[entry] ??= FurnitureKind.Contents;
                }

                i = end - 1;
            }
        }
    }

    /// <summary>Where the table ends; null where what follows the heading is none.</summary>
    private static int? EndOf(List<TextSegment> segments, FurnitureKind?[] kinds, int start)
    {
        string? first = null;
        var entries = 0;
        var lastEntry = start;
        for (var i = start + 1; i < segments.Count; i++)
        {
            if (entries < MinEntries && i > start + MaxBeforeEntries)
            {
                return null;
            }

            var text = segments[i].Text;
            if (kinds[i] is not null || Announcement().IsMatch(text))
            {
                continue;
            }

            var numbered = PrintedLabel.TryRead(text, 0, out var label);
            var paged = EndsWithPage().IsMatch(text);
            var key = numbered ? label.Text.TrimEnd('.', ':', ' ').ToUpperInvariant() : text;
            // The contract itself begins with the table's first entry again.
            if (entries >= MinEntries && key == first && !paged)
            {
                break;
            }

            var isEntry =
                paged
                || text.Length <= 12
                || (
                    text.Length <= MaxPlainEntry
                    && (numbered || Headings.NamesAttachment(text) || Headings.IsCapitalised(text))
                );
            if (!isEntry || Headings.BeginsPreamble(text))
            {
                break;
            }

            if (paged || numbered)
            {
                first ??= key;
                entries++;
                lastEntry = i;
            }
            else if (Headings.NamesAttachment(text))
            {
                lastEntry = i;
            }
        }

        return entries >= MinEntries ? lastEntry + 1 : null;
    }

    [GeneratedRegex(
        @"^(table of contents|contents|index|inhaltsverzeichnis|inhalt)\b[\s:.]*((clause|section|article)?\s*page( no\.?)?)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Announcement();

    [GeneratedRegex(@"(\D|^)(\d{1,3}|[ivx]{1,5}|[A-Z]-\d{1,2})$")]
    private static partial Regex EndsWithPage();
}
