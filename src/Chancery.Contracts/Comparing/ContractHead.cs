using System.Globalization;

namespace Chancery.Contracts.Comparing;

/// <summary>All that a contract says above its clauses.</summary>
public sealed record ContractHead
{
    public required string Title { get; init; }

    public IReadOnlyList<Party> Parties { get; init; } = [];

    public DateOnly? EffectiveDate { get; init; }

    public DateOnly? EndDate { get; init; }

    public string? GoverningLaw { get; init; }

    public string Language { get; init; } = "en";

    public NumberingScheme Numbering { get; init; } = NumberingScheme.Sections;

    public static ContractHead Of(ContractText contract) =>
        new()
        {
            Title = contract.Title,
            Parties = contract.Parties,
            EffectiveDate = contract.EffectiveDate,
            EndDate = contract.EndDate,
            GoverningLaw = contract.GoverningLaw,
            Language = contract.Language,
            Numbering = contract.Numbering,
        };

    /// <summary>This head over those clauses.</summary>
    public ContractText Over(IReadOnlyList<Clause> clauses) =>
        new()
        {
            Title = Title,
            Parties = Parties,
            EffectiveDate = EffectiveDate,
            EndDate = EndDate,
            GoverningLaw = GoverningLaw,
            Language = Language,
            Numbering = Numbering,
            Clauses = clauses,
        };

    /// <summary>One field as a person reads it: dates as 2026-01-31, a party a line; null where it says nothing.</summary>
    public string? Show(ContractField field) =>
        field switch
        {
            ContractField.Title => Title,
            ContractField.Parties => Parties.Count == 0 ? null : string.Join('\n', Parties.Select(Show)),
            ContractField.EffectiveDate => EffectiveDate?.ToString("O", CultureInfo.InvariantCulture),
            ContractField.EndDate => EndDate?.ToString("O", CultureInfo.InvariantCulture),
            ContractField.GoverningLaw => GoverningLaw,
            ContractField.Language => Language,
            ContractField.Numbering => string.Join(' ', Numbering.Levels.Select(Show)),
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "No such field."),
        };

    public bool Equals(ContractHead? other) =>
        other is not null
        && Title == other.Title
        && EffectiveDate == other.EffectiveDate
        && EndDate == other.EndDate
        && GoverningLaw == other.GoverningLaw
        && Language == other.Language
        && Numbering.Equals(other.Numbering)
        && Parties.SequenceEqual(other.Parties);

    public override int GetHashCode() => HashCode.Combine(Title, Parties.Count, EffectiveDate, EndDate, GoverningLaw);

    internal bool Agrees(ContractHead other, ContractField field) =>
        field switch
        {
            ContractField.Title => Title == other.Title,
            ContractField.Parties => Parties.SequenceEqual(other.Parties),
            ContractField.EffectiveDate => EffectiveDate == other.EffectiveDate,
            ContractField.EndDate => EndDate == other.EndDate,
            ContractField.GoverningLaw => GoverningLaw == other.GoverningLaw,
            ContractField.Language => Language == other.Language,
            ContractField.Numbering => Numbering.Equals(other.Numbering),
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "No such field."),
        };

    /// <summary>This head with one field as the other has it.</summary>
    internal ContractHead With(ContractField field, ContractHead other) =>
        field switch
        {
            ContractField.Title => this with { Title = other.Title },
            ContractField.Parties => this with { Parties = other.Parties },
            ContractField.EffectiveDate => this with { EffectiveDate = other.EffectiveDate },
            ContractField.EndDate => this with { EndDate = other.EndDate },
            ContractField.GoverningLaw => this with { GoverningLaw = other.GoverningLaw },
            ContractField.Language => this with { Language = other.Language },
            ContractField.Numbering => this with { Numbering = other.Numbering },
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "No such field."),
        };

    private static string Show(Party party) =>
        party.Name
        + (party.Role is { Length: > 0 } role ? $" ({role})" : "")
        + (party.Address is { Length: > 0 } address ? $", {address}" : "");

    private static string Show(NumberingLevel level, int depth) =>
        level.Format == NumberFormat.None
            ? "–"
            : level.Pattern.Replace($"%{depth + 1}", ClauseNumbers.Write(1, level.Format), StringComparison.Ordinal);
}
