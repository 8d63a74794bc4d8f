namespace Chancery.Server.Audit.Recording;

/// <summary>Who acts, as the record names them.</summary>
/// <param name="Tenant">Whose record it goes to.</param>
/// <param name="Kind">One of <see cref="ActorKind"/>.</param>
/// <param name="Id">The person, key, program or operator; null for nobody that is known.</param>
/// <param name="PersonId">The person whose name, e-mail and address may be erased later; also behind a key.</param>
/// <param name="Credential">One of <see cref="CredentialWord"/>.</param>
/// <param name="CredentialId">Which sign-in or key; never anything that opens something.</param>
public sealed record AuditActor(
    Guid Tenant,
    string Kind,
    Guid? Id,
    Guid? PersonId,
    string? Credential,
    string? CredentialId,
    string Name,
    string Email
)
{
    /// <summary>The installation's own record: what belongs to no tenant.</summary>
    public static readonly Guid Installation = Guid.Empty;

    /// <summary>Nobody that is known, in the installation's record.</summary>
    public static readonly AuditActor Stranger = new(Installation, ActorKind.Stranger, null, null, null, null, "", "");

    /// <summary>The server itself.</summary>
    public static AuditActor Server(Guid tenant) => new(tenant, ActorKind.Server, null, null, null, null, "", "");

    /// <summary>Why the credential does not count, where it is known whose it was.</summary>
    public string? RefusedBecause { get; init; }
}

/// <summary>What kinds of actors there are.</summary>
public static class ActorKind
{
    public const string Person = "person";
    public const string Key = "key";

    /// <summary>An OAuth client, for a person or as itself.</summary>
    public const string Program = "program";
    public const string Operator = "operator";
    public const string Server = "server";
    public const string Stranger = "stranger";
}

/// <summary>How somebody proved who they are.</summary>
public static class CredentialWord
{
    public const string Page = "page";
    public const string Token = "token";
    public const string Key = "key";
    public const string Password = "password";
    public const string Operator = "operator";

    /// <summary>The word of an external issuer of identities.</summary>
    public const string Issuer = "issuer";

    /// <summary>Sitting at the machine itself.</summary>
    public const string Machine = "machine";
}

/// <summary>How it ended.</summary>
public static class AuditOutcome
{
    public const string Succeeded = "succeeded";
    public const string Refused = "refused";
    public const string Failed = "failed";

    public static string Of(int status) =>
        status switch
        {
            < 400 => Succeeded,
            < 500 => Refused,
            _ => Failed,
        };
}
