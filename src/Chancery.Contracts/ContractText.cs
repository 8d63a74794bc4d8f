using System.Text.Json.Serialization;

namespace Chancery.Contracts;

/// <summary>
/// All that a contract says at one moment: what stands at its head, and its clauses as a tree. Two are equal when they say the same,
/// under the same ids. Immutable.
/// </summary>
public sealed record ContractText
{
    /// <summary>What the contract is called: "Mutual Non-Disclosure Agreement".</summary>
    public required string Title { get; init; }

    public IReadOnlyList<Party> Parties { get; init; } = [];

    /// <summary>From when it binds; null: the text does not say.</summary>
    public DateOnly? EffectiveDate { get; init; }

    /// <summary>Until when; null: without end, or the text does not say.</summary>
    public DateOnly? EndDate { get; init; }

    /// <summary>Whose law governs it: "England and Wales"; null: the text does not say.</summary>
    public string? GoverningLaw { get; init; }

    /// <summary>What it is written in, as a BCP 47 tag.</summary>
    public string Language { get; init; } = "en";

    /// <summary>How its clauses are numbered; the numbers themselves are computed.</summary>
    public NumberingScheme Numbering { get; init; } = NumberingScheme.Sections;

    public IReadOnlyList<Clause> Clauses { get; init; } = [];

    /// <summary>How many levels of clauses a contract may have.</summary>
    public const int MostDepth = 12;

    /// <summary>How many clauses a contract may have, on all levels.</summary>
    public const int MostClauses = 5_000;

    /// <summary>How many UTF-16 characters its headings and texts may have together.</summary>
    public const int MostCharacters = 5_000_000;

    /// <summary>
    /// Why this is not a contract that can be kept, a sentence each; empty where it is. Ends quickly whatever the tree is, and names no more
    /// than <see cref="ContractFaults.MostNamed"/> faults.
    /// </summary>
    public IReadOnlyList<string> FindFaults() => ContractFaults.Of(this);

    /// <summary>Every clause in the order of reading, each with its parent and its depth (0 at the top).</summary>
    public IEnumerable<PlacedClause> Walk() => Clause.Walk(Clauses, null, 0);

    public bool Equals(ContractText? other) =>
        other is not null
        && Title == other.Title
        && EffectiveDate == other.EffectiveDate
        && EndDate == other.EndDate
        && GoverningLaw == other.GoverningLaw
        && Language == other.Language
        && Numbering.Equals(other.Numbering)
        && Parties.SequenceEqual(other.Parties)
        && Clauses.SequenceEqual(other.Clauses);

    public override int GetHashCode() => HashCode.Combine(Title, Parties.Count, Clauses.Count, EffectiveDate);
}

/// <summary>Somebody who is bound.</summary>
/// <param name="Name">In full: "Acme GmbH".</param>
/// <param name="Role">What the text calls them: "Supplier".</param>
public sealed record Party(string Name, string? Role = null, string? Address = null);

/// <summary>A clause, article, section or paragraph: a heading, words, or both, and what stands under it.</summary>
/// <param name="Id">Keeps through every revision, wherever the clause moves.</param>
public sealed record Clause(Guid Id)
{
    /// <summary>One line without its number; empty where there is none.</summary>
    public string Heading { get; init; } = "";

    /// <summary>
    /// Its own words, a paragraph a line ('\n'), without its number. What names another clause is a <see cref="ClauseReference"/>, so
    /// that it follows when clauses are numbered anew.
    /// </summary>
    public string Text { get; init; } = "";

    /// <summary>Whether it counts and shows a number; recitals and signatures do not.</summary>
    public bool IsNumbered { get; init; } = true;

    public IReadOnlyList<Clause> Children { get; init; } = [];

    [JsonIgnore]
    public bool IsEmpty => Heading.Length == 0 && Text.Length == 0;

    public bool Equals(Clause? other) =>
        other is not null
        && Id == other.Id
        && Heading == other.Heading
        && Text == other.Text
        && IsNumbered == other.IsNumbered
        && Children.SequenceEqual(other.Children);

    public override int GetHashCode() => HashCode.Combine(Id, Heading, Text);

    internal static IEnumerable<PlacedClause> Walk(IReadOnlyList<Clause> clauses, Clause? parent, int depth)
    {
        for (var i = 0; i < clauses.Count; i++)
        {
            yield return new PlacedClause(clauses[i], parent, depth, i);
            foreach (var below in Walk(clauses[i].Children, clauses[i], depth + 1))
            {
                yield return below;
            }
        }
    }
}

/// <summary>A clause where it stands.</summary>
/// <param name="Parent">Null at the top.</param>
/// <param name="Depth">0 at the top.</param>
/// <param name="Index">Its place among its siblings, from 0.</param>
public readonly record struct PlacedClause(Clause Clause, Clause? Parent, int Depth, int Index);
