using System.Text.Json.Serialization;
using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Assembly;

/// <summary>A contract that somebody wants, in their own words.</summary>
/// <param name="Instruction">"A mutual NDA between Acme GmbH and Beta Ltd under German law, for two years".</param>
public sealed record AssemblyRequest(string Instruction)
{
    /// <summary>A template's id or kind; null: as the instruction says.</summary>
    public string? Type { get; init; }

    /// <summary>Null or empty: as the instruction says.</summary>
    public IReadOnlyList<Party>? Parties { get; init; }

    public DateOnly? EffectiveDate { get; init; }

    public string? GoverningLaw { get; init; }

    /// <summary>A BCP 47 tag; null: that of the instruction.</summary>
    public string? Language { get; init; }

    /// <summary>Today, for "from today" and "next month".</summary>
    public required DateOnly Today { get; init; }

    /// <summary>Clauses of the organisation's own that may take the place of a template's.</summary>
    public IReadOnlyList<CandidateClause> Candidates { get; init; } = [];

    /// <summary>What a candidate's score must reach.</summary>
    public double EnoughScore { get; init; } = 0.5;
}

/// <summary>A clause of the organisation's own: from its library or from one of its contracts.</summary>
/// <param name="Type">Null: recognised by its words.</param>
/// <param name="Score">How well it fits what was asked, 0 to 1.</param>
public sealed record CandidateClause(Guid Id, string Heading, string Text, double Score, ClauseType? Type = null)
{
    public IReadOnlyList<Clause> Children { get; init; } = [];
}

/// <summary>A contract made of templates and clauses that exist.</summary>
/// <param name="Template">The id of the template.</param>
/// <param name="Origins">Of each clause at the top, by its id, what it was made of.</param>
/// <param name="Notes">What could not be done, and what has to be looked at, for the person who asked.</param>
public sealed record AssembledContract(
    ContractText Text,
    string Template,
    IReadOnlyDictionary<Guid, ClauseOrigin> Origins,
    IReadOnlyList<string> Notes
);

/// <param name="Source">A template's or a shipped clause's id, or the id of the organisation's clause.</param>
/// <param name="Score">Of the organisation's clause.</param>
public sealed record ClauseOrigin(ClauseOriginKind Kind, string Source, double? Score = null);

[JsonConverter(typeof(SnakeCaseEnumConverter<ClauseOriginKind>))]
public enum ClauseOriginKind
{
    /// <summary>Of the template that was taken.</summary>
    Template,

    /// <summary>A shipped clause that was asked for.</summary>
    Library,

    /// <summary>The organisation's own.</summary>
    Tenant,
}
