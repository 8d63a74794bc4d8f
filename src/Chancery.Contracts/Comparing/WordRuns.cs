namespace Chancery.Contracts.Comparing;

/// <summary>
/// Makes a shortest edit script into one that a person reads: changes start and end with sentences where they can, and no lone "the" or
/// comma is left standing between two changes.
/// </summary>
internal sealed class WordRuns(string from, string to, List<WordToken> earlier, List<WordToken> later)
{
    /// <summary>How far a change is shifted in search of a better place: some lines.</summary>
    private const int MostShift = 60;

    /// <summary>More words than these between two changes are never given up.</summary>
    private const int MostIsland = 4;

    private readonly List<Run> _runs = [];

    /// <summary>Marks anew what is kept of each.</summary>
    public void Tidy(int[] fromWords, int[] toWords, bool[] keptFrom, bool[] keptTo)
    {
        Read(keptFrom, keptTo);
        for (var i = 1; i + 1 < _runs.Count; i++)
        {
            if (!_runs[i].IsKept)
            {
                Shift(i, fromWords, toWords);
            }
        }

        _runs.RemoveAll(run => run.From.Length == 0 && run.To.Length == 0);
        Join();
        // What a joined change covers can make the next island too small for it.
        while (DropIslands()) { }

        Array.Clear(keptFrom);
        Array.Clear(keptTo);
        foreach (var run in _runs.Where(run => run.IsKept))
        {
            keptFrom.AsSpan(run.From.Start, run.From.Length).Fill(true);
            keptTo.AsSpan(run.To.Start, run.To.Length).Fill(true);
        }
    }

    private void Read(bool[] keptFrom, bool[] keptTo)
    {
        for (var (i, j) = (0, 0); i < keptFrom.Length || j < keptTo.Length; )
        {
            var (start, startTo) = (i, j);
            var isKept = i < keptFrom.Length && j < keptTo.Length && keptFrom[i] && keptTo[j];
            while (i < keptFrom.Length && keptFrom[i] == isKept && (!isKept || (j < keptTo.Length && keptTo[j])))
            {
                i++;
                j += isKept ? 1 : 0;
            }

            while (!isKept && j < keptTo.Length && !keptTo[j])
            {
                j++;
            }

            _runs.Add(new Run(isKept, new Stretch(start, i), new Stretch(startTo, j)));
        }
    }

    /// <summary>
    /// Words that only came or only went can often be said to have done so some words earlier or later; of all such places the one is taken
    /// that lies best between sentences.
    /// </summary>
    private void Shift(int at, int[] fromWords, int[] toWords)
    {
        var (before, change, after) = (_runs[at - 1], _runs[at], _runs[at + 1]);
        var isInsertion = change.From.Length == 0;
        if (!before.IsKept || !after.IsKept || (!isInsertion && change.To.Length > 0))
        {
            return;
        }

        var (words, stretch) = isInsertion ? (toWords, change.To) : (fromWords, change.From);
        var (best, bestFit) = (0, Fit(stretch, isInsertion));
        for (var shift = 1; shift <= Math.Min(MostShift, before.From.Length); shift++)
        {
            if (words[stretch.Start - shift] != words[stretch.End - shift])
            {
                break;
            }

            Take(-shift);
        }

        // The last run holds the end of the text, which stays where it is.
        for (var shift = 1; shift < Math.Min(MostShift, after.From.Length); shift++)
        {
            if (words[stretch.Start + shift - 1] != words[stretch.End + shift - 1])
            {
                break;
            }

            Take(shift);
        }

        _runs[at - 1] = new Run(true, before.From.Grown(0, best), before.To.Grown(0, best));
        _runs[at] = new Run(false, change.From.Grown(best, best), change.To.Grown(best, best));
        _runs[at + 1] = new Run(true, after.From.Grown(best, 0), after.To.Grown(best, 0));

        void Take(int shift)
        {
            var fit = Fit(stretch.Grown(shift, shift), isInsertion);
            (best, bestFit) = fit > bestFit ? (shift, fit) : (best, bestFit);
        }
    }

    private int Fit(Stretch stretch, bool isInsertion)
    {
        var (text, tokens) = isInsertion ? (to, later) : (from, earlier);
        return Break(text, tokens, stretch.Start) + Break(text, tokens, stretch.End);
    }

    /// <summary>How much of a break there is before a word.</summary>
    private static int Break(string text, List<WordToken> tokens, int at)
    {
        if (at <= 0 || at >= tokens.Count - 1)
        {
            return 6;
        }

        var space = text.AsSpan(tokens[at].Start, tokens[at].Word - tokens[at].Start);
        return space.Contains('\n')
            ? 6
            : text[tokens[at - 1].End - 1] switch
            {
                '.' or '!' or '?' or '。' => 5,
                ';' or ':' => 4,
                ',' => 3,
                _ => space.Length > 0 ? 2 : 0,
            };
    }

    private void Join()
    {
        for (var i = _runs.Count - 1; i > 0; i--)
        {
            if (_runs[i].IsKept == _runs[i - 1].IsKept)
            {
                var (a, b) = (_runs[i - 1], _runs[i]);
                _runs[i - 1] = new Run(
                    a.IsKept,
                    new Stretch(a.From.Start, b.From.End),
                    new Stretch(a.To.Start, b.To.End)
                );
                _runs.RemoveAt(i);
            }
        }
    }

    private bool DropIslands()
    {
        var runs = new List<Run>(_runs.Count);
        for (var i = 0; i < _runs.Count; i++)
        {
            var run = _runs[i];
            if (run.IsKept && runs.Count > 0 && i + 1 < _runs.Count && IsIsland(runs[^1], run, _runs[i + 1]))
            {
                var (before, after) = (runs[^1], _runs[++i]);
                runs[^1] = new Run(
                    false,
                    new Stretch(before.From.Start, after.From.End),
                    new Stretch(before.To.Start, after.To.End)
                );
                continue;
            }

            runs.Add(run);
        }

        var isChanged = runs.Count < _runs.Count;
        _runs.Clear();
        _runs.AddRange(runs);
        return isChanged;
    }

    private bool IsIsland(Run before, Run kept, Run after)
    {
        if (kept.From.Length > MostIsland)
        {
            return false;
        }

        var weight = 0;
        for (var i = kept.From.Start; i < kept.From.End; i++)
        {
            // A paragraph's end, a sentence's, or a named clause holds more than its length.
            if (EndsMore(from, earlier[i]) || EndsMore(to, later[i - kept.From.Start + kept.To.Start]))
            {
                return false;
            }

            weight += WeightOf(from, earlier[i]);
        }

        return weight <= Math.Min(WeightOf(before), WeightOf(after)) / 4;
    }

    private static bool EndsMore(string text, WordToken token) =>
        text.AsSpan(token.Start, token.Word - token.Start).Contains('\n')
        || (token.Word < token.End && text[token.Word] is '.' or ';' or ':' or '{');

    private int WeightOf(Run change) => Math.Max(WeightOf(from, earlier, change.From), WeightOf(to, later, change.To));

    private static int WeightOf(string text, List<WordToken> tokens, Stretch stretch)
    {
        var weight = 0;
        // Beyond some words a change is heavy enough for any island.
        for (var i = stretch.Start; i < Math.Min(stretch.End, stretch.Start + 40); i++)
        {
            weight += WeightOf(text, tokens[i]);
        }

        return weight;
    }

    /// <summary>Marks weigh next to nothing, short words little: they are the ones that stand in any sentence.</summary>
    private static int WeightOf(string text, WordToken token)
    {
        var length = token.End - token.Word;
        return length == 0 || !char.IsLetterOrDigit(text[token.Word]) ? 1
            : char.IsDigit(text[token.Word]) ? 6
            : length <= 3 ? 2
            : Math.Min(length + 2, 10);
    }

    private readonly record struct Stretch(int Start, int End)
    {
        public int Length => End - Start;

        public Stretch Grown(int start, int end) => new(Start + start, End + end);
    }

    private readonly record struct Run(bool IsKept, Stretch From, Stretch To);
}
