using System.Globalization;
using System.Text;

namespace Chancery.Contracts.Reading;

/// <summary>What a single number can mean: "(i)" is the first Roman number or the ninth letter.</summary>
internal readonly record struct LabelReading(NumberFormat Format, int Value);

/// <summary>A clause's number as it is printed: "ARTICLE IV", "Section 4.02", "4.", "(a)".</summary>
/// <param name="Text">As printed.</param>
/// <param name="Word">"ARTICLE", "Section", "§"; empty without one.</param>
/// <param name="Parts">Its numbers where it is written in decimals, from the top: 4 and 2; one where it is a single number.</param>
/// <param name="Readings">What its last number can mean, the likelier first.</param>
internal sealed record PrintedLabel(
    string Text,
    string Word,
    string Open,
    string Close,
    IReadOnlyList<int> Parts,
    IReadOnlyList<LabelReading> Readings
)
{
    private const int MaxParts = 6;
    private const int MaxDigits = 3;
    private const int MaxRoman = 8;

    private static readonly string[] Words = ["Article", "Section", "Clause", "Sec.", "Artikel", "Abschnitt", "§"];

    private static readonly string[] Spelled =
    [
        "ONE",
        "TWO",
        "THREE",
        "FOUR",
        "FIVE",
        "SIX",
        "SEVEN",
        "EIGHT",
        "NINE",
        "TEN",
        "ELEVEN",
        "TWELVE",
        "THIRTEEN",
        "FOURTEEN",
        "FIFTEEN",
        "SIXTEEN",
        "SEVENTEEN",
        "EIGHTEEN",
        "NINETEEN",
        "TWENTY",
    ];

    private readonly Dictionary<NumberFormat, string> _series = [];

    public bool IsDecimal => Parts.Count > 1;

    public bool IsNamed => Word.Length > 0;

    /// <summary>"4 TERM": nothing but where it stands tells it from any other number.</summary>
    public bool IsBare => Word.Length == 0 && Open.Length == 0 && Close.Length == 0 && !IsDecimal;

    /// <summary>The same for numbers that count one series: "4." and "4.0" do, "4." and "(4)" do not.</summary>
    public string SeriesOf(NumberFormat format) =>
        _series.TryGetValue(format, out var series) ? series : _series[format] = NameSeries(format);

    private string NameSeries(NumberFormat format) =>
        IsDecimal ? $"{Word.ToUpperInvariant()}{Parts.Count}"
        : IsNamed ? $"{Word.ToUpperInvariant()}"
        : $"{Open}{format}{(Close == ")" ? ")" : "")}";

    /// <summary>Whether a line consists of a number and nothing else.</summary>
    public static bool IsWhole(StringBuilder text) =>
        text.Length <= 24 && TryRead(text.ToString(), 0, out var label) && label.Text.Length == text.Length;

    /// <summary>Reads the number that begins at a place; the place is the start of a word.</summary>
    public static bool TryRead(string text, int at, out PrintedLabel label)
    {
        label = null!;
        return text[at] switch
        {
            '(' => TryReadEnclosed(text, at, out label),
            >= '0' and <= '9' => TryReadDigits(text, at, at, "", out label),
            'A' or 'S' or 'C' or '§' or 'a' or 's' or 'c' when TryReadNamed(text, at, out label) => true,
            var c when char.IsAsciiLetter(c) => TryReadLetters(text, at, out label),
            _ => false,
        };
    }

    private static bool TryReadNamed(string text, int at, out PrintedLabel label)
    {
        label = null!;
        foreach (var word in Words)
        {
            if (string.Compare(text, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0)
            {
                continue;
            }

            var number = at + word.Length;
            while (number < text.Length && text[number] == ' ')
            {
                number++;
            }

            if (
                number >= text.Length
                || (number == at + word.Length && word != "§")
                || char.IsAsciiLetterLower(text[at])
            )
            {
                return false;
            }

            var printed = text[at..(at + word.Length)];
            if (char.IsAsciiDigit(text[number]))
            {
                return TryReadDigits(text, at, number, printed, out label);
            }

            var end = number;
            while (end < text.Length && end - number <= MaxRoman * 2 && char.IsAsciiLetter(text[end]))
            {
                end++;
            }

            var numeral = text[number..end];
            var value = RomanOf(numeral.ToLowerInvariant());
            var format = NumberFormat.UpperRoman;
            if (value == 0 || char.IsAsciiLetterLower(numeral[0]))
            {
                value = Array.IndexOf(Spelled, numeral.ToUpperInvariant()) + 1;
                format = NumberFormat.None;
            }

            if (value == 0 && numeral.Length == 1 && char.IsAsciiLetterUpper(numeral[0]))
            {
                (value, format) = (numeral[0] - 'A' + 1, NumberFormat.UpperLetter);
            }

            if (value == 0)
            {
                return false;
            }

            var close = CloseAt(text, ref end);
            label = new PrintedLabel(text[at..end], printed, "", close, [value], [new LabelReading(format, value)]);
            return true;
        }

        return false;
    }

    private static bool TryReadEnclosed(string text, int at, out PrintedLabel label)
    {
        label = null!;
        var end = at + 1;
        while (end < text.Length && end - at <= MaxRoman && char.IsAsciiLetterOrDigit(text[end]))
        {
            end++;
        }

        if (end >= text.Length || text[end] != ')' || end == at + 1)
        {
            return false;
        }

        var readings = ReadingsOf(text.AsSpan(at + 1, end - at - 1));
        if (readings.Count == 0)
        {
            return false;
        }

        end++;
        if (end < text.Length && text[end] == '.')
        {
            end++;
        }

        label = new PrintedLabel(text[at..end], "", "(", ")", [readings[0].Value], readings);
        return true;
    }

    private static bool TryReadDigits(string text, int at, int number, string word, out PrintedLabel label)
    {
        label = null!;
        var parts = new List<int>();
        var end = number;
        var padded = false;
        while (true)
        {
            var start = end;
            while (end < text.Length && end - start <= MaxDigits && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end - start is 0 or > MaxDigits || parts.Count == MaxParts)
            {
                return false;
            }

            padded = parts.Count > 0 && end - start == 2 && text[start] == '0';
            parts.Add(int.Parse(text.AsSpan(start, end - start), CultureInfo.InvariantCulture));
            if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
            {
                end++;
                continue;
            }

            break;
        }

        var close = "";
        if (parts.Count == 2 && parts[1] == 0 && !padded)
        {
            parts.RemoveAt(1);
            close = ".0";
            CloseAt(text, ref end);
        }
        else
        {
            close = CloseAt(text, ref end);
        }

        if (parts[0] == 0 || (word.Length == 0 && end < text.Length && !MayFollow(text[end], close)))
        {
            return false;
        }

        var format = padded ? NumberFormat.ArabicTwoDigits : NumberFormat.Arabic;
        label = new PrintedLabel(text[at..end], word, "", close, parts, [new LabelReading(format, parts[^1])]);
        return true;
    }

    /// <summary>"4.Term" is a number before its words, "4th" and "4%" are not.</summary>
    private static bool MayFollow(char next, string close) =>
        next == ' ' || (close.Length > 0 && (char.IsUpper(next) || next is '"' or '“' or '('));

    private static bool TryReadLetters(string text, int at, out PrintedLabel label)
    {
        label = null!;
        var end = at;
        while (end < text.Length && end - at <= MaxRoman && char.IsAsciiLetter(text[end]))
        {
            end++;
        }

        if (end >= text.Length || text[end] is not ('.' or ')'))
        {
            return false;
        }

        var readings = ReadingsOf(text.AsSpan(at, end - at));
        var close = text[end].ToString();
        end++;
        if (close == ")" && end < text.Length && text[end] == '.')
        {
            end++;
        }

        if (readings.Count == 0 || (end < text.Length && text[end] != ' '))
        {
            return false;
        }

        label = new PrintedLabel(text[at..end], "", "", close, [readings[0].Value], readings);
        return true;
    }

    /// <summary>"7.02 ." and "ARTICLE I :" are closed, too.</summary>
    private static string CloseAt(string text, ref int end)
    {
        var close = end;
        if (close + 1 < text.Length && text[close] == ' ' && text[close + 1] is '.' or ':')
        {
            close++;
        }

        if (
            close < text.Length
            && text[close] is '.' or ')' or ':'
            && (close + 1 == text.Length || text[close + 1] != '.')
        )
        {
            end = close + 1;
            return text[close].ToString();
        }

        return "";
    }

    private static List<LabelReading> ReadingsOf(ReadOnlySpan<char> sign)
    {
        if (char.IsAsciiDigit(sign[0]))
        {
            return
                sign.Length <= MaxDigits
                && !sign.ContainsAnyExceptInRange('0', '9')
                && int.Parse(sign, CultureInfo.InvariantCulture) is > 0 and var number
                ? [new LabelReading(NumberFormat.Arabic, number)]
                : [];
        }

        var isUpper = char.IsAsciiLetterUpper(sign[0]);
        foreach (var c in sign)
        {
            if (char.IsAsciiLetterUpper(c) != isUpper || char.IsAsciiDigit(c))
            {
                return [];
            }
        }

        var lower = sign.ToString().ToLowerInvariant();
        var readings = new List<LabelReading>();
        if (RomanOf(lower) is > 0 and var roman && (lower.Length > 1 || roman <= 10))
        {
            readings.Add(new LabelReading(isUpper ? NumberFormat.UpperRoman : NumberFormat.LowerRoman, roman));
        }

        if (lower.Length == 1 || (lower.Length <= 3 && readings.Count == 0 && lower.All(c => c == lower[0])))
        {
            var letter = lower[0] - 'a' + 1 + ((lower.Length - 1) * 26);
            readings.Add(new LabelReading(isUpper ? NumberFormat.UpperLetter : NumberFormat.LowerLetter, letter));
        }

        return readings;
    }

    /// <summary>The number that a Roman numeral in small letters stands for; 0 for what is none.</summary>
    private static int RomanOf(string numeral)
    {
        if (numeral.Length is 0 or > MaxRoman)
        {
            return 0;
        }

        var value = 0;
        for (var i = 0; i < numeral.Length; i++)
        {
            var own = ValueOf(numeral[i]);
            if (own == 0)
            {
                return 0;
            }

            value += i + 1 < numeral.Length && ValueOf(numeral[i + 1]) > own ? -own : own;
        }

        return value > 0 && ClauseNumbers.Write(value, NumberFormat.LowerRoman) == numeral ? value : 0;
    }

    private static int ValueOf(char sign) =>
        sign switch
        {
            'i' => 1,
            'v' => 5,
            'x' => 10,
            'l' => 50,
            'c' => 100,
            _ => 0,
        };
}
