using System.Text.Json.Serialization;

namespace Chancery.Contracts.Comparing;

public enum ClauseChangeKind
{
    /// <summary>Says the same at the same place; its number may be another.</summary>
    Same,
    Inserted,
    Deleted,
    Changed,

    /// <summary>Says the same at another place.</summary>
    Moved,
    MovedAndChanged,
}

/// <summary>Where a clause stands and how it shows there.</summary>
/// <param name="Parent">The clause that it stands under; null at the top.</param>
/// <param name="Index">Its place among its siblings, from 0.</param>
/// <param name="Depth">0 at the top.</param>
/// <param name="Label">Its number as it is shown, "4.2"; empty where it has none.</param>
public sealed record ClausePlace(Guid? Parent, int Index, int Depth, bool IsNumbered, string Label);

/// <summary>What became of one clause.</summary>
/// <param name="From">Where it stood; null for an inserted one.</param>
/// <param name="To">Where it stands; null for a deleted one.</param>
/// <param name="Heading">Its heading, word by word: all of it, kept words too.</param>
/// <param name="Text">Its text likewise; empty where neither has words.</param>
public sealed record ClauseChange(
    Guid Id,
    ClauseChangeKind Kind,
    ClausePlace? From,
    ClausePlace? To,
    IReadOnlyList<WordChange> Heading,
    IReadOnlyList<WordChange> Text
)
{
    /// <summary>Whether it is shown with another number than before, or with one where it had none.</summary>
    [JsonIgnore]
    public bool IsRenumbered => From is not null && To is not null && From.Label != To.Label;

    public bool Equals(ClauseChange? other) =>
        other is not null
        && Id == other.Id
        && Kind == other.Kind
        && From == other.From
        && To == other.To
        && Heading.SequenceEqual(other.Heading)
        && Text.SequenceEqual(other.Text);

    public override int GetHashCode() => HashCode.Combine(Id, Kind, From, To);
}
