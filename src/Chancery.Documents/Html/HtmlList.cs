using System.Globalization;

namespace Chancery.Documents;

/// <summary>A list that is open, and the mark of its next item.</summary>
internal sealed class HtmlList
{
    private readonly bool _isOrdered;
    private readonly string? _type;
    private readonly int _step;
    private int _next;

    public HtmlList(HtmlNode element)
    {
        _isOrdered = element.Name == "ol";
        _type = element.Attributes?["type"];
        _step = element.Attributes?["reversed"] is null ? 1 : -1;
        _next = Number(element.Attributes?["start"]) ?? 1;
    }

    public string MarkOf(HtmlNode item)
    {
        if (!_isOrdered)
        {
            return "• ";
        }

        var number = Number(item.Attributes?["value"]) ?? _next;
        _next = number + _step;
        var name = _type switch
        {
            "a" or "A" when number is >= 1 and <= 26 => ((char)(_type[0] + number - 1)).ToString(),
            "i" when number is >= 1 and < 100 => Roman(number).ToLowerInvariant(),
            "I" when number is >= 1 and < 100 => Roman(number),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };
        return name + ". ";
    }

    private static int? Number(string? value) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number is > -1_000_000 and < 1_000_000
            ? number
            : null;

    private static string Roman(int number)
    {
        string[] tens = ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"];
        string[] ones = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
        return tens[number / 10] + ones[number % 10];
    }
}
