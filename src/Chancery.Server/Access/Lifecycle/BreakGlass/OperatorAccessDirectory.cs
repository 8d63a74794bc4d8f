using System.Collections.Frozen;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>
/// Whether an operator's access still counts, from this process's memory for at most 20 seconds; ended ones are dropped at once
/// (<see cref="Revocations"/>). Safe for concurrent use.
/// </summary>
internal sealed class OperatorAccessDirectory(OperatorAccessStore store, TimeProvider time)
{
    /// <summary>What an operator may by break-glass, and nothing else: to read documents and contracts.</summary>
    public static readonly IReadOnlySet<string> Rights = new[]
    {
        Permission.DocumentsRead,
        Permission.ContractsRead,
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly ExpiringCache<Guid, OpenAccess> _cache = new(time, SessionDirectory.Life, capacity: 1_000);

    /// <summary>Whoever a token of break-glass is for; null when it is over.</summary>
    public async ValueTask<Principal?> FindAsync(AccessToken token, CancellationToken cancellationToken) =>
        token is { IsBreakGlass: true, SessionId: { } id }
            ? await FindAsync(new TenantId(token.TenantId), id, cancellationToken)
            : null;

    public async ValueTask<Principal?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        if (!_cache.TryGet(id, out var access))
        {
            var generation = _cache.Generation;
            if (await store.FindAsync(tenant, id, cancellationToken) is not { } found)
            {
                return null;
            }

            access = found;
            _cache.Set(id, access, generation);
        }

        return access.TenantId == tenant.Value && access.ExpiresAt > time.GetUtcNow() ? PrincipalOf(access) : null;
    }

    public void Drop(Guid id) => _cache.Drop(id);

    public void DropOfTenant(Guid tenantId) => _cache.DropWhere(access => access.TenantId == tenantId);

    internal static Principal PrincipalOf(OpenAccess access) =>
        new(
            new TenantId(access.TenantId),
            access.AccessId,
            access.AccessId,
            SessionId: null,
            Role.Viewer,
            Email: "",
            $"operator {access.OperatorName} by break-glass {access.AccessId}",
            access.TenantName,
            access.Plan
        )
        {
            Scopes = Rights,
            BreakGlass = new BreakGlassAccess(access.AccessId, access.OperatorId, access.OperatorName),
        };
}
