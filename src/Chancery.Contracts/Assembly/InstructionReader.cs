using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Reads what a person asks for in their own words, in English or German, without a model.</summary>
internal static class InstructionReader
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private const string End =
        @"(?:\s*(?:[,;.]|$)|\s+(?:with|from|starting|beginning|under|governed|effective|as\s+of|until|between|and\s+with|including|without|at\s+a|for\s+a|mit|ab|nach|zwischen)\b)";

    private static readonly Regex _german = new(
        @"\b(?:zwischen|und|mit|für|einen?|einer|vertrag|vereinbarung|nach|ohne|über|ab|laufzeit|geheimhaltung\w*|dienstleistungsvertrag|mietvertrag|arbeitsvertrag)\b",
        Options
    );

    private static readonly Regex _purpose = new(
        $@"\b(?:for\s+the\s+purpose\s+of|in\s+connection\s+with|about|regarding|concerning|relating\s+to|zum\s+zweck\w*\s+de[rs]|wegen|über)\s+(?<value>[^,;.]{{3,160}}?){End}",
        Options
    );

    private static readonly Regex _for = new(
        $@"\b(?:for|für)\s+(?<value>(?:the\s+|an?\s+|our\s+)?[\p{{L}}][^,;.]{{3,120}}?){End}",
        Options
    );

    private static readonly Regex _as = new(
        $@"\b(?:as|als)\s+(?:an?\s+|the\s+|our\s+)?(?<value>\p{{L}}[^,;.]{{2,60}}?){End}",
        Options
    );

    private static readonly Regex _premises = new(
        @"\b(?:premises|office|offices|shop|store|warehouse|space|unit|building|property|room|rooms|büro|laden|lager)\b[^.;]{0,40}?\s(?:at|in|located\s+at)\s+(?<value>[^;.]{4,120}?)(?:\s*(?:[;.]|$)|\s+(?:with|from|starting|under|at\s+a|for\s+a|for\s+[0-9]|between|as|until)\b)",
        Options
    );

    private static readonly Regex _today = new(@"\b(?:today|immediately|right\s+away|ab\s+sofort|heute)\b", Options);
    private static readonly Regex _nextMonth = new(@"\bnext\s+month|nächsten\s+monats?\b", Options);
    private static readonly Regex _untilBefore = new(
        @"\b(?:until|till|through|ending|ends|expires|expiring|bis|to)\s+(?:on\s+|zum\s+|the\s+)*$",
        Options
    );

    public static ReadInstruction Read(AssemblyRequest request)
    {
        var notes = new List<string>();
        // A hostile instruction is long; a person's is not.
        var text = request.Instruction.Length > 10_000 ? request.Instruction[..10_000] : request.Instruction;
        var language = request.Language ?? (_german.Count(text) >= 3 ? "de" : "en");
        var (template, name) = TemplateChoice.Of(request.Type, text, language, notes);
        var rest = name.Length > 0 ? QuantityReading.Blank(text, name.Start, name.Length) : text;

        var (parties, isOneSide) = request.Parties is { Count: > 0 } given ? (given, false) : PartyReading.Read(rest);
        foreach (var party in parties.Where(party => party.Name.Length > 0))
        {
            rest = rest.Replace(party.Name, new string(' ', party.Name.Length), StringComparison.Ordinal);
        }

        var (start, end) = DatesIn(rest, request.Today);
        var law = request.GoverningLaw ?? LawReading.Read(rest, template.Language);
        var (extras, unwanted) = ExtraClauses.Read(template, ref rest);
        var variables = QuantityReading.Read(template, ref rest);
        ReadTexts(template, rest, variables);
        return new ReadInstruction
        {
            Language = template.Language,
            Template = template,
            Parties = PartyOrder.Of(template, parties, isOneSide, notes),
            EffectiveDate = request.EffectiveDate ?? start,
            EndDate = end,
            GoverningLaw = law,
            Variables = variables,
            Extras = extras,
            Unwanted = unwanted,
            Notes = notes,
        };
    }

    private static (DateOnly? Start, DateOnly? End) DatesIn(string text, DateOnly today)
    {
        DateOnly? start = null;
        DateOnly? end = null;
        foreach (var date in Dates.In(text).Where(date => date.Value is not null))
        {
            if (_untilBefore.IsMatch(text[Math.Max(0, date.Start - 20)..date.Start]))
            {
                end ??= date.Value;
            }
            else
            {
                start ??= date.Value;
            }
        }

        start ??=
            _today.IsMatch(text) ? today
            : _nextMonth.IsMatch(text) ? new DateOnly(today.Year, today.Month, 1).AddMonths(1)
            : null;
        return (start, end);
    }

    private static void ReadTexts(ContractTemplate template, string rest, Dictionary<string, string> values)
    {
        foreach (var variable in template.Variables.Where(variable => variable.Kind == VariableKind.Text))
        {
            var pattern = variable.Name switch
            {
                "purpose" => _purpose,
                "services" or "service" => _for,
                "position" => _as,
                "premises" => _premises,
                _ => null,
            };
            if (
                pattern?.Matches(rest).FirstOrDefault(match => IsWords(match.Groups["value"].Value)) is { } found
                && !values.ContainsKey(variable.Name)
            )
            {
                values[variable.Name] = found.Groups["value"].Value.Trim();
            }
        }
    }

    /// <summary>Not what is left of "for two years" once the period was taken out.</summary>
    private static bool IsWords(string value) => value.Trim().Count(char.IsLetter) >= 3;
}
