namespace Chancery.Contracts.Reading;

/// <summary>What a text is like as a whole.</summary>
/// <param name="IsJoined">Whether it has lost its lines, so that clauses begin within them.</param>
/// <param name="IsNumbered">Whether one series of numbers runs through it.</param>
internal sealed record TextShape(bool IsJoined, bool IsNumbered)
{
    // Paragraphs of contracts are seldom longer, pages seldom shorter.
    private const int LongLine = 1500;
    private const double JoinedShare = 0.4;

    /// <summary>A series is the contract's own from this length, and from this share of the text between its first and last number.</summary>
    private const int MinRun = 3;
    private const double MinCoverage = 0.35;

    public static TextShape Of(IReadOnlyList<TextSegment> segments, IReadOnlyList<LabelCandidate> candidates)
    {
        var all = segments.Sum(segment => (long)segment.Text.Length);
        var lengths = new List<long>();
        long line = 0;
        foreach (var segment in segments)
        {
            if (segment.Break == SegmentBreak.Line)
            {
                lengths.Add(line);
                line = 0;
            }

            line += segment.Text.Length;
        }

        lengths.Add(line);
        var isJoined = lengths.Where(length => length > LongLine).Sum() > all * JoinedShare;
        return new TextShape(isJoined, IsNumberedThrough(segments, candidates, all, isJoined));
    }

    private static bool IsNumberedThrough(
        IReadOnlyList<TextSegment> segments,
        IReadOnlyList<LabelCandidate> candidates,
        long all,
        bool isJoined
    )
    {
        var starts = new long[segments.Count];
        for (var i = 1; i < segments.Count; i++)
        {
            starts[i] = starts[i - 1] + segments[i - 1].Text.Length;
        }

        var runs = new Dictionary<string, (int Last, int Count, long First)>(StringComparer.Ordinal);
        foreach (var candidate in candidates)
        {
            var label = candidate.Label;
            var counts =
                candidate.IsSetOff || (isJoined && candidate is { Place: LabelPlace.Sentence, StartsSentence: true });
            if (!counts || label.IsDecimal || label.Open.Length > 0 || label.Close == ")")
            {
                continue;
            }

            foreach (var reading in label.Readings)
            {
                if (reading.Format is NumberFormat.LowerLetter or NumberFormat.LowerRoman)
                {
                    continue;
                }

                var key = label.SeriesOf(reading.Format);
                var at = starts[candidate.Segment] + candidate.Start;
                if (reading.Value == 1 && (!runs.TryGetValue(key, out var old) || old.Count < MinRun))
                {
                    runs[key] = (1, 1, at);
                }
                else if (
                    runs.TryGetValue(key, out var run)
                    && reading.Value > run.Last
                    && reading.Value <= run.Last + 2
                )
                {
                    runs[key] = (reading.Value, run.Count + 1, run.First);
                    if (run.Count + 1 >= MinRun && (label.IsNamed || at - run.First > all * MinCoverage))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }
}
