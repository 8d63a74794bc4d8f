using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>References that point nowhere: marks of clauses that are gone, and numbers and schedules that the contract does not have.</summary>
internal static class ReferenceChecks
{
    private static readonly Regex _numbers = new(
        @"(?:\b(?:sections?|clauses?|articles?|ziffern?|abschnitte?|artikel)\s+|§§?\s*)(?<number>(?:[0-9]{1,3}(?:\.[0-9]{1,3})*|[IVXL]{1,8}\b)(?:\s?\([0-9a-z]{1,4}\))*)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _attachments = new(
        @"\b(?<kind>Schedule|Exhibit|Annex|Appendix|Attachment|Anlage|Anhang)\s+(?<number>[0-9]{1,2}(?:\.[0-9]{1,2})?|[A-Z](?:-[0-9])?)\b",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>"Section 5 of the Companies Act", "§ 314 Abs. 1 BGB", "Article 28 GDPR": somebody else's.</summary>
    private static readonly Regex _ofAnother = new(
        @"^[\s,]*(?:\([^)]{1,10}\)\s*)*(?:(?i:abs\.|absatz|satz|nr\.|ff\.|et\s+seq\.?|[0-9]+)\s*)*(?:(?:of|under|in|to|der|des)\s+(?:the\s+|any\s+|an?\s+|that\s+)?(?:[A-Z0-9]|regulation|directive)|(?:BGB|HGB|ZPO|StGB|UWG|AktG|GmbHG|DSGVO|BDSG|GDPR|U\.?S\.?C|C\.?F\.?R|KSchG|BUrlG|UStG|UrhG|InsO|EGBGB|BetrKV|TzBfG|NachwG|GeschGehG|[A-ZÄÖÜ][A-Za-zäöü]{0,8}(?:G|GB|O|VO)\b))",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _afterAnother = new(
        @"(?:Act|Code|Regulations?|GDPR|DSGVO|U\.?S\.?C\.?|C\.?F\.?R\.?|Rules?|Ordinance|Directive)[\s,(]*$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<Finding> Run(CheckedContract contract)
    {
        var numbers = NumbersOf(contract);
        var headings = string.Join('\n', contract.Clauses.Select(clause => clause.Clause.Heading));
        foreach (var clause in contract.Clauses)
        {
            foreach (var gone in ClauseReference.In(clause.Clause.Text).Where(id => !contract.Has(id)).Distinct())
            {
                var mark = ClauseReference.To(gone);
                yield return clause.Finding(
                    "dangling_reference",
                    FindingSeverity.Error,
                    "The text names a clause that the contract does not have any more.",
                    clause.Clause.Text.IndexOf(mark, StringComparison.Ordinal),
                    mark.Length
                );
            }

            foreach (var finding in Written(clause, numbers).Concat(Attachments(clause, headings)))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<Finding> Written(CheckedClause clause, HashSet<string> numbers)
    {
        if (numbers.Count == 0)
        {
            yield break;
        }

        foreach (Match match in _numbers.Matches(clause.Text))
        {
            var number = match.Groups["number"];
            if (!Exists(number.Value, numbers) && !IsAnothers(clause.Text, match))
            {
                yield return clause.Finding(
                    "unknown_reference",
                    FindingSeverity.Error,
                    $"“{match.Value}” is not in the contract.",
                    match.Index,
                    match.Length
                );
            }
        }
    }

    private static IEnumerable<Finding> Attachments(CheckedClause clause, string headings)
    {
        foreach (Match match in _attachments.Matches(clause.Text))
        {
            var isItsOwn = clause.Text.AsSpan(0, match.Index).Trim().Length == 0;
            if (
                !isItsOwn
                && !headings.Contains(match.Value, StringComparison.OrdinalIgnoreCase)
                && !IsAnothers(clause.Text, match)
            )
            {
                yield return clause.Finding(
                    "missing_attachment",
                    FindingSeverity.Info,
                    $"“{match.Value}” is not among the clauses; it has to be attached.",
                    match.Index,
                    match.Length
                );
            }
        }
    }

    private static bool IsAnothers(string text, Match match) =>
        _ofAnother.IsMatch(text[(match.Index + match.Length)..Math.Min(text.Length, match.Index + match.Length + 60)])
        || _afterAnother.IsMatch(text[Math.Max(0, match.Index - 30)..match.Index]);

    /// <summary>"4.2(a)" is there when a clause is so called, or when "4.2" is, whose words may hold an (a) that is no clause.</summary>
    private static bool Exists(string number, HashSet<string> numbers)
    {
        var plain = Plain(number);
        return numbers.Contains(plain)
            || (
                plain.IndexOf('(', StringComparison.Ordinal) is > 0 and var bracket
                && numbers.Contains(plain[..bracket])
            );
    }

    private static HashSet<string> NumbersOf(CheckedContract contract) =>
        [
            .. contract
                .Clauses.Where(clause => contract.Numbers.LabelOf(clause.Id).Length > 0)
                .Select(clause => Plain(contract.Numbers.ReferenceOf(clause.Id)!)),
        ];

    /// <summary>"IV" is "4": whether an article is called by the one or the other, it is the same.</summary>
    private static string Plain(string number)
    {
        var plain = number.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        var roman = plain.TakeWhile(c => c is 'i' or 'v' or 'x' or 'l').Count();
        return roman == 0 || (roman < plain.Length && plain[roman] != '(')
            ? plain
            : RomanNumbers.Read(plain[..roman]) + plain[roman..];
    }
}
