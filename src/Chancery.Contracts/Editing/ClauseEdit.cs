using System.Text.Json.Serialization;

namespace Chancery.Contracts.Editing;

/// <summary>One change that somebody, or a model, asks for. In JSON its kind is the member <c>op</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(ReplaceText), "replace_text")]
[JsonDerivedType(typeof(ReplaceHeading), "replace_heading")]
[JsonDerivedType(typeof(Insert), "insert")]
[JsonDerivedType(typeof(Delete), "delete")]
[JsonDerivedType(typeof(Move), "move")]
[JsonDerivedType(typeof(SetField), "set_field")]
public abstract record ClauseEdit
{
    private ClauseEdit() { }

    /// <param name="Text">All that the clause shall say, a paragraph a line; nothing of the former text stays.</param>
    public sealed record ReplaceText(Guid Clause, string Text) : ClauseEdit;

    /// <param name="Heading">One line without a number; empty takes the heading away.</param>
    public sealed record ReplaceHeading(Guid Clause, string Heading) : ClauseEdit;

    /// <summary>A new clause with what stands under it.</summary>
    /// <param name="Near">The clause that <paramref name="Place"/> is seen from; null: the whole contract, then only <see cref="ClausePosition.Under"/>.</param>
    public sealed record Insert(ClausePosition Place, Guid? Near, NewClause Clause) : ClauseEdit;

    /// <summary>The clause and all that stands under it.</summary>
    public sealed record Delete(Guid Clause) : ClauseEdit;

    /// <summary>The clause with all that stands under it.</summary>
    /// <param name="Near">As for <see cref="Insert"/>; neither the clause itself nor one below it.</param>
    public sealed record Move(Guid Clause, ClausePosition Place, Guid? Near) : ClauseEdit;

    /// <param name="Value">Dates as 2026-01-31; null or empty: the contract no longer says it. Not for parties.</param>
    /// <param name="Parties">All of them, for <see cref="ContractField.Parties"/> alone.</param>
    public sealed record SetField(ContractField Field, string? Value, IReadOnlyList<Party>? Parties = null) : ClauseEdit
    {
        public bool Equals(SetField? other) =>
            other is not null
            && Field == other.Field
            && Value == other.Value
            && (Parties ?? []).SequenceEqual(other.Parties ?? []);

        public override int GetHashCode() => HashCode.Combine(Field, Value);
    }
}

/// <summary>Where a clause goes, seen from another.</summary>
public enum ClausePosition
{
    Before,
    After,

    /// <summary>As the last of those that stand under it.</summary>
    Under,
}

/// <summary>A clause that is yet to be made.</summary>
/// <param name="Id">Null: a new one is made. Given, later edits of the same list can name it.</param>
public sealed record NewClause(
    string Heading,
    string Text,
    bool IsNumbered = true,
    IReadOnlyList<NewClause>? Children = null,
    Guid? Id = null
)
{
    public bool Equals(NewClause? other) =>
        other is not null
        && Heading == other.Heading
        && Text == other.Text
        && IsNumbered == other.IsNumbered
        && Id == other.Id
        && (Children ?? []).SequenceEqual(other.Children ?? []);

    public override int GetHashCode() => HashCode.Combine(Heading, Text, Id);
}
