using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>One of the up to four parts of a number format, for positive, negative, zero and text.</summary>
internal sealed class NumberSection
{
    private readonly StringBuilder _prefix = new();
    private readonly StringBuilder _suffix = new();
    private int _whole;
    private int _fixedDecimals;
    private int _decimals;
    private int _thousands;
    private int _percents;
    private bool _isGrouped;
    private bool _isScientific;
    private bool _isGeneral;
    private bool _hasDigits;
    private bool _hasPoint;
    private bool _isFraction;

    private NumberSection() { }

    public bool HasDay { get; private set; }

    public bool HasTime { get; private set; }

    public bool HasSeconds { get; private set; }

    /// <summary>Hours that do not end at 24.</summary>
    public bool IsElapsed { get; private set; }

    public bool IsDate => HasDay || HasTime;

    /// <summary>When it applies, where it says so itself.</summary>
    public Func<double, bool>? Condition { get; private set; }

    public static IReadOnlyList<NumberSection> Parse(string code)
    {
        var sections = new List<NumberSection>();
        var section = new NumberSection();
        for (var i = 0; i < code.Length; i++)
        {
            if (code[i] == ';')
            {
                sections.Add(section);
                section = new NumberSection();
            }
            else
            {
                i = section.Take(code, i);
            }
        }

        sections.Add(section);
        return sections;
    }

    /// <param name="value">Not negative.</param>
    public string Format(double value)
    {
        if (_isGeneral || _isFraction || (!_hasDigits && _prefix.Length == 0))
        {
            return _isFraction ? NumberFormat.General(value) : _prefix + NumberFormat.General(value) + _suffix;
        }

        if (!_hasDigits)
        {
            return _prefix.ToString();
        }

        var scaled = value * Math.Pow(100, _percents) / Math.Pow(1000, _thousands);
        return _prefix + Digits(scaled) + _suffix;
    }

    private string Digits(double value)
    {
        var whole = new string('0', Math.Max(_whole, 1));
        var point =
            _decimals == 0 ? "" : "." + new string('0', _fixedDecimals) + new string('#', _decimals - _fixedDecimals);
        if (_isScientific)
        {
            return value.ToString(whole + point + "E+00", CultureInfo.InvariantCulture);
        }

        var format = (_isGrouped ? "#," : "") + whole + point;
        return value < 7e27
            ? Math.Round((decimal)value, Math.Min(_decimals, 15), MidpointRounding.AwayFromZero)
                .ToString(format, CultureInfo.InvariantCulture)
            : value.ToString("G15", CultureInfo.InvariantCulture);
    }

    /// <summary>Takes what begins at <paramref name="i"/>, and says where it ends.</summary>
    private int Take(string code, int i)
    {
        switch (code[i])
        {
            case '"':
                var quoted = code.IndexOf('"', i + 1);
                quoted = quoted < 0 ? code.Length : quoted;
                Literal(code.AsSpan(i + 1, quoted - i - 1));
                return quoted;
            case '\\' when i + 1 < code.Length:
                Literal(code.AsSpan(i + 1, 1));
                return i + 1;
            // A gap as wide as the next character, and that character repeated to the cell's width.
            case '_' or '*':
                return i + 1;
            case '[':
                var closed = code.IndexOf(']', i);
                closed = closed < 0 ? code.Length - 1 : closed;
                Bracket(code.AsSpan(i + 1, Math.Max(0, closed - i - 1)));
                return closed;
            case '0' or '#' or '?':
                Digit(code[i]);
                return i;
            case '.':
                _hasPoint = _hasDigits || (i + 1 < code.Length && code[i + 1] is '0' or '#');
                return i;
            case ',':
                // Between digits it groups, after the last it divides.
                var groups = code.AsSpan(i).TrimStart(',');
                _isGrouped |= _hasDigits && !_hasPoint && groups.Length > 0 && groups[0] is '0' or '#' or '?';
                _thousands += groups.Length > 0 && groups[0] is '0' or '#' or '?' || !_hasDigits ? 0 : 1;
                return i;
            case '%':
                _percents = Math.Min(_percents + 1, 3);
                Literal("%");
                return i;
            case '/' when _hasDigits && !IsDate:
                _isFraction = true;
                return i;
            case 'E' or 'e' when i + 1 < code.Length && code[i + 1] is '+' or '-':
                _isScientific = true;
                return SkipDigits(code, i + 2);
            case 'G' or 'g' when code.AsSpan(i).StartsWith("General", StringComparison.OrdinalIgnoreCase):
                _isGeneral = true;
                return i + 6;
            case 'A' or 'a' when code.AsSpan(i).StartsWith("AM/PM", StringComparison.OrdinalIgnoreCase):
                HasTime = true;
                return i + 4;
            case 'y' or 'Y' or 'd' or 'D' or 'e' or 'g' or 'b':
                HasDay = true;
                return i;
            case 'h' or 'H':
                HasTime = true;
                return i;
            case 's' or 'S':
                HasTime = HasSeconds = true;
                return i;
            case 'm' or 'M':
                return Months(code, i);
            case '@':
                _isGeneral = true;
                return i;
            default:
                Literal(code.AsSpan(i, 1));
                return i;
        }
    }

    private static int SkipDigits(string code, int i)
    {
        while (i < code.Length && code[i] is '0' or '#' or '?')
        {
            i++;
        }

        return i - 1;
    }

    /// <summary>Months, or after hours and before seconds minutes.</summary>
    private int Months(string code, int i)
    {
        var end = i;
        while (end + 1 < code.Length && code[end + 1] is 'm' or 'M')
        {
            end++;
        }

        var next = code.AsSpan(end + 1).TrimStart(" :.\\\"]");
        var isMinutes = end - i < 2 && ((HasTime && !HasSeconds) || (next.Length > 0 && next[0] is 's' or 'S'));
        HasTime |= isMinutes;
        HasDay |= !isMinutes;
        return end;
    }

    private void Digit(char digit)
    {
        _hasDigits = true;
        if (_isScientific)
        {
            return;
        }

        if (_hasPoint)
        {
            _decimals = Math.Min(_decimals + 1, 15);
            _fixedDecimals = digit == '0' ? _decimals : _fixedDecimals;
        }
        else if (digit == '0')
        {
            _whole = Math.Min(_whole + 1, 30);
        }
    }

    private void Bracket(ReadOnlySpan<char> inside)
    {
        if (inside.StartsWith("$"))
        {
            // A currency, and after the hyphen its country.
            var end = inside.IndexOf('-');
            Literal(inside[1..(end < 0 ? inside.Length : end)]);
        }
        else if (
            inside.Length > 0
            && inside[0] is 'h' or 'H' or 'm' or 'M' or 's' or 'S'
            && inside.Trim("hHmMsS").IsEmpty
        )
        {
            HasTime = IsElapsed = true;
            HasSeconds |= inside[0] is 's' or 'S';
        }
        else if (inside.Length > 1 && inside[0] is '<' or '>' or '=')
        {
            var length = inside[1] is '=' or '>' ? 2 : 1;
            if (double.TryParse(inside[length..], NumberStyles.Float, CultureInfo.InvariantCulture, out var limit))
            {
                Condition = inside[..length] switch
                {
                    "<" => value => value < limit,
                    "<=" => value => value <= limit,
                    ">" => value => value > limit,
                    ">=" => value => value >= limit,
                    "<>" => value => value != limit,
                    _ => value => value == limit,
                };
            }
        }
    }

    private void Literal(ReadOnlySpan<char> text) => (_hasDigits || _isGeneral ? _suffix : _prefix).Append(text);
}
