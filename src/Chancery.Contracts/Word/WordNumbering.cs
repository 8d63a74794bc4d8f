using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>What numbers a paragraph: an instance of a list and a level; or a number that is typed because Word would count otherwise.</summary>
internal readonly record struct ParagraphNumber(int Instance, int Level, string Typed = "")
{
    /// <summary>Says that the paragraph has none, whatever its style says.</summary>
    public static ParagraphNumber None { get; } = new(0, 0);
}

/// <summary>
/// The part <c>numbering.xml</c>: lists, and their instances where counting begins anew. Where numbers do not name those above the
/// place where it does, the instance has a list of its own: LibreOffice keeps the order to begin anew at the first paragraph, and
/// forgets it with that one.
/// </summary>
internal sealed class WordNumbering
{
    /// <summary>"(1)" before each party.</summary>
    public const int PartiesInstance = 1;

    /// <summary>The instance of the scheme that the heading styles count in.</summary>
    public const int MainInstance = 2;

    private const int FirstNumber = 1;
    private const int NoRestart = -1;

    private readonly List<WordLevels> _lists = [];
    private readonly List<(int List, int RestartLevel)> _instances = [];

    // By the list, the clause under which one begins, its level, and how many began there before: the two texts of a redline share
    // them, so that a clause which kept its place has no other look.
    private readonly Dictionary<(int List, Guid Scope, int Level, int Before), int> _begun = [];

    public WordNumbering(NumberingScheme main) => ListOf(main);

    public WordLevels Main => _lists[0];

    public WordLevels LevelsOf(NumberingScheme scheme) => _lists[ListOf(scheme)];

    /// <summary>The number of each clause, as Word must be told so that it shows what <paramref name="numbers"/> say.</summary>
    public Dictionary<Guid, ParagraphNumber> Assign(ContractText contract, ClauseNumbers numbers)
    {
        var list = ListOf(contract.Numbering);
        var levels = _lists[list];
        var assigned = new Dictionary<Guid, ParagraphNumber>();
        // Those of an instance that has a list of its own, and those of all others.
        var counters = new Dictionary<int, int[]> { [0] = new int[WordLevels.Count] };

        // What a clause's children count in: the instance of its siblings, unless theirs had to begin anew.
        var instanceOf = new Dictionary<Guid, int>();
        var begunIn = new Dictionary<Guid, int>();
        var mainInstance = _instances.FindIndex(instance => instance.List == list) + MainInstance;

        foreach (var (clause, parent, depth, _) in contract.Walk())
        {
            var scope = parent?.Id ?? Guid.Empty;
            var instance = instanceOf.GetValueOrDefault(scope, mainInstance);
            var level = Math.Min(depth, WordLevels.Count - 1);
            var label = numbers.LabelOf(clause.Id);
            var counted = IsAlone(instance) ? instance : 0;
            if (!clause.IsNumbered)
            {
                assigned.TryAdd(clause.Id, ParagraphNumber.None);
            }
            else if (depth >= WordLevels.Count)
            {
                assigned.TryAdd(clause.Id, new ParagraphNumber(0, level, label));
            }
            else if (levels.LabelOf(level, Advance(counters[counted], level, counters[counted][level] + 1)) == label)
            {
                counters[counted] = Advance(counters[counted], level, counters[counted][level] + 1);
                assigned.TryAdd(clause.Id, new ParagraphNumber(instance, level));
            }
            else if (levels.LabelOf(level, Advance(counters[0], level, FirstNumber)) == label)
            {
                var before = begunIn[scope] = begunIn.GetValueOrDefault(scope, -1) + 1;
                instance = InstanceOf(list, scope, level, before);
                instanceOf[scope] = instance;
                counted = IsAlone(instance) ? instance : 0;
                counters[counted] = Advance(counters.GetValueOrDefault(counted, []), level, FirstNumber);
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

        // All lists stand before all instances.
        List<XElement> instances = [InstanceXml(PartiesInstance, 0, NoRestart)];
        var lists = _lists.Count;
        for (var i = 0; i < _instances.Count; i++)
        {
            var (list, restart) = _instances[i];
            var id = i + MainInstance;
            if (IsAlone(id))
            {
                root.Add(ListXml(++lists, _lists[list], isMain: false));
                instances.Add(InstanceXml(id, lists, NoRestart));
            }
            else
            {
                instances.Add(InstanceXml(id, list + 1, restart));
            }
        }

        root.AddFirst(PartiesXml());
        root.Add(instances);
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
        _instances.Add((_lists.Count - 1, NoRestart));
        return _lists.Count - 1;
    }

    private int InstanceOf(int list, Guid scope, int level, int before)
    {
        if (!_begun.TryGetValue((list, scope, level, before), out var instance))
        {
            _instances.Add((list, level));
            _begun[(list, scope, level, before)] = instance = _instances.Count - 1 + MainInstance;
        }

        return instance;
    }

    /// <summary>Whether counting begins anew there, and no number below names one above.</summary>
    private bool IsAlone(int instance)
    {
        var (list, restart) = _instances[instance - MainInstance];
        return restart >= 0
            && Enumerable
                .Range(restart, WordLevels.Count - restart)
                .All(level =>
                    Enumerable
                        .Range(1, restart)
                        .All(above =>
                            !_lists[list]
                                [level]
                                .Pattern.Contains(
                                    string.Create(CultureInfo.InvariantCulture, $"%{above}"),
                                    StringComparison.Ordinal
                                )
                        )
                );
    }

    private static int[] Advance(int[] counters, int level, int to)
    {
        var next = new int[WordLevels.Count];
        Array.Copy(counters, next, Math.Min(level, counters.Length));
        next[level] = to;
        return next;
    }

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
            Xml.Val("nsid", string.Create(CultureInfo.InvariantCulture, $"0C4A{id % 65536:X4}")),
            Xml.Val("multiLevelType", "multilevel"),
            Xml.Val("tmpl", string.Create(CultureInfo.InvariantCulture, $"1D6B{id % 65536:X4}")),
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

    private static XElement InstanceXml(int id, int list, int restart) =>
        new(
            Xml.W + "num",
            Xml.At("numId", id),
            Xml.Val("abstractNumId", list),
            restart == NoRestart
                ? null
                : new XElement(Xml.W + "lvlOverride", Xml.At("ilvl", restart), Xml.Val("startOverride", FirstNumber))
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
