using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>What an instruction says, as far as it could be read.</summary>
internal sealed record ReadInstruction
{
    public required string Language { get; init; }

    public required ContractTemplate Template { get; init; }

    /// <summary>In the order of the template's roles; one whose name is not known has an empty name.</summary>
    public IReadOnlyList<Party> Parties { get; init; } = [];

    public DateOnly? EffectiveDate { get; init; }

    public DateOnly? EndDate { get; init; }

    public string? GoverningLaw { get; init; }

    /// <summary>Values of the template's variables, by name.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Clauses that are asked for beside the template's, with what is known for their blanks.</summary>
    public IReadOnlyList<(LibraryClause Clause, IReadOnlyDictionary<string, string> Variables)> Extras { get; init; } =
    [];

    /// <summary>"Without a …": what the template has and is not wanted.</summary>
    public IReadOnlyList<Analysis.ClauseType> Unwanted { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];
}
