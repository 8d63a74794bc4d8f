using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Counts the paragraphs of numbered lists and says what stands before each: "1.2.3", "(a)", "•". It is not in the document, only
/// the rules are.
/// </summary>
internal sealed class WordLists
{
    private const int Levels = 9;
    private const int MaxMarkLength = 60;

    private readonly Dictionary<string, ListDefinition> _lists = [];
    private readonly Dictionary<string, int[]> _counters = [];
    private readonly HashSet<(string List, int Level)> _restarted = [];

    /// <param name="numbering">The root of the numbering part; null where there is none.</param>
    public WordLists(XmlNode? numbering, WordStyles styles)
    {
        var definitions = new Dictionary<string, XmlNode>();
        foreach (var definition in numbering?.All("w:abstractNum") ?? [])
        {
            definitions.TryAdd(definition["abstractNumId"] ?? "", definition);
        }

        var lists = (numbering?.All("w:num") ?? []).ToList();
        foreach (var list in lists)
        {
            if (
                list["numId"] is { } id
                && definitions.GetValueOrDefault(list.Child("w:abstractNumId")?["val"] ?? "") is { } definition
            )
            {
                // A definition may only name a list style, whose list has the definition that counts.
                if (
                    definition.Child("w:numStyleLink")?["val"] is { } link
                    && lists.Find(other => other["numId"] == styles.ListOfStyle(link)) is { } linked
                    && definitions.GetValueOrDefault(linked.Child("w:abstractNumId")?["val"] ?? "") is { } styled
                )
                {
                    definition = styled;
                }

                _lists.TryAdd(id, new ListDefinition(definition, list));
            }
        }
    }

    /// <summary>The mark of the next paragraph of a list; null for a list that is not defined.</summary>
    /// <param name="style">The paragraph's: the list may give it a level.</param>
    public (string Mark, int Level)? Next(string list, int level, string? style)
    {
        if (!_lists.TryGetValue(list, out var definition))
        {
            return null;
        }

        level = definition.LevelOfStyle(style) ?? level;
        if (!_counters.TryGetValue(definition.Id, out var counters))
        {
            counters = new int[Levels];
            Array.Fill(counters, -1);
            _counters.Add(definition.Id, counters);
        }

        var rule = definition.Rule(level);
        var starts = definition.StartOverride(level) is not null && _restarted.Add((list, level));
        counters[level] =
            starts ? definition.StartOverride(level)!.Value
            : counters[level] < 0 ? rule.Start
            : counters[level] + 1;
        for (var higher = 0; higher < level; higher++)
        {
            // A level that was left out counts as begun: after 2.1.1 comes 2.2.
            counters[higher] = counters[higher] < 0 ? definition.Rule(higher).Start : counters[higher];
        }

        for (var deeper = level + 1; deeper < Levels; deeper++)
        {
            // A level starts again after any higher one, or after a certain one, or never.
            if (definition.Rule(deeper).RestartAfter is not { } after || (after > 0 && level < after))
            {
                counters[deeper] = -1;
            }
        }

        return (Mark(definition, rule, level, counters), level);
    }

    private static string Mark(ListDefinition definition, LevelRule rule, int level, int[] counters)
    {
        if (rule.Format == "bullet")
        {
            return "•";
        }

        if (rule.Format == "none")
        {
            return "";
        }

        var mark = new StringBuilder();
        for (var i = 0; i < rule.Text.Length && mark.Length < MaxMarkLength; i++)
        {
            if (rule.Text[i] == '%' && i + 1 < rule.Text.Length && rule.Text[i + 1] is >= '1' and <= '9')
            {
                var of = rule.Text[++i] - '1';
                if (of <= level)
                {
                    mark.Append(NumberText.Of(counters[of], rule.IsLegal ? "decimal" : definition.Rule(of).Format));
                }
            }
            else
            {
                mark.Append(rule.Text[i]);
            }
        }

        return BlockWriter.OneLine(mark.ToString());
    }

    /// <param name="RestartAfter">Null after any higher level; else the number of the level after which, 0 for never.</param>
    private sealed record LevelRule(
        int Start,
        string Format,
        string Text,
        bool IsLegal,
        int? RestartAfter,
        string? Style
    )
    {
        public static LevelRule Of(XmlNode? level) =>
            new(
                Number(level?.Child("w:start")) ?? (level is null ? 1 : 0),
                level?.Child("w:numFmt")?["val"]
                    ?? level?.Descendants("w:numFmt").FirstOrDefault()?["val"]
                    ?? "decimal",
                level?.Child("w:lvlText")?["val"] ?? "",
                XmlNode.IsOn(level?.Child("w:isLgl")),
                Number(level?.Child("w:lvlRestart")),
                level?.Child("w:pStyle")?["val"]
            );
    }

    private sealed class ListDefinition
    {
        private readonly LevelRule[] _rules = new LevelRule[Levels];
        private readonly int?[] _starts = new int?[Levels];

        public ListDefinition(XmlNode definition, XmlNode list)
        {
            Id = definition["abstractNumId"] ?? "";
            Array.Fill(_rules, LevelRule.Of(null));
            foreach (var level in definition.All("w:lvl"))
            {
                Set(level["ilvl"], at => _rules[at] = LevelRule.Of(level));
            }

            foreach (var change in list.All("w:lvlOverride"))
            {
                Set(
                    change["ilvl"],
                    at =>
                    {
                        _starts[at] = Number(change.Child("w:startOverride"));
                        if (change.Child("w:lvl") is { } level)
                        {
                            _rules[at] = LevelRule.Of(level);
                        }
                    }
                );
            }
        }

        /// <summary>Lists of one definition count together.</summary>
        public string Id { get; }

        public LevelRule Rule(int level) => _rules[level];

        public int? StartOverride(int level) => _starts[level];

        public int? LevelOfStyle(string? style)
        {
            var level = style is null ? -1 : Array.FindIndex(_rules, rule => rule.Style == style);
            return level < 0 ? null : level;
        }

        private static void Set(string? level, Action<int> change)
        {
            if (int.TryParse(level, CultureInfo.InvariantCulture, out var at) && at is >= 0 and < Levels)
            {
                change(at);
            }
        }
    }

    private static int? Number(XmlNode? node) =>
        int.TryParse(node?["val"], CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1_000_000
            ? number
            : null;
}
