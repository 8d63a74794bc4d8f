using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Leases;

/// <summary>A place among what may run at once. Disposing gives it back; the second time does nothing.</summary>
public sealed class Lease : IAsyncDisposable
{
    private readonly LeaseBook? _book;

    internal Lease(LeaseBook? book, TenantId tenant, LimitName limit) => (_book, Tenant, Limit) = (book, tenant, limit);

    internal string Id { get; } = Guid.CreateVersion7().ToString("n");

    internal TenantId Tenant { get; }

    internal LimitName Limit { get; }

    public ValueTask DisposeAsync() => _book?.ReleaseAsync(this) ?? ValueTask.CompletedTask;
}

/// <summary>What came of asking for a place.</summary>
/// <param name="Lease">Null when all places are taken.</param>
/// <param name="Most">How many there are; null for no limit.</param>
public readonly record struct LeaseOutcome(Lease? Lease, long? Most);
