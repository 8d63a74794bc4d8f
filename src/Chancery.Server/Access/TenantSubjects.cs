using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.OAuth.Clients;

namespace Chancery.Server.Access;

/// <summary>Whether somebody of whom a limit is set is of the caller's organisation.</summary>
internal sealed class TenantSubjects(MemberStore members, ApiKeyStore keys, ClientStore clients)
{
    public Task<bool> HasMemberAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        members.HasAsync(principal.Tenant, id, cancellationToken);

    /// <summary>An API key, or a client of OAuth.</summary>
    public async Task<bool> HasKeyAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        await keys.HasAsync(principal.Tenant, id, cancellationToken)
        || await clients.GetAsync(principal.Tenant, id, cancellationToken) is not null;
}
