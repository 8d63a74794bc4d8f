using System.Collections.Frozen;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>
/// Whether an operator's access still counts, asked of the database at each use: each is counted there anyway, and one that ended, or whose
/// operator was revoked, opens nothing from then on. Safe for concurrent use.
/// </summary>
internal sealed class OperatorAccessDirectory(OperatorAccessStore store, OperatorGate gate, TimeProvider time)
{
    /// <summary>What an operator may by break-glass, and nothing else: to read documents and contracts.</summary>
    public static readonly IReadOnlySet<string> Rights = new[]
    {
        Permission.DocumentsRead,
        Permission.ContractsRead,
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whoever a token of break-glass is for; null when it is over.</summary>
    public async ValueTask<Principal?> FindAsync(AccessToken token, CancellationToken cancellationToken) =>
        token is { IsBreakGlass: true, SessionId: { } id }
            ? await FindAsync(new TenantId(token.TenantId), id, cancellationToken)
            : null;

    public async ValueTask<Principal?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken) =>
        await store.FindAsync(tenant, id, cancellationToken) is { } access
        && access.ExpiresAt > time.GetUtcNow()
        && (access.OperatorId is not null || gate.StillAdmits(access.OperatorMark))
            ? PrincipalOf(access)
            : null;

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
