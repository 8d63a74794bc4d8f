using System.Text.Json.Serialization;

namespace Chancery.Contracts.Analysis;

/// <summary>Something that an organisation wants of its contracts. In JSON the kind is <c>kind</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ClauseRequired), "clause_required")]
[JsonDerivedType(typeof(ClauseForbidden), "clause_forbidden")]
[JsonDerivedType(typeof(GoverningLawOneOf), "governing_law_one_of")]
[JsonDerivedType(typeof(LiabilityCapped), "liability_capped")]
[JsonDerivedType(typeof(PeriodWithin), "period_within")]
[JsonDerivedType(typeof(TextRequired), "text_required")]
[JsonDerivedType(typeof(TextForbidden), "text_forbidden")]
[JsonDerivedType(typeof(DefinitionRequired), "definition_required")]
[JsonDerivedType(typeof(PartyRoleRequired), "party_role_required")]
public abstract record PlaybookRule
{
    private PlaybookRule() { }

    /// <summary>What findings name it by; 1 to 100 characters.</summary>
    public required string Id { get; init; }

    public FindingSeverity Severity { get; init; } = FindingSeverity.Warning;

    /// <summary>Why, in the organisation's words; it ends up in the finding.</summary>
    public string? Explanation { get; init; }

    /// <summary>What it would rather read: the proposed edit puts it in.</summary>
    public FallbackClause? Fallback { get; init; }

    public sealed record ClauseRequired(ClauseType Type) : PlaybookRule;

    public sealed record ClauseForbidden(ClauseType Type) : PlaybookRule;

    /// <param name="Laws">"England and Wales", "German law": whichever name is used, it is the same law. The first is proposed.</param>
    public sealed record GoverningLawOneOf(IReadOnlyList<string> Laws) : PlaybookRule;

    /// <summary>That liability has a limit; and, where a bound is given, that the limit is at most so high.</summary>
    /// <param name="Currency">ISO 4217, for <paramref name="MaxAmount"/>.</param>
    /// <param name="MaxMonthsOfFees">"The fees paid in the 12 months before".</param>
    public sealed record LiabilityCapped(
        decimal? MaxAmount = null,
        string? Currency = null,
        int? MaxMonthsOfFees = null
    ) : PlaybookRule;

    /// <summary>Bounds of a period. At least one is given; each is a number and a unit: "30 days", "24 months".</summary>
    public sealed record PeriodWithin(PeriodSubject Subject, string? AtMost = null, string? AtLeast = null)
        : PlaybookRule;

    /// <param name="Text">Words, or a regular expression without look-around and back-references; at most 500 characters.</param>
    /// <param name="Type">Where it must stand; null: anywhere.</param>
    public sealed record TextRequired(string Text, bool IsRegex = false, ClauseType? Type = null) : PlaybookRule;

    /// <inheritdoc cref="TextRequired"/>
    public sealed record TextForbidden(string Text, bool IsRegex = false, ClauseType? Type = null) : PlaybookRule;

    public sealed record DefinitionRequired(string Term) : PlaybookRule;

    public sealed record PartyRoleRequired(string Role) : PlaybookRule;
}

/// <summary>What a period is of.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PeriodSubject>))]
public enum PeriodSubject
{
    /// <summary>Of a termination without a reason.</summary>
    TerminationNotice,

    /// <summary>From the invoice or its receipt.</summary>
    Payment,

    /// <summary>The contract's own, first one.</summary>
    Term,

    /// <summary>One renewal.</summary>
    Renewal,

    /// <summary>To put right a breach before the other side may terminate.</summary>
    Cure,

    /// <summary>After the end.</summary>
    Confidentiality,

    /// <summary>After the end.</summary>
    NonCompete,
    Warranty,
}

/// <summary>A clause that an organisation would rather read.</summary>
public sealed record FallbackClause(string Text, string Heading = "");
