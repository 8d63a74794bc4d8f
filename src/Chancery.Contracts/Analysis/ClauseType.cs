using System.Text.Json.Serialization;

namespace Chancery.Contracts.Analysis;

/// <summary>What a clause is about, whatever its heading says. In JSON <c>snake_case</c>: "termination_for_cause".</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ClauseType>))]
public enum ClauseType
{
    Parties,
    Recitals,
    Definitions,

    /// <summary>How long it lasts.</summary>
    Term,
    Renewal,

    /// <summary>Ending it, for whatever reason; the two below say for which.</summary>
    Termination,

    /// <summary>Ending it without a reason.</summary>
    TerminationForConvenience,

    /// <summary>Ending it because of a breach, insolvency or the like.</summary>
    TerminationForCause,

    /// <summary>What is done once it has ended: hand-over, wind-down, last payments.</summary>
    EffectsOfTermination,
    Survival,

    /// <summary>What is done for the other side: services, deliverables, scope of work.</summary>
    Services,
    ServiceLevels,
    Acceptance,
    Payment,
    PriceAdjustment,
    Taxes,
    RevenueShare,
    MinimumCommitment,
    VolumeRestriction,
    MostFavouredCustomer,
    Exclusivity,
    NonCompete,
    NonSolicitation,
    NonDisparagement,
    RightOfFirstRefusal,
    Licence,

    /// <summary>What a user of the service or the software must not do.</summary>
    AcceptableUse,
    IpOwnership,
    SourceCodeEscrow,
    CovenantNotToSue,
    Confidentiality,
    DataProtection,
    Publicity,
    Warranty,
    WarrantyDisclaimer,
    Indemnity,

    /// <summary>A limit to what has to be paid, or damages that are excluded.</summary>
    LiabilityCap,

    /// <summary>What is not limited: fraud, death, wilful misconduct.</summary>
    UncappedLiability,
    LiquidatedDamages,
    Insurance,
    Audit,
    Compliance,
    Subcontracting,
    Assignment,
    ChangeOfControl,
    ForceMajeure,
    GoverningLaw,
    DisputeResolution,
    Notices,
    EntireAgreement,
    Amendment,
    Waiver,
    Severability,
    Counterparts,
    RelationshipOfParties,
    ThirdPartyRights,

    /// <summary>Pay, bonus and benefits of an employee.</summary>
    Remuneration,
    WorkingTime,
    Leave,
    Rent,
    Deposit,
    UseOfPremises,
    Repairs,
    Signatures,
}
