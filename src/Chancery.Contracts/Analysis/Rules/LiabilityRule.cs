using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Analysis.Rules;

/// <summary>Whether liability has a limit, and how high it is, in money or in months of fees.</summary>
internal static class LiabilityRule
{
    private static readonly Regex _limit = new(
        @"\b(?:limited\s+to|not\s+(?:in\s+any\s+\w+\s+)?exceed|exceed|maximum|capped\s+at|in\s+excess\s+of|no\s+more\s+than|beschränkt\s+auf|begrenzt\s+auf|höchstens|übersteig)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _fees = new(
        @"\b(?:fees?|paid|payable|charges|price|purchase|consideration|vergütung|entgelt|gezahlt)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static string? FaultOf(PlaybookRule.LiabilityCapped rule) =>
        rule.MaxAmount is <= 0 ? "Its amount is not above zero."
        : rule.MaxAmount is not null && string.IsNullOrWhiteSpace(rule.Currency) ? "Its amount has no currency."
        : rule.MaxMonthsOfFees is <= 0 ? "Its months are not above zero."
        : null;

    public static IEnumerable<Finding> Review(CheckedContract contract, PlaybookRule.LiabilityCapped rule)
    {
        var limits = Limits(contract).ToList();
        if (limits.Count == 0)
        {
            var liability = contract.Showing(ClauseType.LiabilityCap).FirstOrDefault();
            yield return new Finding(rule.Id, rule.Severity, "Liability has no limit.")
            {
                ClauseId = liability?.Id,
                ProposedEdits =
                    liability is not null && rule.Fallback is { } fallback
                        ? ClauseRules.Replacement(liability.Clause, fallback)
                        : ClauseRules.Insertion(contract.Contract, ClauseType.LiabilityCap, rule.Fallback),
            };
            yield break;
        }

        var isStated = false;
        foreach (var (clause, sentence) in limits)
        {
            foreach (var (finding, isTooHigh) in TooHigh(rule, clause, sentence))
            {
                isStated = true;
                if (isTooHigh)
                {
                    yield return finding;
                }
            }
        }

        if (!isStated && (rule.MaxAmount is not null || rule.MaxMonthsOfFees is not null))
        {
            var (clause, sentence) = limits[0];
            yield return clause.Finding(
                rule.Id,
                rule.Severity,
                "Liability is limited, but how high the limit is does not show.",
                sentence.Start,
                sentence.Length
            ) with
            {
                ProposedEdits = rule.Fallback is { } fallback ? ClauseRules.Replacement(clause.Clause, fallback) : [],
            };
        }
    }

    private static IEnumerable<(CheckedClause Clause, Sentence Sentence)> Limits(CheckedContract contract)
    {
        foreach (var clause in contract.Showing(ClauseType.LiabilityCap))
        {
            var seen = new HashSet<Sentence>();
            foreach (Match match in _limit.Matches(clause.Text))
            {
                var sentence = Sentence.Around(clause.Text, match.Index);
                if (seen.Add(sentence))
                {
                    yield return (clause, sentence);
                }
            }
        }
    }

    private static IEnumerable<(Finding Finding, bool IsTooHigh)> TooHigh(
        PlaybookRule.LiabilityCapped rule,
        CheckedClause clause,
        Sentence sentence
    )
    {
        var words = sentence.Of(clause.Text);
        if (rule is { MaxAmount: { } most, Currency: { } currency })
        {
            foreach (
                var amount in Amounts
                    .In(words)
                    .Where(amount => amount.Currency.Equals(currency, StringComparison.OrdinalIgnoreCase))
            )
            {
                var wanted = string.Create(CultureInfo.InvariantCulture, $"{currency} {most:#,0.##}");
                yield return (
                    Finding(rule, clause, sentence, amount.Start, amount.Length, wanted),
                    amount.Value > most
                );
            }
        }

        if (rule.MaxMonthsOfFees is { } months && _fees.IsMatch(words))
        {
            foreach (var period in Periods.In(words))
            {
                yield return (
                    Finding(rule, clause, sentence, period.Start, period.Length, $"{months} months"),
                    period.Value.Days > new Period(months, PeriodUnit.Months).Days + 1
                );
            }
        }
    }

    private static Finding Finding(
        PlaybookRule.LiabilityCapped rule,
        CheckedClause clause,
        Sentence sentence,
        int start,
        int length,
        string wanted
    )
    {
        var at = sentence.Start + start;
        var written = clause.Text.Substring(at, length);
        return clause.Finding(
            rule.Id,
            rule.Severity,
            $"The limit of liability is {written}; it should be at most {wanted}.",
            at,
            length
        ) with
        {
            ProposedEdits = rule.Fallback is { } fallback
                ? ClauseRules.Replacement(clause.Clause, fallback)
                : [Rewriting.Of(clause.Clause, at, length, wanted)],
        };
    }
}
