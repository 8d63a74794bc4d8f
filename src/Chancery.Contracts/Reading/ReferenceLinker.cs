using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>
/// Makes numbers that name a clause of the same contract follow it: "Section 4.2(a)" → "Section {{clause:…}}". Only where the number
/// is, sign for sign, what would be written in its place; all others stay as they are.
/// </summary>
internal static partial class ReferenceLinker
{
    public static IReadOnlyList<Clause> Link(ContractText contract)
    {
        var numbers = ClauseNumbers.Of(contract);
        var targets = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var placed in contract.Walk().Where(placed => placed.Clause.IsNumbered))
        {
            if (numbers.ReferenceOf(placed.Clause.Id) is { Length: > 0 } reference)
            {
                targets.TryAdd(reference, placed.Clause.Id);
            }
        }

        // What an amendment names is mostly the contract that it amends.
        var amends = Amendment().IsMatch(contract.Title);
        return targets.Count == 0 ? contract.Clauses : Link(contract.Clauses, targets, amends);
    }

    private static IReadOnlyList<Clause> Link(
        IReadOnlyList<Clause> clauses,
        Dictionary<string, Guid> targets,
        bool amends
    ) =>
        [
            .. clauses.Select(clause =>
                clause with
                {
                    Text = Link(clause.Text, targets, amends),
                    Children = Link(clause.Children, targets, amends),
                }
            ),
        ];

    private static string Link(string text, Dictionary<string, Guid> targets, bool amends) =>
        Naming()
            .Replace(
                text,
                naming =>
                {
                    var after = text.AsSpan(
                        naming.Index + naming.Length,
                        Math.Min(60, text.Length - naming.Index - naming.Length)
                    );
                    var isOwn = Own().IsMatch(after);
                    if (!isOwn && (amends || Foreign().IsMatch(after)))
                    {
                        return naming.Value;
                    }

                    var word = naming.Groups["word"];
                    return word.Value
                        + Number()
                            .Replace(
                                naming.Value[word.Length..],
                                number =>
                                    targets.TryGetValue(number.Value, out var id)
                                        ? ClauseReference.To(id)
                                        : number.Value
                            );
                }
            );

    [GeneratedRegex(
        @"(?<word>\b(?:[Ss]ections?|SECTIONS?|[Aa]rticles?|ARTICLES?|[Cc]lauses?|[Pp]aragraphs?|Ziffern?|Abschnitte?n?)|§§?)\s+(?:\d{1,3}(?:\.\d{1,3}){0,5}|[IVX]{1,6}\b)(?:\([A-Za-z0-9]{1,4}\)){0,4}(?:(?:,| and| or| through| to|, and|, or| und| oder| bis)\s+\d{1,3}(?:\.\d{1,3}){1,5}(?:\([A-Za-z0-9]{1,4}\)){0,4})*",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Naming();

    [GeneratedRegex(
        @"(?:\d{1,3}(?:\.\d{1,3}){0,5}|[IVX]{1,6})(?:\([A-Za-z0-9]{1,4}\)){0,4}",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Number();

    /// <summary>"… of this Agreement", "… hereof".</summary>
    [GeneratedRegex(
        @"^\)?,?\s*(?:of|to|in|under) this\b|^\)?,?\s*(?:hereof|above|below|herein|dieses|dieser)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Own();

    /// <summary>"… of the Master Agreement", "… of Regulation S-K", "… of Schedule 2".</summary>
    [GeneratedRegex(
        @"^\)?,?\s*(?:of|to|in|under|der|des)\s+(?:(?:the|such|that|said|its|any|each|der|des)\s+)?[A-Z""“]",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Foreign();

    [GeneratedRegex(@"amendment|addendum|nachtrag|änderung", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Amendment();
}
