using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>How sure a model says it is: "80 %", "0.8", "8/10", "high".</summary>
internal static partial class Confidence
{
    private static readonly (string Word, double Value)[] Words =
    [
        ("very high", 0.95),
        ("sehr hoch", 0.95),
        ("very low", 0.1),
        ("sehr niedrig", 0.1),
        ("high", 0.9),
        ("certain", 0.95),
        ("hoch", 0.9),
        ("élevé", 0.9),
        ("haut", 0.9),
        ("alta", 0.9),
        ("alto", 0.9),
        ("medium", 0.6),
        ("moderate", 0.6),
        ("mittel", 0.6),
        ("moyen", 0.6),
        ("media", 0.6),
        ("low", 0.3),
        ("niedrig", 0.3),
        ("gering", 0.3),
        ("faible", 0.3),
        ("baja", 0.3),
        ("bassa", 0.3),
    ];

    /// <summary>0 to 1; null for what says nothing of the kind.</summary>
    public static double? Read(string text)
    {
        var match = Number().Match(text);
        if (match.Success)
        {
            var number = double.Parse(
                match.Groups["number"].Value.Replace(',', '.'),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture
            );
            var value =
                match.Groups["percent"].Success ? number / 100
                : match.Groups["of"].Success
                    ? number / int.Parse(match.Groups["of"].Value, CultureInfo.InvariantCulture)
                : number > 1 ? number / 100
                : number;
            return value is >= 0 and <= 1 ? Math.Round(value, 3) : null;
        }

        foreach (var (word, value) in Words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Takes "(confidence: 80 %)" from the end of a thought.</summary>
    public static (string Thought, double? Confidence) AtEnd(string thought)
    {
        // A longer remark is no remark of this kind, and the pattern is not to look for one in all of a long thought.
        var from = Math.Max(0, thought.Length - 60);
        var match = Remark().Match(thought, from);
        return match.Success && Read(match.Groups["said"].Value) is { } value
            ? (thought[..match.Index].TrimEnd(), value)
            : (thought, null);
    }

    [GeneratedRegex(
        @"(?<![\d.,])(?<number>\d{1,3}(?:[.,]\d{1,4})?)(?:[ \u00A0]?(?<percent>%|％|percent|prozent|pour cent|por ciento)|[ ]?(?:/|out of)[ ]?(?<of>[1-9]\d{0,2}))?(?!\d)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Number();

    [GeneratedRegex(
        @"[(\[]\s*(?:confidence(?: level| score)?|konfidenz|zuversicht|confiance|confianza|fiducia|置信度)\s*[:=：]?\s*(?<said>[^)\]]{1,24})[)\]][.]?\s*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Remark();
}
