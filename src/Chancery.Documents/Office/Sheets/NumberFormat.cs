using System.Globalization;

namespace Chancery.Documents;

/// <summary>Shows a cell's number as the workbook says. Dates are ISO, whatever their order in the workbook's language.</summary>
internal sealed class NumberFormat
{
    private const int MaxCodeLength = 500;

    private static readonly Dictionary<int, string> BuiltIn = new()
    {
        [1] = "0",
        [2] = "0.00",
        [3] = "#,##0",
        [4] = "#,##0.00",
        [5] = "$#,##0;-$#,##0",
        [6] = "$#,##0;-$#,##0",
        [7] = "$#,##0.00;-$#,##0.00",
        [8] = "$#,##0.00;-$#,##0.00",
        [9] = "0%",
        [10] = "0.00%",
        [11] = "0.00E+00",
        [14] = "yyyy-mm-dd",
        [15] = "d-mmm-yy",
        [16] = "d-mmm",
        [17] = "mmm-yy",
        [18] = "h:mm AM/PM",
        [19] = "h:mm:ss AM/PM",
        [20] = "h:mm",
        [21] = "h:mm:ss",
        [22] = "yyyy-mm-dd h:mm",
        [37] = "#,##0;(#,##0)",
        [38] = "#,##0;(#,##0)",
        [39] = "#,##0.00;(#,##0.00)",
        [40] = "#,##0.00;(#,##0.00)",
        [41] = "#,##0;(#,##0);-",
        [42] = "$#,##0;$(#,##0);$-",
        [43] = "#,##0.00;(#,##0.00);-",
        [44] = "$#,##0.00;$(#,##0.00);$-",
        [45] = "mm:ss",
        [46] = "[h]:mm:ss",
        [47] = "mm:ss",
        [48] = "0.0E+0",
    };

    private readonly IReadOnlyList<NumberSection> _sections;

    private NumberFormat(string code) => _sections = NumberSection.Parse(code);

    /// <summary>As Excel shows what nobody gave a format.</summary>
    public static NumberFormat Plain { get; } = new("General");

    /// <param name="code">What the workbook defines for that id; null for one that is built in.</param>
    public static NumberFormat Of(int id, string? code) =>
        code is { Length: > 0 and <= MaxCodeLength } ? new NumberFormat(code)
        : BuiltIn.TryGetValue(id, out var known) ? new NumberFormat(known)
        // Dates of East Asian calendars.
        : id is (>= 27 and <= 36) or (>= 50 and <= 58) ? new NumberFormat("yyyy-mm-dd")
        : Plain;

    /// <summary>Up to fifteen digits, which is what Excel counts with: no trace of binary fractions.</summary>
    public static string General(double value)
    {
        var size = Math.Abs(value);
        return size is 0 or (>= 1e-9 and < 1e15)
            ? ((decimal)value).ToString("0.###############", CultureInfo.InvariantCulture)
            : value.ToString("G15", CultureInfo.InvariantCulture);
    }

    /// <param name="is1904">Whether the workbook counts days from 1904.</param>
    public string Format(double value, bool is1904)
    {
        if (!double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        var (section, isSigned) = Choose(value);
        if (section.IsDate)
        {
            return SerialDate.Format(value, section, is1904) ?? General(value);
        }

        // A section for negative numbers shows the sign itself, or means it by parentheses.
        var text = section.Format(Math.Abs(value));
        return value < 0 && !isSigned && text.AsSpan().ContainsAnyInRange('1', '9') ? "-" + text : text;
    }

    private (NumberSection Section, bool IsSigned) Choose(double value)
    {
        if (_sections.Any(section => section.Condition is not null))
        {
            var met = _sections.FirstOrDefault(section => section.Condition?.Invoke(value) ?? true);
            return (met ?? _sections[^1], false);
        }

        return value < 0 && _sections.Count > 1 ? (_sections[1], true)
            : value == 0 && _sections.Count > 2 ? (_sections[2], false)
            : (_sections[0], false);
    }
}
