using System.Text;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Finds how the clauses of each depth are numbered: as most of them are.</summary>
internal sealed class SchemeReader
{
    private readonly List<Dictionary<NumberingLevel, int>> _seen = [];

    /// <param name="depthOf">At which depth the clause stands that carries a level of this list; null for none.</param>
    public void Add(int depth, ListPlace place, Func<int, int?> depthOf)
    {
        var pattern = new StringBuilder();
        var own = place.Kind.Pattern;
        for (var i = 0; i < own.Length; i++)
        {
            if (own[i] == '%' && i + 1 < own.Length && char.IsAsciiDigit(own[i + 1]))
            {
                var level = own[++i] - '1';
                if ((level == place.Level ? depth : depthOf(level)) is { } at)
                {
                    pattern.Append('%').Append(at + 1);
                }
            }
            else
            {
                pattern.Append(own[i]);
            }
        }

        Count(
            depth,
            new NumberingLevel(place.Kind.Format ?? NumberFormat.None, pattern.ToString(), place.Kind.IsLegal)
        );
    }

    public void Add(int depth, TypedLabel label, Func<int, int?> depthOf)
    {
        var pattern = new StringBuilder(label.Before);
        for (var level = 0; level < label.Level; level++)
        {
            // "4.2" under "ARTICLE IV" names the article, though that one counts by itself.
            pattern.Append('%').Append((depthOf(level) ?? Math.Max(0, depth - label.Level + level)) + 1).Append('.');
        }

        pattern.Append('%').Append(depth + 1).Append(label.After);
        Count(depth, new NumberingLevel(label.Format, pattern.ToString(), label.Level > 0));
    }

    /// <summary>Null where nothing was numbered.</summary>
    public NumberingScheme? Scheme()
    {
        if (_seen.Count == 0)
        {
            return null;
        }

        List<NumberingLevel> levels =
        [
            .. _seen.Select(seen =>
                seen.Count == 0
                    ? new NumberingLevel(NumberFormat.None, "")
                    : seen.OrderByDescending(pair => pair.Value)
                        .ThenBy(pair => pair.Key.Pattern, StringComparer.Ordinal)
                        .First()
                        .Key
            ),
        ];
        for (var i = 0; i < levels.Count; i++)
        {
            // Said only where it makes a difference.
            var isLegal =
                levels[i].IsLegal
                && levels.Take(i).Any(level => level.Format is not (NumberFormat.Arabic or NumberFormat.None));
            levels[i] = levels[i] with { IsLegal = isLegal };
        }

        return new NumberingScheme(levels);
    }

    private void Count(int depth, NumberingLevel level)
    {
        while (_seen.Count <= depth)
        {
            _seen.Add([]);
        }

        _seen[depth][level] = _seen[depth].GetValueOrDefault(level) + 1;
    }
}
