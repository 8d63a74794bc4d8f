using System.Text.Json.Serialization;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Analysis;

[JsonConverter(typeof(SnakeCaseEnumConverter<FindingSeverity>))]
public enum FindingSeverity
{
    /// <summary>Worth a look.</summary>
    Info,

    /// <summary>Probably wrong, or against what is wanted.</summary>
    Warning,

    /// <summary>Wrong, or not acceptable.</summary>
    Error,
}

[JsonConverter(typeof(SnakeCaseEnumConverter<ClausePart>))]
public enum ClausePart
{
    Heading,
    Text,
}

/// <summary>Something in a contract that a person should look at: what, how bad, where, and what could be done.</summary>
/// <param name="Rule">Which check or rule says so: "undefined_term", or the id of a playbook's rule.</param>
public sealed record Finding(string Rule, FindingSeverity Severity, string Message)
{
    /// <summary>Null: the contract as a whole, or something at its head.</summary>
    public Guid? ClauseId { get; init; }

    /// <summary>Where in the clause <see cref="Start"/> and <see cref="Length"/> count.</summary>
    public ClausePart Part { get; init; } = ClausePart.Text;

    /// <summary>In UTF-16 code units of the clause's text as it is stored, references included.</summary>
    public int Start { get; init; }

    /// <summary>0: the clause as a whole.</summary>
    public int Length { get; init; }

    /// <summary>What would put it right, made together; empty: a person has to.</summary>
    public IReadOnlyList<ClauseEdit> ProposedEdits { get; init; } = [];
}
