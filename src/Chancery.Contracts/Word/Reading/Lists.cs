using System.Text;
using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>One level of a list, as <c>numbering.xml</c> has it.</summary>
/// <param name="Format">Null: a bullet.</param>
internal sealed record ListLevel(
    NumberFormat? Format,
    string Pattern,
    bool IsLegal,
    int Start,
    bool Restarts,
    string? Style
)
{
    public static ListLevel Nothing { get; } = new(NumberFormat.None, "", false, 1, true, null);
}

/// <summary>Where in which list a paragraph stands, and what is shown before it.</summary>
/// <param name="List">The abstract list: instances of one count on.</param>
internal sealed record ListPlace(int List, int Level, ListLevel Kind, string Label)
{
    public bool IsBullet => Kind.Format is null;
}

/// <summary>The lists of a file. Counting is per view of the text: see <see cref="ListCounter"/>.</summary>
internal sealed class Lists
{
    private const int Levels = 9;

    private readonly Dictionary<int, ListLevel[]> _lists = [];
    private readonly Dictionary<int, (int List, ListLevel?[] Overrides, int?[] Starts)> _instances = [];

    public Lists(XElement? part, Func<string, XElement?> numberingOfStyle)
    {
        var links = new Dictionary<int, string>();
        foreach (var list in part?.Elements(Xml.W + "abstractNum") ?? [])
        {
            if (Attribute(list, "abstractNumId") is { } id)
            {
                _lists[id] = LevelsOf(list);
                if ((string?)list.Element(Xml.W + "name")?.Attribute(Xml.W + "val") is { } name)
                {
                    Names[id] = name;
                }

                if ((string?)list.Element(Xml.W + "numStyleLink")?.Attribute(Xml.W + "val") is { } link)
                {
                    links[id] = link;
                }
            }
        }

        foreach (var instance in part?.Elements(Xml.W + "num") ?? [])
        {
            if (
                Attribute(instance, "numId") is { } id
                && StyleSheet.Number(instance.Element(Xml.W + "abstractNumId")) is { } list
            )
            {
                _instances[id] = InstanceOf(instance, list);
            }
        }

        // A list may be no more than the name of a style, whose numbering is the list meant.
        foreach (var (id, style) in links)
        {
            if (
                StyleSheet.Number(numberingOfStyle(style)?.Element(Xml.W + "numId")) is { } instance
                && _instances.TryGetValue(instance, out var meant)
                && _lists.TryGetValue(meant.List, out var levels)
            )
            {
                _lists[id] = levels;
            }
        }
    }

    /// <summary>The names of those lists that have one.</summary>
    public Dictionary<int, string> Names { get; } = [];

    /// <summary>The levels of every list.</summary>
    public IEnumerable<IReadOnlyList<ListLevel>> All => _lists.OrderBy(list => list.Key).Select(list => list.Value);

    public IReadOnlyList<ListLevel> LevelsOf(int list) => _lists.TryGetValue(list, out var levels) ? levels : [];

    /// <summary>The instance and level that a paragraph is numbered in; null for none.</summary>
    public (int Instance, int Level)? Find(XElement? paragraph, ParagraphStyle style)
    {
        var direct = paragraph?.Element(Xml.W + "numPr");
        var instance =
            StyleSheet.Number(direct?.Element(Xml.W + "numId"))
            ?? StyleSheet.Number(style.Numbering?.Element(Xml.W + "numId"));
        if (
            instance is not { } id
            || !_instances.TryGetValue(id, out var found)
            || !_lists.TryGetValue(found.List, out var levels)
        )
        {
            return null;
        }

        var byStyle = Array.FindIndex(levels, level => level.Style is { } name && name == style.NumberingStyle);
        var level =
            StyleSheet.Number(direct?.Element(Xml.W + "ilvl"))
            ?? (byStyle >= 0 ? byStyle : StyleSheet.Number(style.Numbering?.Element(Xml.W + "ilvl")) ?? 0);
        return (id, Math.Clamp(level, 0, Levels - 1));
    }

    public int ListOf(int instance) => _instances[instance].List;

    public ListLevel LevelOf(int instance, int level) =>
        _instances[instance].Overrides[level] ?? _lists[_instances[instance].List][level];

    public int? StartOf(int instance, int level) => _instances[instance].Starts[level];

    private static int? Attribute(XElement element, string name) =>
        int.TryParse((string?)element.Attribute(Xml.W + name), out var number) ? number : null;

    private static ListLevel[] LevelsOf(XElement list)
    {
        var levels = new ListLevel[Levels];
        Array.Fill(levels, ListLevel.Nothing);
        foreach (var level in list.Elements(Xml.W + "lvl"))
        {
            if (Attribute(level, "ilvl") is >= 0 and < Levels and var at)
            {
                levels[at] = LevelOf(level);
            }
        }

        return levels;
    }

    private static (int List, ListLevel?[] Overrides, int?[] Starts) InstanceOf(XElement instance, int list)
    {
        var overrides = new ListLevel?[Levels];
        var starts = new int?[Levels];
        foreach (var change in instance.Elements(Xml.W + "lvlOverride"))
        {
            if (Attribute(change, "ilvl") is >= 0 and < Levels and var at)
            {
                starts[at] = StyleSheet.Number(change.Element(Xml.W + "startOverride"));
                overrides[at] = change.Element(Xml.W + "lvl") is { } level ? LevelOf(level) : null;
            }
        }

        return (list, overrides, starts);
    }

    private static ListLevel LevelOf(XElement level) =>
        new(
            (string?)level.Element(Xml.W + "numFmt")?.Attribute(Xml.W + "val") switch
            {
                "bullet" => null,
                "lowerLetter" => NumberFormat.LowerLetter,
                "upperLetter" => NumberFormat.UpperLetter,
                "lowerRoman" => NumberFormat.LowerRoman,
                "upperRoman" => NumberFormat.UpperRoman,
                "none" => NumberFormat.None,
                "decimalZero" => NumberFormat.ArabicTwoDigits,
                _ => NumberFormat.Arabic,
            },
            (string?)level.Element(Xml.W + "lvlText")?.Attribute(Xml.W + "val") ?? "",
            level.Element(Xml.W + "isLgl") is { } legal
                && (string?)legal.Attribute(Xml.W + "val") is not ("0" or "false"),
            StyleSheet.Number(level.Element(Xml.W + "start")) ?? 1,
            StyleSheet.Number(level.Element(Xml.W + "lvlRestart")) != 0,
            (string?)level.Element(Xml.W + "pStyle")?.Attribute(Xml.W + "val")
        );
}

/// <summary>Counts the numbered paragraphs of one view of a text, in their order.</summary>
internal sealed class ListCounter(Lists lists)
{
    private readonly Dictionary<int, int?[]> _counters = [];
    private readonly HashSet<(int Instance, int Level)> _started = [];

    public ListPlace Count(int instance, int level)
    {
        var list = lists.ListOf(instance);
        if (!_counters.TryGetValue(list, out var counters))
        {
            _counters[list] = counters = new int?[9];
        }

        var own = lists.LevelOf(instance, level);
        var anew = _started.Add((instance, level)) ? lists.StartOf(instance, level) : null;
        counters[level] = anew ?? (counters[level] is { } number ? number + 1 : own.Start);
        for (var below = level + 1; below < counters.Length; below++)
        {
            if (lists.LevelOf(instance, below).Restarts)
            {
                counters[below] = null;
            }
        }

        return new ListPlace(list, level, own, own.Format is null ? "•" : LabelOf(instance, level, counters));
    }

    private string LabelOf(int instance, int level, int?[] counters)
    {
        var own = lists.LevelOf(instance, level);
        var label = new StringBuilder();
        for (var i = 0; i < own.Pattern.Length; i++)
        {
            if (own.Pattern[i] == '%' && i + 1 < own.Pattern.Length && own.Pattern[i + 1] is >= '1' and <= '9')
            {
                var named = own.Pattern[++i] - '1';
                var kind = lists.LevelOf(instance, named);
                if (named <= level)
                {
                    label.Append(
                        ClauseNumbers.Write(
                            counters[named] ?? kind.Start,
                            own.IsLegal ? NumberFormat.Arabic : kind.Format ?? NumberFormat.None
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
}
