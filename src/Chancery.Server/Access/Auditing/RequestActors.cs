using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Operators;

namespace Chancery.Server.Access.Auditing;

/// <summary>Tells the record who a request is from. Safe for concurrent use.</summary>
internal sealed class RequestActors(PeopleStore people, Standing standing) : IAuditActors
{
    /// <summary>An operator, in the installation's own record.</summary>
    public static AuditActor Of(OperatorVisit visit) =>
        new(
            AuditActor.Installation,
            ActorKind.Operator,
            visit.OperatorId,
            visit.OperatorId,
            visit.OperatorId is null ? CredentialWord.Machine : CredentialWord.Operator,
            null,
            visit.Name,
            ""
        );

    public AuditActor? Of(HttpContext context)
    {
        if (context.Features.Get<OperatorVisit>() is { } visit)
        {
            return Of(visit);
        }

        return context.Features.Get<Principal>() is { } principal
            ? PrincipalActor.Of(
                principal,
                PrincipalActor.WordOf(context.Features.Get<Credential>()?.Kind ?? CredentialKind.Token)
            )
            : context.Features.Get<RefusedCredential>()?.Actor;
    }

    public string? AlwaysRecordedAs(HttpContext context) =>
        context.Features.Get<Principal>()?.BreakGlass is null ? null : "operator_access.used";

    public async ValueTask<bool> MayStillReadAsync(HttpContext context, CancellationToken cancellationToken) =>
        context.Features.Get<Principal>() is { } principal
        && (await standing.AgainAsync(context.Request, principal, cancellationToken))?.May(Permission.AuditRead)
            == true;

    public async Task<IReadOnlyList<Guid>> TenantsOfAsync(Guid person, CancellationToken cancellationToken) =>
        [.. (await people.TenantsOfAsync(person, cancellationToken)).Select(tenant => tenant.Id)];
}

/// <summary>Whose a credential was that does not count, with the request.</summary>
internal sealed record RefusedCredential(AuditActor Actor);
