namespace Chancery.Contracts.Reading;

/// <summary>
/// Tells where clauses begin and how deep they stand. A number counts where it carries on a series that is open, or begins one; what
/// only looks like a number stays in its sentence.
/// </summary>
internal sealed class OutlineReader
{
    private readonly IReadOnlyList<TextSegment> _segments;
    private readonly UnnumberedParts _parts;
    private readonly NumberedSeries _series;
    private readonly List<OutlineMark> _marks = [];

    private OutlineReader(IReadOnlyList<TextSegment> segments)
    {
        _segments = segments;
        var candidates = LabelCandidate.Find(segments);
        var shape = TextShape.Of(segments, candidates);
        _series = new NumberedSeries(segments, candidates, shape);
        _parts = new UnnumberedParts(segments, candidates, shape);
    }

    public static List<OutlineMark> Read(IReadOnlyList<TextSegment> segments)
    {
        var reader = new OutlineReader(segments);
        reader.Read();
        return reader._marks;
    }

    private void Read()
    {
        var next = 0;
        for (var i = 0; i < _segments.Count; i++)
        {
            var numbered = false;
            if (next < _series.Candidates.Count && _series.Candidates[next] is { Start: 0 } first && first.Segment == i)
            {
                numbered = Take(next++);
            }

            if (!numbered && _parts.At(i, _series, _marks) is { } part)
            {
                Add(part);
            }

            for (; next < _series.Candidates.Count && _series.Candidates[next].Segment == i; next++)
            {
                Take(next);
            }
        }
    }

    private bool Take(int index)
    {
        if (_series.Take(index, _marks) is not { } mark)
        {
            return false;
        }

        _marks.Add(mark);
        return true;
    }

    /// <summary>Signatures are seen at their second line at times; what stands before it is theirs, too.</summary>
    private void Add(OutlineMark mark)
    {
        var at = _marks.Count;
        while (at > 0 && _marks[at - 1].Segment >= mark.Segment)
        {
            at--;
        }

        _marks.RemoveRange(at, _marks.Count - at);
        _marks.Add(mark);
    }
}
