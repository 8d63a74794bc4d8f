using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis;
using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Analysis.Quantities;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Assembly;

/// <summary>"Change the payment term to 45 days", "shorten the notice period to one month", "setze die Kündigungsfrist auf 6 Monate".</summary>
internal static class PeriodEdits
{
    private static readonly Regex _change = new(
        @"^(?:change|set|extend|shorten|reduce|increase|make|cut|raise|lengthen|ändere|setze|verlängere|verkürze|erhöhe)\s+(?:the\s+|die\s+|das\s+|den\s+)?(?<what>[\p{L} -]{3,60}?)\s+(?:from\s+.{1,40}?\s+)?(?:to|for|on|at|auf|in)?\s*(?<period>(?:[0-9]|\p{L}+\s+\(?[0-9]|\p{L}+).{0,40})$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly (PeriodSubject Subject, string[] Words)[] _subjects =
    [
        (PeriodSubject.Payment, ["payment", "paying", "zahlung", "invoice"]),
        (PeriodSubject.Cure, ["cure", "remedy", "abhilfe"]),
        (PeriodSubject.NonCompete, ["compete", "wettbewerb"]),
        (PeriodSubject.Confidentiality, ["confidential", "secrecy", "vertraulich", "geheimhaltung", "protection"]),
        (PeriodSubject.Warranty, ["warranty", "gewährleistung"]),
        (PeriodSubject.Renewal, ["renewal", "verlängerung"]),
        (PeriodSubject.TerminationNotice, ["notice", "termination", "kündigung"]),
        (PeriodSubject.Term, ["term", "duration", "laufzeit", "dauer", "length"]),
    ];

    public static PlainReading? Read(string part, ContractText contract)
    {
        if (
            _change.Match(part) is not { Success: true } match
            || Periods.In(part).LastOrDefault() is not { Length: > 0 } found
        )
        {
            return null;
        }

        var what = match.Groups["what"].Value.ToLowerInvariant();
        var subject = _subjects.FirstOrDefault(known =>
            known.Words.Any(word => what.Contains(word, StringComparison.Ordinal))
        );
        if (subject.Words is null)
        {
            return null;
        }

        var to = QuantityReading.Written(part, found);
        var texts = new Dictionary<Guid, string>();
        foreach (var (clause, period, _) in SubjectPeriods.In(new CheckedContract(contract), subject.Subject).Reverse())
        {
            var text = texts.GetValueOrDefault(clause.Id, clause.Clause.Text);
            texts[clause.Id] = string.Concat(text.AsSpan(0, period.Start), to, text.AsSpan(period.End));
        }

        return texts.Count == 0
            ? PlainReading.Not($"{SubjectPeriods.NameOf(subject.Subject)} was not found in the contract.")
            : PlainReading.Of([.. texts.Select(text => new ClauseEdit.ReplaceText(text.Key, text.Value)).Reverse()]);
    }
}
