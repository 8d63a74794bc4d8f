namespace Chancery.Contracts.Reading;

/// <summary>
/// Finds the scheme that computes most of the printed numbers, and leaves the others in the clauses' words, so that every clause
/// shows the number that it had.
/// </summary>
internal static class NumberingReader
{
    private const int MaxMissing = 2;

    public static NumberingScheme Number(List<ClauseDraft> clauses)
    {
        var scheme = SchemeOf(clauses);
        Count(clauses, scheme.Levels, []);
        return scheme;
    }

    private static NumberingScheme SchemeOf(IReadOnlyList<ClauseDraft> clauses)
    {
        var votes = new List<Dictionary<NumberingLevel, int>>();
        Vote(clauses, 0, votes);
        var levels = new List<NumberingLevel>();
        for (var depth = 0; depth < votes.Count; depth++)
        {
            var level =
                votes[depth].Count > 0
                    ? votes[depth].MaxBy(vote => vote.Value).Key
                    : NumberingScheme.Sections.Levels[Math.Min(depth, NumberingScheme.Sections.Levels.Count - 1)];
            levels.Add(
                level with
                {
                    IsLegal = level.IsLegal && levels.Exists(above => above.Format != NumberFormat.Arabic),
                }
            );
        }

        return levels.Count == 0 ? NumberingScheme.Sections : new NumberingScheme(levels);
    }

    private static void Vote(IReadOnlyList<ClauseDraft> clauses, int depth, List<Dictionary<NumberingLevel, int>> votes)
    {
        foreach (var clause in clauses)
        {
            if (votes.Count <= depth)
            {
                votes.Add([]);
            }

            if (clause.Label is { } label)
            {
                foreach (
                    var level in label
                        .Readings.Select(reading => LevelOf(label, reading, depth))
                        .OfType<NumberingLevel>()
                )
                {
                    votes[depth][level] = votes[depth].GetValueOrDefault(level) + 1;
                }
            }

            Vote(clause.Children, depth + 1, votes);
        }
    }

    /// <summary>How a level is written whose number looks so; null where no pattern can say it.</summary>
    private static NumberingLevel? LevelOf(PrintedLabel label, LabelReading reading, int depth)
    {
        var above = label.Parts.Count - 1;
        if (above > depth || reading.Format == NumberFormat.None)
        {
            return null;
        }

        var number = string.Join('.', Enumerable.Range(depth - above + 1, above + 1).Select(level => $"%{level}"));
        var start = label.IsNamed ? $"{label.Word} " : label.Open;
        return new NumberingLevel(reading.Format, $"{start}{number}{label.Close}", IsLegal: above > 0);
    }

    private static void Count(List<ClauseDraft> clauses, IReadOnlyList<NumberingLevel> levels, int[] above)
    {
        var number = 0;
        for (var i = 0; i < clauses.Count; i++)
        {
            var clause = clauses[i];
            if (clause.Label is { } label)
            {
                var level = levels[Math.Min(above.Length, levels.Count - 1)];
                if (MissingBefore(label, level, levels, [.. above, number + 1]) is { } missing)
                {
                    for (; missing > 0; missing--, number++, i++)
                    {
                        clauses.Insert(i, ClauseDraft.Missing(above.Length));
                    }

                    number++;
                    clause.IsNumbered = true;
                }
                else
                {
                    clause.KeepLabelAsWords();
                }
            }

            Count(clause.Children, levels, [.. above, clause.IsNumbered ? number : 0]);
        }
    }

    /// <summary>
    /// How many numbers the text leaves out before this one, so that it is computed as printed: empty clauses hold their places. Null
    /// where the scheme does not write it so.
    /// </summary>
    private static int? MissingBefore(
        PrintedLabel label,
        NumberingLevel level,
        IReadOnlyList<NumberingLevel> levels,
        int[] path
    )
    {
        for (
            var missing = 0;
            level.Format != NumberFormat.None && missing <= (path[^1] > 1 ? MaxMissing : 0);
            missing++
        )
        {
            if (AreSame(ClauseNumbers.Fill(level, levels, path), label.Text))
            {
                return missing;
            }

            path[^1]++;
        }

        return null;
    }

    /// <summary>But for what closes a number: "7.02 ." beside "7.01".</summary>
    private static bool AreSame(string computed, string printed) =>
        Bare(computed).Equals(Bare(printed), StringComparison.Ordinal);

    private static string Bare(string label) => string.Concat(label.Where(c => c is not (' ' or ':'))).TrimEnd('.');
}
