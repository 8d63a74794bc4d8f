namespace Chancery.Server.Audit.Chain;

/// <summary>Told of entries once they are committed, by whichever process linked them. It does not fail.</summary>
internal interface IChainFollower
{
    public Task AppendedAsync(Guid tenant, IReadOnlyList<AuditEntry> entries);
}
