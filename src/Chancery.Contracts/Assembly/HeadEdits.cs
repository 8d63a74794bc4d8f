using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Analysis.Rules;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Governing law, dates and title: at the head, and in the clauses that say the same.</summary>
internal static class HeadEdits
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly Regex _law = new(
        @"^(?:(?:change|set|switch|make|update|ändere|setze)\s+(?:the\s+|das\s+)?(?:governing\s+law|applicable\s+law|law|choice\s+of\s+law|anwendbare\s+recht|recht)\s+(?:from\s+.{1,60}?\s+)?(?:to\s+be\s+|to\s+|auf\s+|in\s+|zu\s+)?|(?:use|apply|make\s+it|put\s+it|verwende)\s+(?:governed\s+by\s+|under\s+|subject\s+to\s+)?)(?:the\s+)?(?<law>[\p{L} ]{2,80}?)(?:\s+(?:law|instead))*$",
        Options
    );

    private static readonly Regex _date = new(
        @"^(?:change|set|move|ändere|setze|verschiebe)\s+(?:the\s+|das\s+|den\s+)?(?<which>effective\s+date|start(?:ing)?\s+date|start|commencement(?:\s+date)?|end(?:ing)?\s+date|end|expiry(?:\s+date)?|expiration(?:\s+date)?|datum\s+des\s+inkrafttretens|beginn|vertragsbeginn|ende|vertragsende)\s+(?:to|on|auf)\s+(?:the\s+|den\s+)?(?<date>.+)$",
        Options
    );

    private static readonly Regex _title = new(
        @"^(?:(?:change|set|ändere|setze)\s+(?:the\s+|den\s+)?(?:title|titel|name\s+of\s+the\s+(?:contract|agreement))\s+(?:to|in|auf)|(?:call|title|rename)\s+(?:it|the\s+(?:contract|agreement|document))(?:\s+(?:to|as))?)\s+[""“„']?(?<title>[^""”“]{1,300}?)[""”“']?$",
        Options
    );

    private static readonly Regex _head = new(
        @"^(?:the\s+)?(?:title|governing\s+law|effective\s+date|start\s+date|end\s+date|heading\b.*)$",
        Options
    );

    public static bool IsAboutHead(string words) => _head.IsMatch(words.Trim());

    public static PlainReading? Read(string part, ContractText contract)
    {
        if (_title.Match(part) is { Success: true } title)
        {
            return PlainReading.Of(new ClauseEdit.SetField(ContractField.Title, title.Groups["title"].Value.Trim()));
        }

        if (_date.Match(part) is { Success: true } date)
        {
            return Date(contract, date.Groups["which"].Value, date.Groups["date"].Value);
        }

        return _law.Match(part) is { Success: true } law && IsLaw(part, law.Groups["law"].Value)
            ? LawOf(contract, law.Groups["law"].Value)
            : null;
    }

    /// <summary>"Use plain English" is no choice of law, "use English law" is.</summary>
    private static bool IsLaw(string part, string name) =>
        part.Contains("law", StringComparison.OrdinalIgnoreCase)
        || part.Contains("recht", StringComparison.OrdinalIgnoreCase)
        || (part.Contains("governed by", StringComparison.OrdinalIgnoreCase) && Laws.Called(name) is not null);

    private static PlainReading LawOf(ContractText contract, string name)
    {
        var to = Laws.Called(name) ?? Laws.Called(name + " law");
        var written = to?.NameIn(contract.Language) ?? name.Trim();
        if (to is null && (!char.IsUpper(written[0]) || written.Split(' ').Length > 5))
        {
            return PlainReading.Not($"“{name}” is not known as a law.");
        }

        var set = new ClauseEdit.SetField(ContractField.GoverningLaw, written);
        var from = contract.GoverningLaw ?? LawIn(contract);
        if (from is not null && Laws.AreSame(from, written))
        {
            return PlainReading.Not($"The governing law is {from} already.");
        }

        if (from is not null && LawReplacement.In(contract, from, written).ToList() is { Count: > 0 } edits)
        {
            return PlainReading.Of([set, .. edits]);
        }

        var clause = contract
            .Walk()
            .FirstOrDefault(placed => ClauseTypes.Recognise(placed.Clause, placed.Parent) == ClauseType.GoverningLaw)
            .Clause;
        if (clause is not null)
        {
            return PlainReading.Not(
                "The clause on the governing law names it in a way that is not known. Say its new text instead."
            );
        }

        return ClauseLibrary.ClausesOf(ClauseType.GoverningLaw, contract.Language).FirstOrDefault() is { } shipped
            ? PlainReading.Of(set, ClauseInsertion.Of(contract with { GoverningLaw = written }, shipped))
            : PlainReading.Of(set);
    }

    private static string? LawIn(ContractText contract) =>
        contract
            .Walk()
            .Where(placed => ClauseTypes.RecogniseAll(placed.Clause, placed.Parent).Contains(ClauseType.GoverningLaw))
            .SelectMany(placed =>
                Laws.All.Where(law =>
                    Laws.Contains(placed.Clause.Text, law.English) || Laws.Contains(placed.Clause.Text, law.German)
                )
            )
            .MaxBy(law => law.English.Length)
            ?.English;

    private static PlainReading Date(ContractText contract, string which, string words)
    {
        if (Dates.In(words).FirstOrDefault() is not { Value: { } to })
        {
            return PlainReading.Not(
                $"“{words}” is no date that is read without doubt; write it as 2026-03-01 or 1 March 2026."
            );
        }

        var isEnd =
            which.StartsWith("e", StringComparison.OrdinalIgnoreCase)
                && !which.StartsWith("effective", StringComparison.OrdinalIgnoreCase)
            || which.Contains("ende", StringComparison.OrdinalIgnoreCase);
        var field = isEnd ? ContractField.EndDate : ContractField.EffectiveDate;
        var old = isEnd ? contract.EndDate : contract.EffectiveDate;
        var edits = new List<ClauseEdit>
        {
            new ClauseEdit.SetField(field, to.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        };
        foreach (var placed in contract.Walk())
        {
            var text = placed.Clause.Text;
            foreach (
                var found in Dates.In(text).Where(found => found.Value is { } value && value == old).Reverse().ToList()
            )
            {
                text = string.Concat(
                    text.AsSpan(0, found.Start),
                    TemplateFilling.Write(to, contract.Language),
                    text.AsSpan(found.Start + found.Length)
                );
            }

            if (text != placed.Clause.Text)
            {
                edits.Add(new ClauseEdit.ReplaceText(placed.Clause.Id, text));
            }
        }

        return PlainReading.Of(edits);
    }
}
