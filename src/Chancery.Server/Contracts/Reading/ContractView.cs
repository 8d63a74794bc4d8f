using Chancery.Contracts;
using Chancery.Contracts.Analysis;
using Chancery.Server.Contracts.Storing;

namespace Chancery.Server.Contracts.Reading;

/// <summary>A clause as it is read.</summary>
/// <param name="ParentId">The clause that it stands under; left out at the top.</param>
/// <param name="Depth">0 at the top.</param>
/// <param name="Label">What stands before it: "4.", "4.2", "(a)"; empty without a number.</param>
/// <param name="Reference">How others name it, in whole: "4.2(a)".</param>
/// <param name="Text">Its own words with references as numbers, a paragraph a line.</param>
/// <param name="Source">The same as it is stored, with references as <c>{{clause:id}}</c>: what an edit sends back.</param>
/// <param name="Type">What it deals with, where that can be told.</param>
/// <param name="BuiltOn">What it was built on, as far as the caller may know; empty where nobody said.</param>
public sealed record ClauseView(
    Guid Id,
    Guid? ParentId,
    int Depth,
    string Label,
    string Reference,
    string Heading,
    string Text,
    string Source,
    bool IsNumbered,
    string? Type,
    IReadOnlyList<ClauseOrigin> BuiltOn
);

/// <summary>A contract at one revision.</summary>
/// <param name="Contract">Facts of the latest revision.</param>
/// <param name="Revision">The one that is shown.</param>
/// <param name="Clauses">In the order of reading.</param>
public sealed record ContractView(
    ContractSummary Contract,
    RevisionSummary Revision,
    string Title,
    IReadOnlyList<Party> Parties,
    DateOnly? EffectiveDate,
    DateOnly? EndDate,
    string? GoverningLaw,
    string Language,
    IReadOnlyList<ClauseView> Clauses
)
{
    internal static ContractView Of(StoredContract stored) =>
        new(
            stored.Summary,
            stored.Revision,
            stored.Text.Title,
            stored.Text.Parties,
            stored.Text.EffectiveDate,
            stored.Text.EndDate,
            stored.Text.GoverningLaw,
            stored.Text.Language,
            ClausesOf(stored.Text, stored.Origins)
        );

    internal static IReadOnlyList<ClauseView> ClausesOf(
        ContractText text,
        IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> origins
    )
    {
        var numbers = ClauseNumbers.Of(text);
        return
        [
            .. text.Walk()
                .Select(placed => new ClauseView(
                    placed.Clause.Id,
                    placed.Parent?.Id,
                    placed.Depth,
                    numbers.LabelOf(placed.Clause.Id),
                    numbers.ReferenceOf(placed.Clause.Id) ?? "",
                    placed.Clause.Heading,
                    numbers.Write(placed.Clause.Text),
                    placed.Clause.Text,
                    placed.Clause.IsNumbered,
                    ClauseTypes.Recognise(placed.Clause, placed.Parent) is { } type ? ClauseTypeName.Of(type) : null,
                    origins.GetValueOrDefault(placed.Clause.Id) ?? []
                )),
        ];
    }
}
