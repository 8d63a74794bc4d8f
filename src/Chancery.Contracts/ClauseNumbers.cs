using System.Globalization;
using System.Text;

namespace Chancery.Contracts;

/// <summary>The numbers of a contract's clauses, and its texts with the references written out. Immutable.</summary>
public sealed class ClauseNumbers
{
    private readonly Dictionary<Guid, Place> _places = [];

    private ClauseNumbers() { }

    public static ClauseNumbers Of(ContractText contract)
    {
        var numbers = new ClauseNumbers();
        numbers.Count(contract.Clauses, contract.Numbering.Levels, [], "");
        return numbers;
    }

    /// <summary>What stands before the clause: "4.", "4.2", "(a)", "ARTICLE IV"; empty without a number.</summary>
    public string LabelOf(Guid clause) => _places.TryGetValue(clause, out var place) ? place.Label : "";

    /// <summary>
    /// How others name it, in whole: "4", "4.2(a)"; its heading in quotation marks where it has no number; null where the contract has
    /// no such clause.
    /// </summary>
    public string? ReferenceOf(Guid clause) => _places.TryGetValue(clause, out var place) ? place.Reference : null;

    /// <summary>A clause's words with every reference as a number.</summary>
    public string Write(string text) => ClauseReference.Replace(text, id => ReferenceOf(id) ?? ClauseReference.Nowhere);

    private void Count(
        IReadOnlyList<Clause> clauses,
        IReadOnlyList<NumberingLevel> levels,
        int[] above,
        string parentReference
    )
    {
        var number = 0;
        foreach (var clause in clauses)
        {
            var level = levels.Count == 0 ? null : levels[Math.Min(above.Length, levels.Count - 1)];
            var counts = clause.IsNumbered && level is { Format: not NumberFormat.None };
            if (counts)
            {
                number++;
            }

            int[] path = [.. above, counts ? number : 0];
            var label = counts ? Fill(level!, levels, path) : "";
            var reference = counts
                ? Join(parentReference, level!, levels, path)
                : (clause.Heading.Length > 0 ? $"“{clause.Heading}”" : parentReference);
            _places.TryAdd(clause.Id, new Place(label, reference));
            Count(clause.Children, levels, path, counts ? reference : parentReference);
        }
    }

    /// <summary>A number that names its parents already stands alone; another is written behind its parent's.</summary>
    private static string Join(string parent, NumberingLevel level, IReadOnlyList<NumberingLevel> levels, int[] path)
    {
        var bare = Bare(Fill(level, levels, path));
        return path.Length == 1 || level.Pattern.Contains($"%{path.Length - 1}", StringComparison.Ordinal)
            ? bare
            : parent + bare;
    }

    /// <summary>"ARTICLE IV" → "IV", "Section 4.2" → "4.2", "4." → "4"; "(a)" stays.</summary>
    private static string Bare(string label) => label[(label.LastIndexOf(' ') + 1)..].TrimEnd('.', ':');

    internal static string Fill(NumberingLevel level, IReadOnlyList<NumberingLevel> levels, int[] path)
    {
        var label = new StringBuilder();
        for (var i = 0; i < level.Pattern.Length; i++)
        {
            if (level.Pattern[i] == '%' && i + 1 < level.Pattern.Length && char.IsAsciiDigit(level.Pattern[i + 1]))
            {
                // A level that has no pattern of its own is numbered as the last that has: its own number stands where that one's would.
                var named = level.Pattern[++i] - '1';
                var own = named == Math.Min(path.Length, levels.Count) - 1;
                var at = own ? path.Length - 1 : named;
                if (at >= 0 && at < path.Length)
                {
                    var format =
                        own ? level.Format
                        : level.IsLegal ? NumberFormat.Arabic
                        : levels[Math.Min(at, levels.Count - 1)].Format;
                    label.Append(Write(path[at], format));
                }
            }
            else
            {
                label.Append(level.Pattern[i]);
            }
        }

        return label.ToString();
    }

    /// <summary>A number from 1 as a level writes it.</summary>
    public static string Write(int number, NumberFormat format) =>
        format switch
        {
            NumberFormat.Arabic => number.ToString(CultureInfo.InvariantCulture),
            NumberFormat.ArabicTwoDigits => number.ToString("00", CultureInfo.InvariantCulture),
            NumberFormat.LowerLetter => Letters(number, 'a'),
            NumberFormat.UpperLetter => Letters(number, 'A'),
            NumberFormat.LowerRoman => Roman(number).ToLowerInvariant(),
            NumberFormat.UpperRoman => Roman(number),
            _ => "",
        };

    private static string Letters(int number, char first) =>
        number < 1 ? "" : new string((char)(first + ((number - 1) % 26)), ((number - 1) / 26) + 1);

    private static string Roman(int number)
    {
        (int Value, string Sign)[] signs =
        [
            (1000, "M"),
            (900, "CM"),
            (500, "D"),
            (400, "CD"),
            (100, "C"),
            (90, "XC"),
            (50, "L"),
            (40, "XL"),
            (10, "X"),
            (9, "IX"),
            (5, "V"),
            (4, "IV"),
            (1, "I"),
        ];
        var roman = new StringBuilder();
        foreach (var (value, sign) in signs)
        {
            for (; number >= value; number -= value)
            {
                roman.Append(sign);
            }
        }

        return roman.ToString();
    }

    private readonly record struct Place(string Label, string Reference);
}
