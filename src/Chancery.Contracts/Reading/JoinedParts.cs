using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Gives their own lines back to parts that cannot be meant within a sentence: "… effect. IN WITNESS WHEREOF, …".</summary>
internal static partial class JoinedParts
{
    public static List<TextSegment> Split(List<TextSegment> segments)
    {
        var split = new List<TextSegment>(segments.Count);
        foreach (var segment in segments)
        {
            var start = 0;
            foreach (var match in Part().EnumerateMatches(segment.Text))
            {
                // A match takes the sign before the part, which ends the sentence, and the space behind it.
                var at = match.Index == 0 && segment.Text[0] != '.' ? 0 : segment.Text.IndexOf(' ', match.Index) + 1;
                var end = match.Index + match.Length;
                Add(split, segment, start, at);
                var isHeading = segment.Text.AsSpan(at, end - at) is not ['I' or 'i', 'N' or 'n', ' ', ..];
                if (isHeading && end < segment.Text.Length)
                {
                    Add(split, segment, at, end);
                    start = end;
                }
                else
                {
                    start = at;
                }
            }

            Add(split, segment, start, segment.Text.Length);
        }

        return split;
    }

    private static void Add(List<TextSegment> split, TextSegment segment, int start, int end)
    {
        var text = segment.Text.AsSpan(start, end - start).Trim();
        if (text.Length == 0)
        {
            return;
        }

        split.Add(
            start == 0
                ? segment with
                {
                    Text = text.Length == segment.Text.Length ? segment.Text : text.ToString(),
                }
                : segment with
                {
                    Text = text.ToString(),
                    Break = SegmentBreak.Line,
                    BlankLines = 0,
                    StartsPage = false,
                }
        );
    }

    [GeneratedRegex(
        @"(^|[.:;\])""”] )(IN WITNESS WHEREOF|In witness whereof|In Witness Whereof|(RECITALS|WITNESSETH|W I T N E S S E T H|BACKGROUND|PREAMBLE):?( |$)|AGREEMENT(?= (?:The|NOW|In|IN) )|TERMS AND CONDITIONS (?=1\.))",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Part();
}
