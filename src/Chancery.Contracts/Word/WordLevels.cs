using System.Text;

namespace Chancery.Contracts.Word;

/// <summary>
/// A numbering scheme as Word's nine levels, with where numbers and words stand. Word counts by paragraphs, we by the tree:
/// <see cref="LabelOf"/> is what Word makes of its counters, so that a writer sees where the two part.
/// </summary>
internal sealed class WordLevels
{
    /// <summary>Word has no more; deeper clauses are written at the last.</summary>
    public const int Count = 9;

    private const int LetterWidth = 130;
    private const int Step = 709;

    private readonly NumberingLevel[] _levels = new NumberingLevel[Count];
    private readonly (int Number, int Text)[] _places = new (int, int)[Count];

    public WordLevels(NumberingScheme scheme)
    {
        Scheme = scheme;
        for (var i = 0; i < Count; i++)
        {
            _levels[i] = Extend(scheme, i);
        }

        for (var i = 0; i < Count; i++)
        {
            _places[i] = PlaceOf(i);
        }
    }

    public NumberingScheme Scheme { get; }

    public NumberingLevel this[int level] => _levels[level];

    /// <summary>Where the number and the words begin, in twentieths of a point from the margin.</summary>
    public (int Number, int Text) Place(int level) => _places[level];

    /// <summary>What a scheme says of a depth, also below its last level: there the pattern names its own depth in place of the last.</summary>
    public static NumberingLevel Extend(NumberingScheme scheme, int depth)
    {
        if (scheme.Levels.Count == 0)
        {
            return new NumberingLevel(NumberFormat.None, "");
        }

        var last = scheme.Levels.Count - 1;
        var level = scheme.Levels[Math.Min(depth, last)];
        if (level.Format == NumberFormat.None)
        {
            return new NumberingLevel(NumberFormat.None, "");
        }

        return depth <= last
            ? level
            : level with
            {
                Pattern = level.Pattern.Replace($"%{last + 1}", $"%{depth + 1}", StringComparison.Ordinal),
            };
    }

    /// <summary>What Word shows at <paramref name="level"/> with these counters; a level that did not count yet is shown as 1.</summary>
    public string LabelOf(int level, ReadOnlySpan<int> counters)
    {
        var own = _levels[level];
        var label = new StringBuilder();
        for (var i = 0; i < own.Pattern.Length; i++)
        {
            if (own.Pattern[i] == '%' && i + 1 < own.Pattern.Length && own.Pattern[i + 1] is >= '1' and <= '9')
            {
                var named = own.Pattern[++i] - '1';
                if (named <= level)
                {
                    label.Append(
                        ClauseNumbers.Write(
                            Math.Max(1, counters[named]),
                            own.IsLegal ? NumberFormat.Arabic : _levels[named].Format
                        )
                    );
                }
            }
            else
            {
                label.Append(own.Pattern[i]);
            }
        }

        return label.ToString();
    }

    private (int Number, int Text) PlaceOf(int level)
    {
        // "1.1" repeats what stands above it, and so begins where that does; "(a)" begins under the words above.
        var pattern = _levels[level].Pattern;
        var repeats = level > 0 && pattern.Contains($"%{level}", StringComparison.Ordinal);
        var number =
            level == 0 ? 0
            : repeats ? _places[level - 1].Number
            : _places[level - 1].Text;
        var longest = LabelOf(level, [8, 18, 8, 8, 8, 8, 8, 8, 8]).Length;
        var width = longest == 0 ? 0 : Math.Max(Step, ((longest * LetterWidth) + 119) / 120 * 120);
        var text = number + width;
        return (number, repeats ? Math.Max(text, _places[level - 1].Text) : text);
    }
}
