using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>What numbers a paragraph: an instance of a list and a level; or a number that is typed because Word would count otherwise.</summary>
internal readonly record struct ParagraphNumber(int Instance, int Level, string Typed = "")
{
    /// <summary>Says that the paragraph has none, whatever its style says.</summary>
    public static ParagraphNumber None { get; } = new(0, 0);
}

/// <summary>The part <c>numbering.xml</c>: lists, and their instances where counting begins anew.</summary>
internal sealed class WordNumbering
{
    /// <summary>"(1)" before each party.</summary>
    public const int PartiesInstance = 1;

    /// <summary>The instance of the scheme that the heading styles count in.</summary>
    public const int MainInstance = 2;

    private readonly List<WordLevels> _lists = [];
    private readonly List<(int List, int RestartLevel, int Start)> _instances = [];

    public WordNumbering(NumberingScheme main) => ListOf(main);

    public WordLevels Main => _lists[0];

    public WordLevels LevelsOf(NumberingScheme scheme) => _lists[ListOf(scheme)];

    /// <summary>The number of each clause, as Word must be told so that it shows what <paramref name="numbers"/> say.</summary>
    public Dictionary<Guid, ParagraphNumber> Assign(ContractText contract, ClauseNumbers numbers)
    {
        var list = ListOf(contract.Numbering);
        var levels = _lists[list];
        var assigned = new Dictionary<Guid, ParagraphNumber>();
        var counters = new int[WordLevels.Count];

        // What a clause's children count in: the instance of its siblings, unless theirs had to begin anew.
        var instanceOf = new Dictionary<Guid, int>();
        var mainInstance = _instances.FindIndex(instance => instance.List == list) + MainInstance;

        foreach (var (clause, parent, depth, _) in contract.Walk())
        {
            var scope = parent?.Id ?? Guid.Empty;
            var instance = instanceOf.GetValueOrDefault(scope, mainInstance);
            var level = Math.Min(depth, WordLevels.Count - 1);
            var label = numbers.LabelOf(clause.Id);
            if (!clause.IsNumbered)
            {
                assigned.TryAdd(clause.Id, ParagraphNumber.None);
            }
            else if (depth >= WordLevels.Count)
            {
                assigned.TryAdd(clause.Id, new ParagraphNumber(0, level, label));
            }
            else if (levels.LabelOf(level, Advance(counters, level, counters[level] + 1)) == label)
            {
                counters = Advance(counters, level, counters[level] + 1);
                assigned.TryAdd(clause.Id, new ParagraphNumber(instance, level));
            }
            else if (StartOf(levels, level, counters, label) is { } start)
            {
                counters = Advance(counters, level, start);
                _instances.Add((list, level, start));
                instance = _instances.Count - 1 + MainInstance;
                instanceOf[scope] = instance;
                assigned.TryAdd(clause.Id, new ParagraphNumber(instance, level));
            }
            else
            {
                assigned.TryAdd(clause.Id, new ParagraphNumber(0, level, label));
            }

            instanceOf.TryAdd(clause.Id, instance);
        }

        return assigned;
    }

    public XElement Write()
    {
        var root = Xml.Root("numbering");
        for (var i = 0; i < _lists.Count; i++)
        {
            root.Add(ListXml(i + 1, _lists[i], isMain: i == 0));
        }

        root.AddFirst(PartiesXml());
        root.Add(InstanceXml(PartiesInstance, 0, null, 0));
        for (var i = 0; i < _instances.Count; i++)
        {
            var (list, restartLevel, start) = _instances[i];
            root.Add(InstanceXml(i + MainInstance, list + 1, restartLevel < 0 ? null : restartLevel, start));
        }

        return root;
    }

    private int ListOf(NumberingScheme scheme)
    {
        var known = _lists.FindIndex(levels => levels.Scheme.Equals(scheme));
        if (known >= 0)
        {
            return known;
        }

        _lists.Add(new WordLevels(scheme));
        _instances.Add((_lists.Count - 1, -1, 0));
        return _lists.Count - 1;
    }

    private static int[] Advance(int[] counters, int level, int to)
    {
        var next = new int[WordLevels.Count];
        Array.Copy(counters, next, level);
        next[level] = to;
        return next;
    }

    /// <summary>Where the level would have to begin anew to show the label; null where no number does.</summary>
    private static int? StartOf(WordLevels levels, int level, int[] counters, string label) =>
        levels.LabelOf(level, Advance(counters, level, 1)) == label ? 1 : null;

    private static XElement ListXml(int id, WordLevels levels, bool isMain)
    {
        var list = AbstractXml(id, $"chancery:{levels.Scheme.Levels.Count}");
        for (var level = 0; level < WordLevels.Count; level++)
        {
            var (number, text) = levels.Place(level);
            list.Add(
                LevelXml(
                    level,
                    levels[level],
                    number,
                    text,
                    isMain ? Xml.Val("pStyle", WordStyles.Heading(level)) : null,
                    IsBold(levels[level].Pattern) ? null : new XElement(Xml.W + "b", Xml.At("val", 0))
                )
            );
        }

        return list;
    }

    private static XElement PartiesXml()
    {
        var list = AbstractXml(0, "chancery:parties");
        list.Add(LevelXml(0, new NumberingLevel(NumberFormat.Arabic, "(%1)"), 0, 709, null, null));
        return list;
    }

    /// <summary>Whether a number is a heading's own ("1.", "ARTICLE I") rather than a paragraph's mark ("(a)").</summary>
    private static bool IsBold(string pattern) => !pattern.StartsWith('(');

    private static XElement AbstractXml(int id, string name) =>
        new(
            Xml.W + "abstractNum",
            Xml.At("abstractNumId", id),
            // What Word merges lists by when text is pasted between files: constant, so that bytes repeat.
            Xml.Val("nsid", string.Create(CultureInfo.InvariantCulture, $"0C4A0C{id % 256:X2}")),
            Xml.Val("multiLevelType", "multilevel"),
            Xml.Val("tmpl", string.Create(CultureInfo.InvariantCulture, $"1D6B0C{id % 256:X2}")),
            Xml.Val("name", name)
        );

    private static XElement LevelXml(
        int level,
        NumberingLevel numbering,
        int number,
        int text,
        XElement? style,
        XElement? look
    ) =>
        new(
            Xml.W + "lvl",
            Xml.At("ilvl", level),
            Xml.Val("start", 1),
            Xml.Val("numFmt", FormatName(numbering.Format)),
            style,
            numbering.IsLegal ? new XElement(Xml.W + "isLgl") : null,
            Xml.Val("suff", numbering.Format == NumberFormat.None ? "nothing" : "tab"),
            Xml.Val("lvlText", Xml.Clean(numbering.Pattern)),
            Xml.Val("lvlJc", "left"),
            new XElement(
                Xml.W + "pPr",
                new XElement(Xml.W + "ind", Xml.At("left", text), Xml.At("hanging", text - number))
            ),
            look is null ? null : new XElement(Xml.W + "rPr", look)
        );

    private static XElement InstanceXml(int id, int list, int? restartLevel, int start) =>
        new(
            Xml.W + "num",
            Xml.At("numId", id),
            Xml.Val("abstractNumId", list),
            restartLevel is { } level
                ? new XElement(Xml.W + "lvlOverride", Xml.At("ilvl", level), Xml.Val("startOverride", start))
                : null
        );

    private static string FormatName(NumberFormat format) =>
        format switch
        {
            NumberFormat.LowerLetter => "lowerLetter",
            NumberFormat.UpperLetter => "upperLetter",
            NumberFormat.LowerRoman => "lowerRoman",
            NumberFormat.UpperRoman => "upperRoman",
            NumberFormat.None => "none",
            NumberFormat.ArabicTwoDigits => "decimalZero",
            _ => "decimal",
        };
}
