using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary>What a code was exchanged for: a sign-in, or why not.</summary>
internal sealed record Exchanged(OpenedSession? Session, AllowedCode? Code, OAuthError? Error)
{
    public static Exchanged Not(OAuthError error) => new(null, null, error);
}

/// <summary>Opens the sign-in that a person allowed, once for each code. Safe for concurrent use.</summary>
/// <remarks>
/// A code that comes a second time is in two hands: what came of it ends (RFC 6749, 4.1.2). One whose verifier is wrong is
/// used up, too, as somebody put it where it does not belong.
/// </remarks>
internal sealed class CodeExchange(
    CodeStore codes,
    SessionOpening opening,
    SessionStore store,
    SessionDirectory sessions,
    Revocations revocations,
    Resources resources,
    TenantDatabase database,
    TimeProvider time,
    ILogger<CodeExchange> logger
)
{
    private const string Unknown = "The code is unknown, was used, or its time is over.";

    /// <param name="kind">One of <see cref="CodeKind"/>.</param>
    public async Task<Exchanged> ExchangeAsync(
        HttpContext context,
        OAuthClient client,
        string kind,
        string code,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        var hash = SecretText.HashOf(code);
        if (
            await codes.FindTenantAsync(hash, cancellationToken) is not { } tenant
            || await codes.GetAsync(tenant, hash, cancellationToken) is not { } allowed
            || allowed.Kind != kind
            || allowed.ClientId != client.Id
        )
        {
            return Exchanged.Not(OAuthError.InvalidGrant(Unknown));
        }

        // Signing out of the page takes back what was not fetched yet.
        var page = await sessions.FindAsync(allowed.PageSession, cancellationToken);
        var isStillThere = page?.UserId == allowed.UserId;

        var now = time.GetUtcNow();
        await using var session = await database.OpenAsync(tenant, allowed.UserId, cancellationToken);
        if (!await CodeStore.UseAsync(session, hash, now, cancellationToken))
        {
            return await RefuseReuseAsync(session, hash, now, cancellationToken);
        }

        var audience = resources.Narrow(allowed.Audience, form.Resources.Count > 1 ? "" : form.Resource);
        var error =
            allowed.ExpiresAt <= now || !isStillThere ? OAuthError.InvalidGrant(Unknown)
            : kind == CodeKind.Code && form["redirect_uri"] is { } given && given != allowed.RedirectUri
                ? OAuthError.InvalidGrant("redirect_uri is not the one of the authorization request.")
            : kind == CodeKind.Code && !Proves(form["code_verifier"], allowed.CodeChallenge)
                ? OAuthError.InvalidGrant("code_verifier does not fit the code_challenge.")
            : audience is null
                ? OAuthError.InvalidTarget("The resource is not what was allowed, or there is more than one.")
            : null;
        var person = error is null
            ? await PeopleStore.FindMemberAsync(session, allowed.UserId, cancellationToken)
            : null;
        if (person is null)
        {
            await session.CommitAsync(cancellationToken);
            return Exchanged.Not(error ?? OAuthError.InvalidGrant(Unknown));
        }

        // An application that other organisations use, too, would know the person there by what this one's issuer says here.
        var isHidden = page!.Confined && client.Tenant is null;
        var opened = await opening.OpenAsync(
            session,
            // A program's sign-in reaches as far as the one that allowed it.
            person with
            {
                IsConfined = page.Confined,
                Issuer = page.Issuer,
            },
            SessionKind.Token,
            context,
            cancellationToken,
            new Delegation(
                client.Id,
                client.Name,
                [.. allowed.Scopes.Intersect(client.Scopes).Where(scope => !(isHidden && IsOfIdentity(scope)))],
                audience == Resources.Everything ? null : audience,
                client.May(Grant.Refresh)
            ),
            new Authenticated(page!.Methods, allowed.AuthTime)
        );
        await CodeStore.BecameAsync(session, hash, opened.Principal.SessionId!.Value, cancellationToken);
        await session.CommitAsync(cancellationToken);
        context.Audit().Opened(opened);
        return new Exchanged(opened, allowed, null);
    }

    private static bool IsOfIdentity(string scope) => scope is Scope.OpenId or Scope.Profile or Scope.Email;

    private async Task<Exchanged> RefuseReuseAsync(
        TenantSession session,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (await CodeStore.SessionOfAsync(session, hash, cancellationToken) is { } became)
        {
            Log.CodeReused(logger, became);
            await store.RevokeAsync(session.Tenant, became, now, cancellationToken);
            await revocations.SessionAsync(session.Tenant, became);
        }

        return Exchanged.Not(OAuthError.InvalidGrant(Unknown));
    }

    /// <summary>PKCE (RFC 7636, 4.6), by SHA-256 only; 43 to 128 of the unreserved characters.</summary>
    private static bool Proves(string? verifier, string? challenge) =>
        verifier is { Length: >= 43 and <= 128 }
        && challenge is not null
        && verifier.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~')
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))),
            Encoding.ASCII.GetBytes(challenge)
        );
}
