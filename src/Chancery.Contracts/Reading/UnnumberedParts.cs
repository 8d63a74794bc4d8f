namespace Chancery.Contracts.Reading;

/// <summary>Parts of a contract that bear no number: recitals, signatures, attachments, and headings where nothing is numbered.</summary>
internal sealed class UnnumberedParts(
    IReadOnlyList<TextSegment> segments,
    IReadOnlyList<LabelCandidate> candidates,
    TextShape shape
)
{
    private const int MinProse = 60;

    /// <summary>How many short lines over a signature belong to it: the names of who signs.</summary>
    private const int MaxSigners = 2;

    private static readonly HashSet<string> NoHeadings = new(StringComparer.OrdinalIgnoreCase)
    {
        "between",
        "by and between",
        "among",
        "and",
        "b e t w e e n",
        "a n d",
        "parties",
        "the parties",
        "zwischen",
        "und",
    };

    private string _attachment = "";
    private bool _signed;
    private int? _firstProse;

    /// <summary>The part that begins with a segment, told to the series; null where none does.</summary>
    public OutlineMark? At(int segment, NumberedSeries series, List<OutlineMark> marks)
    {
        if (segments[segment].Break != SegmentBreak.Line)
        {
            return null;
        }

        var text = segments[segment].Text;
        if (IsAttachment(segment, series))
        {
            _attachment = text[..Headings.AttachmentNameOf(text)];
            return Begin(MarkKind.Attachment, segment, series, childDepth: 1);
        }

        if (Headings.BeginsSignatures(text) && !series.IsInSignatures)
        {
            _signed = true;
            return Begin(MarkKind.Block, segment, series, childDepth: 0, isSignatures: true);
        }

        if (Headings.IsSigned(text) && !series.IsInSignatures && !series.GoesOnAfter(segment) && IsSignature(segment))
        {
            _signed = true;
            return Begin(MarkKind.Block, FirstSigner(segment, marks), series, childDepth: 0, isSignatures: true);
        }

        if (Headings.NamesRecitals(text) && !series.IsInSignatures && !_signed)
        {
            return Begin(MarkKind.Heading, segment, series, childDepth: 1, isRecitals: true);
        }

        if (series.IsInLetteredRecitals && Headings.EndsRecitals(text))
        {
            return Begin(MarkKind.Block, segment, series, childDepth: 0);
        }

        return IsHeading(segment, series, marks)
            ? Begin(MarkKind.Heading, segment, series, childDepth: shape.IsNumbered ? 0 : 1)
            : null;
    }

    private static OutlineMark Begin(
        MarkKind kind,
        int segment,
        NumberedSeries series,
        int childDepth,
        bool isRecitals = false,
        bool isSignatures = false
    )
    {
        var mark = new OutlineMark(kind, segment, 0, 0, 0);
        series.Begin(mark, childDepth, isRecitals, isSignatures);
        return mark;
    }

    private bool IsAttachment(int segment, NumberedSeries series)
    {
        var text = segments[segment].Text;
        if (!Headings.NamesAttachment(text))
        {
            return false;
        }

        var name = Headings.AttachmentNameOf(text);
        var rest = text.AsSpan(name).TrimStart();
        var titled = rest.Length == 0 || char.IsUpper(rest[0]) || rest[0] is '[' or '(' or '"' or '“';
        // The name again is the head of the attachment's next page.
        return titled
            && (text.Length <= 200 || shape.IsJoined)
            && text[..name] != _attachment
            && (segment > 2 || rest.Length == 0)
            && !series.GoesOnAfter(segment + 1);
    }

    private bool IsSignature(int segment)
    {
        var text = segments[segment].Text;
        return text.Contains("/s/", StringComparison.Ordinal)
            || text.Contains("By:", StringComparison.OrdinalIgnoreCase)
            || text.Contains("Per:", StringComparison.Ordinal);
    }

    private int FirstSigner(int segment, List<OutlineMark> marks)
    {
        var first = segment;
        while (
            first > 0
            && segment - first < MaxSigners
            && segments[first - 1].Text is { Length: <= 90 } above
            && above[^1] is not ('.' or ';' or ':')
            && (marks.Count == 0 || marks[^1].Segment < first - 1)
        )
        {
            first--;
        }

        return first;
    }

    /// <summary>
    /// A heading without number: anywhere where the text is not numbered, else before the first number and behind signatures.
    /// </summary>
    private bool IsHeading(int segment, NumberedSeries series, List<OutlineMark> marks)
    {
        if (
            segment == 0
            || NoHeadings.Contains(segments[segment].Text.TrimEnd(':'))
            || Headings.EndsRecitals(segments[segment].Text)
        )
        {
            return false;
        }

        if (series.IsInRecitals && IsUpper(segments[segment].Text) && Headings.IsHeadingLine(segments[segment].Text))
        {
            return true;
        }

        if ((shape.IsNumbered && !series.IsInSignatures && series.HasBegun))
        {
            return false;
        }

        // The line under an attachment's name is its title.
        if (marks is [.., { Kind: MarkKind.Attachment } attachment] && attachment.Segment == segment - 1)
        {
            return false;
        }

        var text = segments[segment].Text;
        if (series.IsInSignatures || marks.Count == 0 || shape.IsNumbered)
        {
            return Headings.IsHeadingLine(text)
                && (IsUpper(text) || !shape.IsNumbered || (series.IsInSignatures && StartsSeries(segment + 1)))
                && segment + 1 < segments.Count
                && (shape.IsNumbered ? IsProse(segment + 1) || StartsSeries(segment + 1) : IsFollowed(segment))
                && (
                    marks.Count > 0 || segment > (_firstProse ??= FirstProse()) || text is "AGREEMENT" or "DEFINITIONS"
                );
        }

        return RunsIn(text) || (Headings.IsHeadingLine(text) && IsFollowed(segment));
    }

    /// <summary>Words follow, or another heading over words.</summary>
    private bool IsFollowed(int segment) =>
        segment + 1 < segments.Count
        && (
            IsProse(segment + 1)
            || StartsSeries(segment + 1)
            || (
                segment + 2 < segments.Count
                && Headings.IsHeadingLine(segments[segment + 1].Text)
                && IsProse(segment + 2)
            )
        );

    /// <summary>"CONFIDENTIALITY. Each party…" without a number.</summary>
    private static bool RunsIn(string text)
    {
        var length = Headings.LengthIn(text, false);
        return length is > 4 and < 80 && length < text.Length && IsUpper(text[..length]);
    }

    private bool IsProse(int segment)
    {
        var text = segments[segment].Text;
        return text.Length >= MinProse && !Headings.IsSigned(text)
            || text is [.., '.'] && text.Contains(' ', StringComparison.Ordinal) && text.Length > 25;
    }

    private bool StartsSeries(int segment)
    {
        var (low, high) = (0, candidates.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = candidates[middle].Segment < segment ? (middle + 1, high) : (low, middle);
        }

        return low < candidates.Count
            && candidates[low] is { Start: 0 } candidate
            && candidate.Segment == segment
            && candidate.Label.Readings.Any(reading => reading.Value == 1);
    }

    /// <summary>The preamble: headings before it are the contract's title.</summary>
    private int FirstProse()
    {
        for (var i = 0; i < segments.Count; i++)
        {
            if (segments[i].Text.Length >= MinProse && segments[i].Text.Any(char.IsLower))
            {
                return i;
            }
        }

        return segments.Count;
    }

    private static bool IsUpper(string text) => !text.Any(char.IsLower);
}
