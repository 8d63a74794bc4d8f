using Chancery.Contracts;
using Chancery.Contracts.Comparing;

namespace Chancery.Server.Contracts.Reading;

/// <summary>A piece of a text that was kept, deleted or inserted.</summary>
public sealed record WordChangeView(WordChangeKind Kind, string Text);

/// <summary>A clause that two texts of a contract have, or one of them.</summary>
/// <param name="FromLabel">Its number before; left out for an inserted one.</param>
/// <param name="ToLabel">Its number after; left out for a deleted one.</param>
/// <param name="Depth">0 at the top; after the change, or before it for a deleted one.</param>
/// <param name="Heading">Word by word: all of it, kept words too.</param>
/// <param name="Text">Likewise, with references as numbers.</param>
public sealed record ClauseDifference(
    Guid Id,
    ClauseChangeKind Kind,
    string? FromLabel,
    string? ToLabel,
    int Depth,
    IReadOnlyList<WordChangeView> Heading,
    IReadOnlyList<WordChangeView> Text
);

/// <param name="From">What it said; left out for nothing.</param>
/// <param name="To">What it says; left out for nothing.</param>
public sealed record HeadDifference(ContractField Field, string? From, string? To);

/// <summary>What differs between two texts of a contract, and what does not, in the order of reading of the later one.</summary>
public sealed record ContractDifference(
    int Inserted,
    int Deleted,
    int Changed,
    int Moved,
    IReadOnlyList<HeadDifference> Head,
    IReadOnlyList<ClauseDifference> Clauses
)
{
    internal static ContractDifference Between(ContractText from, ContractText to)
    {
        var diff = ContractComparison.Between(from, to);
        var before = ClauseNumbers.Of(from);
        var after = ClauseNumbers.Of(to);
        return new ContractDifference(
            Count(ClauseChangeKind.Inserted),
            Count(ClauseChangeKind.Deleted),
            Count(ClauseChangeKind.Changed) + Count(ClauseChangeKind.MovedAndChanged),
            Count(ClauseChangeKind.Moved) + Count(ClauseChangeKind.MovedAndChanged),
            [.. diff.Head.Select(change => new HeadDifference(change.Field, change.From, change.To))],
            [
                .. diff.Clauses.Select(change => new ClauseDifference(
                    change.Id,
                    change.Kind,
                    change.From?.Label,
                    change.To?.Label,
                    change.To?.Depth ?? change.From?.Depth ?? 0,
                    Words(change.Heading, before, after),
                    Words(change.Text, before, after)
                )),
            ]
        );

        int Count(ClauseChangeKind kind) => diff.Clauses.Count(change => change.Kind == kind);
    }

    private static IReadOnlyList<WordChangeView> Words(
        IReadOnlyList<WordChange> words,
        ClauseNumbers before,
        ClauseNumbers after
    ) =>
        [
            .. words.Select(word => new WordChangeView(
                word.Kind,
                (word.Kind == WordChangeKind.Deleted ? before : after).Write(word.Text)
            )),
        ];
}
