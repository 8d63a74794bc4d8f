using System.Text.Json.Serialization;

namespace Chancery.Contracts.Comparing;

/// <summary>A field of the head that says something else, as a person reads it.</summary>
/// <param name="From">Null where it said nothing.</param>
/// <param name="To">Null where it says nothing.</param>
public sealed record HeadChange(ContractField Field, string? From, string? To);

/// <summary>
/// Everything that differs between two texts of a contract, and what does not, in the order of reading of the later one; deleted clauses
/// stand where they stood. It holds enough to make the later text of the earlier one.
/// </summary>
public sealed record ContractDiff(
    ContractHead From,
    ContractHead To,
    IReadOnlyList<HeadChange> Head,
    IReadOnlyList<ClauseChange> Clauses
)
{
    /// <summary>Whether both say the same.</summary>
    [JsonIgnore]
    public bool IsEmpty => Head.Count == 0 && Clauses.All(change => change.Kind == ClauseChangeKind.Same);

    /// <summary>The later text.</summary>
    /// <exception cref="ArgumentException"><paramref name="from"/> is not the text that was compared, or the changes make no tree.</exception>
    public ContractText ApplyTo(ContractText from) => DiffApplication.Apply(this, from);

    public bool Equals(ContractDiff? other) =>
        other is not null
        && From.Equals(other.From)
        && To.Equals(other.To)
        && Head.SequenceEqual(other.Head)
        && Clauses.SequenceEqual(other.Clauses);

    public override int GetHashCode() => HashCode.Combine(From, To, Clauses.Count);
}
