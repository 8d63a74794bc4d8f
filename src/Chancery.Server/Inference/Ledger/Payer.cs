using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Who pays: the organisation, the person behind the call, and the key or OAuth client that it came with.</summary>
/// <param name="KeyId">Null for a person's own sign-in.</param>
public sealed record Payer(TenantId Tenant, Guid UserId, Guid? KeyId)
{
    public static Payer Of(Principal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        // What a foreign token calls its application is nobody of ours.
        Guid? client = !principal.IsExternal && Guid.TryParse(principal.ClientId, out var id) ? id : null;
        return new Payer(
            principal.Tenant,
            principal.UserId,
            principal is { IsKey: true, IsExternal: false } ? principal.Id : client
        );
    }
}
