using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Access.Auditing;

/// <summary>Principals as the record names them.</summary>
internal static class PrincipalActor
{
    /// <param name="credential">One of <see cref="CredentialWord"/>.</param>
    public static AuditActor Of(Principal principal, string credential) =>
        principal.BreakGlass is { } access
            ? new AuditActor(
                principal.Tenant.Value,
                ActorKind.Operator,
                access.OperatorId,
                access.OperatorId,
                credential,
                access.AccessId.ToString(),
                access.OperatorName,
                ""
            )
            : OfMember(principal, credential);

    private static AuditActor OfMember(Principal principal, string credential) =>
        new(
            principal.Tenant.Value,
            principal switch
            {
                { ClientId: not null } => ActorKind.Program,
                { SessionId: null } => ActorKind.Key,
                _ => ActorKind.Person,
            },
            principal.Id,
            principal.UserId,
            credential,
            principal.ClientId ?? (principal.SessionId ?? principal.Id).ToString(),
            principal.Name,
            principal.Email
        );

    public static AuditActor OfPerson(Guid tenant, Guid person, string name, string email, string credential) =>
        new(tenant, ActorKind.Person, person, person, credential, null, name, email);

    /// <summary>An application that acts without anybody's sign-in.</summary>
    public static AuditActor OfProgram(Guid tenant, OAuthClient client) =>
        new(
            tenant,
            ActorKind.Program,
            Guid.TryParse(client.Id, out var id) ? id : null,
            null,
            CredentialWord.Token,
            client.Id,
            "",
            ""
        );

    public static string WordOf(CredentialKind kind) =>
        kind switch
        {
            CredentialKind.Cookie => CredentialWord.Page,
            CredentialKind.Key => CredentialWord.Key,
            _ => CredentialWord.Token,
        };

    /// <summary>The request opened this sign-in: that is what is recorded of it.</summary>
    public static AuditNotes Opened(this AuditNotes notes, OpenedSession opened) =>
        notes.By(Of(opened.Principal, CredentialWord.Password)).On(opened.Principal.SessionId!.Value);
}
