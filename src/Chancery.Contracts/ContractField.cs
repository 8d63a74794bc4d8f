namespace Chancery.Contracts;

/// <summary>What stands at a contract's head.</summary>
public enum ContractField
{
    Title,
    Parties,
    EffectiveDate,
    EndDate,
    GoverningLaw,
    Language,
    Numbering,
}
