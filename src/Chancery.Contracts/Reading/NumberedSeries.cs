namespace Chancery.Contracts.Reading;

/// <summary>The series of numbers that are open at a place of a text, and which numbers carry them on.</summary>
internal sealed class NumberedSeries(
    IReadOnlyList<TextSegment> segments,
    IReadOnlyList<LabelCandidate> candidates,
    TextShape shape
)
{
    /// <summary>Nothing that people write is deeper.</summary>
    private const int MaxDepth = 12;
    private const int MaxOpen = 24;
    private const int MaxHeading = 110;

    /// <summary>How many numbers may be missing in a series.</summary>
    private const int MaxGap = 2;

    private readonly SeriesAhead _ahead = new(candidates);
    private readonly List<OpenSeries> _open = [];
    private readonly Dictionary<string, OpenSeries> _closed = new(StringComparer.Ordinal);
    private int _baseDepth;
    private int _sectionSegment = -1;
    private bool _inRecitals;
    private bool _inSignatures;

    public IReadOnlyList<LabelCandidate> Candidates => candidates;

    /// <summary>Whether a number has begun a clause yet.</summary>
    public bool HasBegun { get; private set; }

    public bool IsInRecitals => _inRecitals;

    public bool IsInSignatures => _inSignatures;

    public bool IsInLetteredRecitals => _inRecitals && _open.Count > 0;

    /// <summary>Whether the outermost series still goes on behind a segment.</summary>
    public bool GoesOnAfter(int segment)
    {
        if (_open.Count == 0)
        {
            return false;
        }

        var index = FirstCandidateFrom(segment);
        return _ahead.Continues(index - 1, _open[0].Key, _open[0].Last, candidate => candidate.IsSetOff);
    }

    /// <summary>A part without a number begins: its numbers are its own.</summary>
    public void Begin(OutlineMark part, int childDepth, bool isRecitals, bool isSignatures)
    {
        _open.Clear();
        _closed.Clear();
        _baseDepth = childDepth;
        _sectionSegment = part.Segment;
        (_inRecitals, _inSignatures) = (isRecitals, isSignatures);
    }

    /// <summary>The clause that begins with a candidate; null where none does.</summary>
    public OutlineMark? Take(int index, List<OutlineMark> marks)
    {
        var candidate = candidates[index];
        if (!MayStand(index, marks) || (_inSignatures && !LeavesSignatures(index)))
        {
            return null;
        }

        var depth = candidate.Label.IsDecimal ? TakeDecimal(index) : TakeSingle(index, marks);
        if (depth is null)
        {
            return null;
        }

        _inSignatures = false;
        HasBegun = true;
        return new OutlineMark(
            MarkKind.Numbered,
            candidate.Segment,
            candidate.Start,
            candidate.End,
            Math.Min(depth.Value, MaxDepth),
            candidate.Label
        );
    }

    private bool LeavesSignatures(int index) =>
        candidates[index] is { IsSetOff: true, StartsSentence: true } candidate
        && candidate.Label.Readings.Any(reading =>
            reading.Value == 1
            && _ahead.Continues(
                index,
                candidate.Label.SeriesOf(reading.Format),
                1,
                next => next is { IsSetOff: true, StartsSentence: true }
            )
        );

    /// <summary>Whether the place of a number lets a clause begin there at all.</summary>
    private bool MayStand(int index, List<OutlineMark> marks)
    {
        var candidate = candidates[index];
        if (
            candidate.Label.IsNamed
            && !candidate.StartsSentence
            && candidate.Next is not ('\0' or ':' or '.' or '-' or '–' or '—')
        )
        {
            return false;
        }

        if (candidate.Label.IsBare)
        {
            return candidate.Place == LabelPlace.Line && BeginsCapitals(candidate);
        }

        return candidate.Place switch
        {
            LabelPlace.Line or LabelPlace.Gap => true,
            _ when IsChained(candidate, marks) => true,
            LabelPlace.Sentence => candidate.StartsSentence && (shape.IsJoined || JoinsSetOff(index)),
            LabelPlace.Within => shape.IsJoined
                && candidate is { StartsSentence: true, Label.IsNamed: false }
                && (candidate.Label.IsDecimal || BeginsCapitals(candidate)),
            _ => false,
        };
    }

    /// <summary>Behind another clause's number, or its heading: "4.2 Fees. (a) The…".</summary>
    private bool IsChained(LabelCandidate candidate, List<OutlineMark> marks)
    {
        if (
            marks.Count == 0
            || marks[^1] is not { Kind: MarkKind.Numbered } mark
            || mark.Segment != candidate.Segment
            || mark.End > candidate.Start
            || candidate.Start - mark.End > MaxHeading
        )
        {
            return false;
        }

        var between = segments[mark.Segment].Text[mark.End..candidate.Start].TrimEnd();
        return between.Length == 0 || (Headings.LengthIn(between, false) == between.Length);
    }

    /// <summary>A number within a line between two that begin lines: two lines that have become one.</summary>
    private bool JoinsSetOff(int index)
    {
        var label = candidates[index].Label;
        return label.Readings.Any(reading =>
            _open.Exists(series => series.Key == label.SeriesOf(reading.Format) && series.Last + 1 == reading.Value)
            && _ahead.Continues(index, label.SeriesOf(reading.Format), reading.Value, next => next.IsSetOff)
        );
    }

    /// <summary>"2. STRATEGIC ALLIANCE: …".</summary>
    private bool BeginsCapitals(LabelCandidate candidate)
    {
        var text = segments[candidate.Segment].Text.AsSpan(candidate.End);
        var space = text.IndexOf(' ');
        var word = space < 0 ? text : text[..space];
        foreach (var c in word)
        {
            if (char.IsLower(c))
            {
                return false;
            }
        }

        return word.Length >= 2 && char.IsUpper(word[0]);
    }

    private int? TakeSingle(int index, List<OutlineMark> marks)
    {
        var candidate = candidates[index];
        if (ContinuationOf(index) is { } found)
        {
            var (at, reading) = found;
            CloseBelow(at);
            _open[at].Advance(candidate.Label, reading);
            return _open[at].Depth;
        }

        foreach (var reading in candidate.Label.Readings.Where(reading => reading.Value == 1))
        {
            if (Start(index, reading, marks) is { } depth)
            {
                return depth;
            }
        }

        return candidate.IsSetOff && candidate.StartsSentence ? Resume(index) : null;
    }

    /// <summary>The open series that a number carries on, the innermost first, and as what it is to be read then.</summary>
    private (int Series, LabelReading Reading)? ContinuationOf(int index)
    {
        var label = candidates[index].Label;
        (int Series, LabelReading Reading)? found = null;
        foreach (var reading in label.Readings)
        {
            var key = label.SeriesOf(reading.Format);
            var at = _open.FindLastIndex(series => series.Key == key && series.Last + 1 == reading.Value);
            if (at >= 0 && (found is null || at > found.Value.Series))
            {
                found = (at, reading);
            }
        }

        // "(i)" after "(h)" is a letter where "(j)" comes next, and the first Roman number where "(ii)" does.
        if (
            found is { Reading.Format: NumberFormat.LowerLetter or NumberFormat.UpperLetter } letter
            && label.Readings[0] is { Value: 1 } roman
            && roman != letter.Reading
        )
        {
            var second = _ahead.FirstOf(index, label.SeriesOf(roman.Format), 2);
            var following = _ahead.FirstOf(index, label.SeriesOf(letter.Reading.Format), letter.Reading.Value + 1);
            if (second is { } two && (following is not { } next || two < next))
            {
                return null;
            }
        }

        return found;
    }

    /// <summary>A series begins: under the clause that is open, or anew where it has been.</summary>
    private int? Start(int index, LabelReading reading, List<OutlineMark> marks)
    {
        var candidate = candidates[index];
        var label = candidate.Label;
        var key = label.SeriesOf(reading.Format);
        bool Follows(LabelCandidate next) =>
            next.IsSetOff
            || (shape.IsJoined && next.StartsSentence && (next.Place == LabelPlace.Sentence || BeginsCapitals(next)));
        var goesOn = _ahead.Continues(index, key, 1, Follows);
        var stands = candidate.Place == LabelPlace.Line && (candidate.StartsSentence || label.Open.Length > 0);
        if ((!goesOn && (!stands || label.IsBare)) || _open.Count >= MaxOpen)
        {
            return null;
        }

        // "(1) Acme Inc.; (2) Beta LLC": the parties of a contract whose clauses are numbered otherwise.
        if (marks.Count == 0 && shape.IsNumbered && label.Open.Length > 0)
        {
            return null;
        }

        var top =
            label.IsNamed || (label.Open.Length == 0 && reading.Format is NumberFormat.Arabic && label.Close != ")");
        var adjoins = _sectionSegment >= 0 && candidate.Segment - _sectionSegment <= 1 && candidate.Start == 0;
        if (_inRecitals && (_open.Count > 0 ? top : label.IsNamed || !adjoins))
        {
            Leave();
        }
        else if (label.Word.StartsWith("art", StringComparison.OrdinalIgnoreCase))
        {
            CloseBelow(-1);
        }
        else if (
            adjoins
            && top
            && _baseDepth == 1
            && marks is [.., { Kind: MarkKind.Heading }]
            && HasHeading(candidate)
        )
        {
            // "Terms and Conditions" over "1. Term. …" names the contract's part, whose clauses stand at the top.
            _baseDepth = 0;
        }

        var again = _open.FindLastIndex(series => series.Key == key);
        if (again >= 0 && !IsNested(index, key, _open[again].Last))
        {
            var depth = _open[again].Depth;
            CloseBelow(again - 1);
            return Push(new OpenSeries(key, label, reading, depth));
        }

        return Push(new OpenSeries(key, label, reading, _open.Count == 0 ? _baseDepth : _open[^1].Depth + 1));
    }

    private bool HasHeading(LabelCandidate candidate) =>
        Headings.LengthIn(segments[candidate.Segment].Text[candidate.End..], true) > 0;

    /// <summary>Whether the outer series of the same look carries on when the inner one is through.</summary>
    private bool IsNested(int index, string key, int outer)
    {
        var inner = 1;
        var start = index;
        while (_ahead.FirstOf(start, key, inner + 1, next => next.IsSetOff) is { } following)
        {
            if (_ahead.FirstOf(start, key, outer + 1, next => next.IsSetOff) is { } resumed && resumed < following)
            {
                return true;
            }

            if (inner >= outer + 1)
            {
                return false;
            }

            (inner, start) = (inner + 1, following);
        }

        return inner <= outer && _ahead.FirstOf(start, key, outer + 1, next => next.IsSetOff) is not null;
    }

    /// <summary>A number that neither begins a series nor is next in one: numbers were left out, or belong to another contract.</summary>
    private int? Resume(int index)
    {
        var candidate = candidates[index];
        var label = candidate.Label;
        foreach (var reading in label.Readings)
        {
            var key = label.SeriesOf(reading.Format);
            var at = _open.FindLastIndex(series =>
                series.Key == key && reading.Value > series.Last && reading.Value <= series.Last + 1 + MaxGap
            );
            if (at >= 0)
            {
                CloseBelow(at);
                _open[at].Advance(label, reading);
                return _open[at].Depth;
            }

            var counts =
                label.IsNamed || (label.Open.Length == 0 && reading.Format == NumberFormat.Arabic && !label.IsBare);
            if (counts && _closed.TryGetValue(key, out var closed) && closed.Last + 1 == reading.Value)
            {
                var below = _open.FindLastIndex(series => series.Depth < closed.Depth);
                CloseBelow(below);
                return Push(new OpenSeries(key, label, reading, below < 0 ? _baseDepth : _open[below].Depth + 1));
            }

            if (
                counts
                && (
                    _ahead.HasChild(index, reading.Value)
                    || (
                        _open.Count == 0
                        && _ahead.Continues(index, key, reading.Value, next => next.IsSetOff || shape.IsJoined)
                    )
                )
            )
            {
                return Push(new OpenSeries(key, label, reading, _open.Count == 0 ? _baseDepth : _open[^1].Depth + 1));
            }
        }

        return null;
    }

    private int? TakeDecimal(int index)
    {
        var candidate = candidates[index];
        var label = candidate.Label;
        var reading = label.Readings[0];
        if (!candidate.StartsSentence && candidate.Next != '\0' && candidate.Place != LabelPlace.Line)
        {
            return null;
        }

        var slack = candidate.IsSetOff ? 1 + MaxGap : 1;
        var sibling = _open.FindLastIndex(series => series.HoldsSiblingOf(label));
        if (sibling >= 0 && label.Parts.Count > 1)
        {
            if (reading.Value <= _open[sibling].Last || reading.Value > _open[sibling].Last + slack)
            {
                return null;
            }

            CloseBelow(sibling);
            _open[sibling].Advance(label, reading);
            return _open[sibling].Depth;
        }

        var parent = _open.FindLastIndex(series => series.HoldsParentOf(label));
        if (parent >= 0 && (reading.Value <= 1 || (candidate.IsSetOff && reading.Value <= slack)))
        {
            CloseBelow(parent);
            return Push(new OpenSeries(label.SeriesOf(reading.Format), label, reading, _open[parent].Depth + 1));
        }

        return candidate.IsSetOff && candidate.StartsSentence ? Orphan(label, reading) : null;
    }

    /// <summary>A number in decimals without its parent: the parent has no line of its own, or the number is mistyped.</summary>
    private int? Orphan(PrintedLabel label, LabelReading reading)
    {
        if (_inRecitals)
        {
            Leave();
        }

        var same = _open.FindIndex(series => series.Parts.Count == label.Parts.Count);
        if (same >= 0)
        {
            var old = _open[same];
            CloseBelow(same - 1);
            return Push(new OpenSeries(old.Key, label, reading, old.Depth));
        }

        if (_open.Count == 0 || _closed.ContainsKey(label.SeriesOf(reading.Format)) || reading.Value <= 1)
        {
            var above = _open.FindLastIndex(series =>
                series.Parts.Count < label.Parts.Count
                && series.Format is not (NumberFormat.LowerLetter or NumberFormat.LowerRoman)
            );
            CloseBelow(above);
            return Push(
                new OpenSeries(
                    label.SeriesOf(reading.Format),
                    label,
                    reading,
                    above < 0 ? _baseDepth : _open[above].Depth + 1
                )
            );
        }

        return null;
    }

    private void Leave()
    {
        _open.Clear();
        _baseDepth = 0;
        _inRecitals = false;
    }

    private int Push(OpenSeries series)
    {
        _open.Add(series);
        return series.Depth;
    }

    private void CloseBelow(int last)
    {
        for (var i = _open.Count - 1; i > last; i--)
        {
            _closed[_open[i].Key] = _open[i];
            _open.RemoveAt(i);
        }
    }

    private int FirstCandidateFrom(int segment)
    {
        var (low, high) = (0, candidates.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = candidates[middle].Segment < segment ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
