using Chancery.Server.Access;
using Chancery.Server.Access.Accounts;
using Chancery.Server.Access.Keys;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Evaluation.Running;

/// <summary>On whose behalf a run is done, as it is kept: a run outlives its request.</summary>
/// <param name="Id">The person, or the key.</param>
/// <param name="UserId">The person behind it, or the service account.</param>
/// <param name="Role">What they were when they started it: they never get more than that.</param>
internal sealed record RunStarter(Guid Id, Guid UserId, string Role, bool IsKey, string? ClientId, string[]? Scopes)
{
    public static RunStarter Of(Principal principal) =>
        new(
            principal.Id,
            principal.UserId,
            principal.Role,
            principal.IsKey,
            principal.ClientId,
            principal.Scopes is { } scopes ? [.. scopes] : null
        );
}

/// <summary>Who starters are by now. Safe for concurrent use.</summary>
internal sealed class RunStarters(TenantDatabase database, ApiKeyStore keys, AccountStore accounts)
{
    /// <summary>A person who holds no sign-in of any moment: keys of theirs that last as long as one are not found.</summary>
    private static readonly Guid NoSession = Guid.Empty;

    /// <summary>The starter with the rights that are left of theirs; null where they are gone, or their key is.</summary>
    public async Task<Principal?> FindAsync(TenantId tenant, RunStarter starter, CancellationToken cancellationToken)
    {
        if (starter is { IsKey: true, ClientId: null } && !await keys.HasAsync(tenant, starter.Id, cancellationToken))
        {
            return null;
        }

        var owner =
            await MemberAsync(tenant, starter.UserId, cancellationToken)
            ?? await AccountAsync(tenant, starter.UserId, cancellationToken);
        return owner is null
            ? null
            : owner with
            {
                Id = starter.Id,
                SessionId = starter.IsKey ? null : NoSession,
                Role = Role.Lower(starter.Role, owner.Role),
                ClientId = starter.ClientId,
                Scopes = starter.Scopes?.ToHashSet(StringComparer.Ordinal),
            };
    }

    private async Task<Principal?> MemberAsync(TenantId tenant, Guid user, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await PeopleStore.FindMemberAsync(session, user, cancellationToken);
    }

    private async Task<Principal?> AccountAsync(TenantId tenant, Guid account, CancellationToken cancellationToken) =>
        await accounts.FindAsync(tenant, account, cancellationToken) is { DisabledAt: null } found
            ? new Principal(tenant, account, account, null, found.Role, Email: "", found.Name, TenantName: "", Plan: "")
            : null;
}
