using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>Amounts, periods and dates that contradict themselves, each other, or what stands at the contract's head.</summary>
internal static class NumberChecks
{
    private static readonly Regex _wordsAndFigures = new(
        $@"\b(?<words>{NumberWords.Pattern})\s+(?:(?:us|u\.s\.|dollars?|euros?|pounds?|percent|per\s+cent|prozent|calendar|business|days?|months?|years?)\s+){{0,3}}\((?:US\$|USD|EUR|GBP|CHF|[$€£])?\s?(?<figures>[0-9][0-9.,']{{0,20}})\s?(?:%|€|EUR|percent)?\)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _figuresAndWords = new(
        $@"(?<figures>[0-9][0-9.,']{{0,20}})\s?(?:euros?|EUR|€|%|dollars|USD)?\s?\((?:in\s+worten:\s*)?(?<words>{NumberWords.Pattern})(?:\s+(?:euros?|dollars|pounds|percent|prozent))?\)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _effectiveDate = new(
        @"(?:effective\s+date[”""’)]*\s*(?:means|is|:)|inkrafttreten[“”""]?\s*(?:ist|:))\s*(?:the\s+)?(?<date>[^\n;]{6,30})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<Finding> Run(CheckedContract contract) =>
        contract
            .Clauses.SelectMany(clause =>
                WordsAgainstFigures(clause).Concat(ImpossibleDates(clause)).Concat(EffectiveDate(contract, clause))
            )
            .Concat(Head(contract))
            .Concat(GoverningLaw(contract))
            .Concat(Periods(contract));

    private static IEnumerable<Finding> WordsAgainstFigures(CheckedClause clause)
    {
        foreach (var match in _wordsAndFigures.Matches(clause.Text).Concat(_figuresAndWords.Matches(clause.Text)))
        {
            var words = NumberWords.Read(match.Groups["words"].Value);
            var figures = Amounts.ReadNumber(match.Groups["figures"].Value.TrimEnd('.', ','));
            // "A quarter of one percent (0.25%)": words of whole numbers only are read.
            if (words is not null && figures is { } number && number == decimal.Truncate(number) && words != number)
            {
                yield return clause.Finding(
                    "words_against_figures",
                    FindingSeverity.Error,
                    $"“{match.Value}”: the words and the figures are not the same number.",
                    match.Index,
                    match.Length
                );
            }
        }
    }

    private static IEnumerable<Finding> ImpossibleDates(CheckedClause clause) =>
        Dates
            .In(clause.Text)
            .Where(date => date.Value is null)
            .Select(date =>
                clause.Finding(
                    "impossible_date",
                    FindingSeverity.Error,
                    $"There is no {clause.Text.Substring(date.Start, date.Length)}.",
                    date.Start,
                    date.Length
                )
            );

    private static IEnumerable<Finding> EffectiveDate(CheckedContract contract, CheckedClause clause)
    {
        foreach (Match match in _effectiveDate.Matches(clause.Text))
        {
            var group = match.Groups["date"];
            if (
                contract.Contract.EffectiveDate is { } head
                && Dates.In(group.Value).FirstOrDefault() is { Value: { } written } found
                && found.Start < 3
                && written != head
            )
            {
                yield return clause.Finding(
                    "effective_date_contradicts",
                    FindingSeverity.Error,
                    $"The contract's effective date is {head:yyyy-MM-dd}, but this says {written:yyyy-MM-dd}.",
                    group.Index + found.Start,
                    found.Length
                );
            }
        }
    }

    private static IEnumerable<Finding> Head(CheckedContract contract)
    {
        if (contract.Contract is { EffectiveDate: { } start, EndDate: { } end })
        {
            if (end < start)
            {
                yield return new Finding(
                    "end_before_start",
                    FindingSeverity.Error,
                    $"The contract ends on {end:yyyy-MM-dd}, before it begins on {start:yyyy-MM-dd}."
                );
                yield break;
            }

            foreach (var (clause, period, _) in SubjectPeriods.In(contract, PeriodSubject.Term))
            {
                // Contracts count the last day in or not, and a renewal may have made it later.
                var computed = period.Value.After(start);
                if (end < computed.AddDays(-1))
                {
                    yield return clause.Finding(
                        "term_contradicts_dates",
                        FindingSeverity.Warning,
                        $"From {start:yyyy-MM-dd}, {period.Value} last until {computed:yyyy-MM-dd}, but the contract ends on {end:yyyy-MM-dd}.",
                        period.Start,
                        period.Length
                    );
                }
            }
        }
    }

    private static IEnumerable<Finding> GoverningLaw(CheckedContract contract)
    {
        if (contract.Contract.GoverningLaw is not { Length: > 0 } law)
        {
            yield break;
        }

        var clauses = contract
            .Showing(ClauseType.GoverningLaw)
            .Where(clause => clause.Types.Contains(ClauseType.GoverningLaw) && clause.Text.Length > 0)
            .ToList();
        if (clauses.Count > 0 && !clauses.Any(clause => Laws.Names(clause.Text, law)))
        {
            yield return clauses[0]
                .Finding(
                    "governing_law_contradicts",
                    FindingSeverity.Warning,
                    $"The contract's governing law is {law}, which its clause does not name."
                );
        }
    }

    private static IEnumerable<Finding> Periods(CheckedContract contract)
    {
        PeriodSubject[] subjects =
        [
            PeriodSubject.Term,
            PeriodSubject.Payment,
            PeriodSubject.TerminationNotice,
            PeriodSubject.Warranty,
        ];
        foreach (var subject in subjects)
        {
            foreach (var same in SubjectPeriods.In(contract, subject).GroupBy(found => found.Who))
            {
                var first = same.First();
                foreach (var other in same.Where(found => !found.Period.Value.IsAsLongAs(first.Period.Value)))
                {
                    yield return other.Clause.Finding(
                        "periods_contradict",
                        FindingSeverity.Warning,
                        $"{SubjectPeriods.NameOf(subject)} is {other.Period.Value} here, but {first.Period.Value} in {contract.NameOf(first.Clause)}.",
                        other.Period.Start,
                        other.Period.Length
                    );
                }
            }
        }
    }
}
