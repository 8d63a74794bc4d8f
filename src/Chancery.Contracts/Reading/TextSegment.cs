using System.Text;

namespace Chancery.Contracts.Reading;

/// <summary>How a piece of text is set off from what stands before it.</summary>
internal enum SegmentBreak
{
    /// <summary>On a line of its own.</summary>
    Line,

    /// <summary>Behind a wide gap, or on the next line of a paragraph that is wrapped by hand: perhaps its own paragraph, perhaps not.</summary>
    Gap,
}

/// <summary>A piece of a text's line, its white space made single spaces.</summary>
/// <param name="Line">Which line of the text, from 1.</param>
/// <param name="Column">Where it begins in its line, from 0.</param>
/// <param name="BlankLines">How many empty lines stand before it.</param>
/// <param name="StartsPage">Whether a form feed stands before it.</param>
internal sealed record TextSegment(
    string Text,
    SegmentBreak Break,
    int Line,
    int Column,
    int BlankLines,
    bool StartsPage
)
{
    // What extraction leaves of a line break within a paragraph, or of columns.
    private const int Gap = 3;

    /// <summary>From this share of lines within the width of a typewriter, a text is taken to be wrapped by hand.</summary>
    private const double WrappedShare = 0.8;
    private const int WrappedWidth = 100;

    public static List<TextSegment> Split(string text)
    {
        var segments = new List<TextSegment>();
        var blank = 0;
        var startsPage = false;
        var line = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            line++;
            var content = text.AsSpan(range);
            startsPage |= content.Contains('\f');
            var first = true;
            foreach (var (piece, column) in Pieces(content))
            {
                segments.Add(
                    new TextSegment(
                        piece,
                        first ? SegmentBreak.Line : SegmentBreak.Gap,
                        line,
                        column,
                        first ? blank : 0,
                        first && startsPage
                    )
                );
                first = false;
            }

            if (first)
            {
                blank++;
            }
            else
            {
                (blank, startsPage) = (0, false);
            }
        }

        return IsWrapped(segments) ? Unwrap(segments) : segments;
    }

    /// <summary>The line's parts between wide gaps; a number and what follows it stay together.</summary>
    private static List<(string Text, int Column)> Pieces(ReadOnlySpan<char> line)
    {
        var pieces = new List<(string, int)>();
        var column = 0;
        var piece = new StringBuilder();
        var spaces = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (char.IsWhiteSpace(c) || c is '\u200b' or '\ufeff' or '\0')
            {
                spaces++;
                continue;
            }

            if (spaces > 0 && piece.Length > 0)
            {
                if (spaces >= Gap && !PrintedLabel.IsWhole(piece))
                {
                    pieces.Add((piece.ToString(), column));
                    piece.Clear();
                }
                else
                {
                    piece.Append(' ');
                }
            }

            if (piece.Length == 0)
            {
                column = i;
            }

            spaces = 0;
            piece.Append(c);
        }

        if (piece.Length > 0)
        {
            pieces.Add((piece.ToString(), column));
        }

        return pieces;
    }

    /// <summary>Lines of about one width that follow each other without an empty line, as a typewriter and e-mail leave them.</summary>
    private static bool IsWrapped(List<TextSegment> segments)
    {
        var lines = segments.Where(segment => segment.Break == SegmentBreak.Line).ToList();
        var adjacent = lines.Count(segment => segment.BlankLines == 0);
        return lines.Count >= 20
            && adjacent > lines.Count / 2
            && lines.Count(segment => segment.Text.Length <= WrappedWidth) > lines.Count * WrappedShare;
    }

    /// <summary>A line that follows a full one belongs to its paragraph, unless a number begins it.</summary>
    private static List<TextSegment> Unwrap(List<TextSegment> segments)
    {
        var lengths = segments.Select(segment => segment.Text.Length).Order().ToList();
        var full = lengths[(int)(lengths.Count * 0.9)] * 3 / 4;
        return
        [
            .. segments.Select(
                (segment, i) =>
                    i > 0
                    && segment is { Break: SegmentBreak.Line, BlankLines: 0, StartsPage: false }
                    && segments[i - 1].Text.Length >= full
                        ? segment with
                        {
                            Break = SegmentBreak.Gap,
                        }
                        : segment
            ),
        ];
    }
}
