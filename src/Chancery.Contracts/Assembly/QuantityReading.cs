using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Periods, amounts and numbers of an instruction, each with the variable that the words around it speak of.</summary>
internal static class QuantityReading
{
    /// <summary>Characters around a quantity in which its subject is looked for.</summary>
    private const int Near = 45;

    /// <summary>Of each variable, what people write beside its value.</summary>
    private static readonly (string Variable, string[] Words)[] _subjects =
    [
        ("notice", ["notice", "kündigungsfrist", "to terminate", "termination"]),
        ("payment", ["payment", "pay within", "invoice", "net", "zahlungsziel", "zahlbar", "payable"]),
        (
            "protection",
            ["protect", "confidential", "survive", "after the end", "after termination", "secret", "vertraulich"]
        ),
        ("probation", ["probation", "probezeit", "trial"]),
        ("warranty", ["warranty", "gewährleistung"]),
        ("renewal", ["renew", "verlänger"]),
        ("cure", ["cure", "remedy"]),
        ("export", ["export", "data back"]),
        ("deposit", ["deposit", "kaution"]),
        ("service_charge", ["service charge", "nebenkosten"]),
        ("rent", ["rent", "miete"]),
        ("salary", ["salary", "gehalt", "pay of", "earning", "wage", "paid"]),
        ("cap", ["cap", "liability", "liable", "haftung"]),
        ("fees", ["fee", "price", "budget", "for a total", "worth", "honorar", "vergütung"]),
        ("fee", ["fee", "subscription", "price", "preis"]),
        ("hours", ["hours", "stunden"]),
        ("leave", ["leave", "holiday", "vacation", "urlaub"]),
        ("term", ["term", "lasting", "lasts", "duration", "for", "runs", "laufzeit", "für", "dauer", "years", "long"]),
    ];

    private static readonly Regex _rate = new(
        @"^\s*(?:a|an|per|each|/|im|pro)?\s*(?<unit>month|monthly|year|yearly|annum|annually|hour|day|monat|monatlich|jahr|jährlich|stunde|tag)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _net = new(
        @"\bnet[\s-](?<days>[0-9]{1,3})\b(?:\s+days)?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _numbers = new(
        @"\b(?<number>[0-9]{1,3})\s+(?:working\s+)?(?<what>hours|stunden|days(?:['’])?\s+(?:of\s+)?(?:paid\s+)?(?:leave|holiday|vacation)|urlaubstage|tage\s+urlaub|users)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>
    /// The values of a template's variables; the places of what was understood are blanked out of <paramref name="rest"/>.
    /// </summary>
    public static Dictionary<string, string> Read(ContractTemplate template, ref string rest)
    {
        var values = new Dictionary<string, string>();
        foreach (Match match in _numbers.Matches(rest))
        {
            var what = match.Groups["what"].Value.ToLowerInvariant();
            var number = match.Groups["number"].Value;
            var isSet = what switch
            {
                "hours" or "stunden" => Set(template, values, "hours", number),
                "users" => Set(template, values, "users", $"{number} users"),
                _ => Set(template, values, "leave", number),
            };
            if (isSet)
            {
                rest = Blank(rest, match.Index, match.Length);
            }
        }

        if (
            _net.Match(rest) is { Success: true } net
            && Set(template, values, "payment", $"{net.Groups["days"].Value} days")
        )
        {
            rest = Blank(rest, net.Index, net.Length);
        }

        foreach (var amount in Amounts.In(rest).ToList())
        {
            var written = rest.Substring(amount.Start, amount.Length);
            var end = amount.Start + amount.Length;
            var rate = _rate.Match(rest[end..]);
            var name = NameOf(template, VariableKind.Amount, rest, amount.Start, end, values);
            if (name is not null)
            {
                // "a month" is part of the fee, but the lease's text says itself that its rent is a month's.
                var isText = template.Variables.First(variable => variable.Name == name).Kind == VariableKind.Text;
                var value = isText && rate.Success ? $"{written} {rest.Substring(end, rate.Length).Trim()}" : written;
                values[name] = value;
                rest = Blank(rest, amount.Start, amount.Length + (rate.Success ? rate.Length : 0));
            }
        }

        foreach (var period in Periods.In(rest).ToList())
        {
            if (NameOf(template, VariableKind.Period, rest, period.Start, period.End, values) is { } name)
            {
                values[name] = Written(rest, period);
                rest = Blank(rest, period.Start, period.Length);
            }
        }

        return values;
    }

    public static string Blank(string text, int start, int length) =>
        string.Concat(text.AsSpan(0, start), new string(' ', length), text.AsSpan(start + length));

    /// <summary>"two-year" and "24-month" as a text has them: "2 years", "24 months". German words stay.</summary>
    public static string Written(string text, FoundPeriod period)
    {
        var written = text.Substring(period.Start, period.Length);
        return written.Any(c => c is 'T' or 'W' or 'M' or 'J') ? written : period.Value.ToString();
    }

    private static bool Set(ContractTemplate template, Dictionary<string, string> values, string name, string value)
    {
        if (template.Variables.All(variable => variable.Name != name))
        {
            return false;
        }

        values[name] = value;
        return true;
    }

    /// <summary>The variable whose words stand nearest, before the value rather than behind it.</summary>
    private static string? NameOf(
        ContractTemplate template,
        VariableKind kind,
        string text,
        int start,
        int end,
        Dictionary<string, string> taken
    )
    {
        var before = text[Math.Max(0, start - Near)..start].ToLowerInvariant();
        var after = text[end..Math.Min(text.Length, end + Near)].ToLowerInvariant();
        // What follows belongs to this value only up to the next thing that is named.
        after = after.Split([',', ';', '.'], 2)[0];
        var best = (Name: (string?)null, Distance: int.MaxValue);
        foreach (var (variable, words) in _subjects)
        {
            var declared = template.Variables.FirstOrDefault(declared => declared.Name == variable);
            if (declared is null || taken.ContainsKey(variable) || !Fits(declared.Kind, kind))
            {
                continue;
            }

            foreach (var word in words)
            {
                var behind = IndexOfWord(after, word);
                var ahead = LastIndexOfWord(before, word);
                var distance = Math.Min(
                    ahead < 0 ? int.MaxValue : before.Length - ahead - word.Length,
                    behind < 0 ? int.MaxValue : behind + 1
                );
                if (distance < best.Distance)
                {
                    best = (variable, distance);
                }
            }
        }

        return best.Name;
    }

    private static bool Fits(VariableKind declared, VariableKind found) =>
        declared == found || (declared == VariableKind.Text && found == VariableKind.Amount);

    private static int IndexOfWord(string text, string word)
    {
        for (var at = 0; (at = text.IndexOf(word, at, StringComparison.Ordinal)) >= 0; at++)
        {
            if (at == 0 || !char.IsLetter(text[at - 1]))
            {
                return at;
            }
        }

        return -1;
    }

    private static int LastIndexOfWord(string text, string word)
    {
        for (var at = text.Length; at > 0 && (at = text.LastIndexOf(word, at - 1, StringComparison.Ordinal)) >= 0; )
        {
            if (at == 0 || !char.IsLetter(text[at - 1]))
            {
                return at;
            }
        }

        return -1;
    }
}
