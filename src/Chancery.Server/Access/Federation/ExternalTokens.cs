using System.Collections.Frozen;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Federation;

/// <summary>
/// Access tokens of external issuers at the API, where the operator or the organisation takes them. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A token is for whomever its subject was linked to when they signed in once, or were linked otherwise: it makes nobody a member.
/// The membership is asked for at most every 20 seconds, and dropped at once when it changes (<see cref="Revocations"/>).
/// </remarks>
internal sealed class ExternalTokens(
    IssuerRegistry registry,
    ForeignTokens tokens,
    IdentityStore store,
    TenantDatabase database,
    AccessSettings settings,
    TimeProvider time,
    ILogger<ExternalTokens> logger
)
{
    // Texts of tokens that are refused are not kept: checking one costs a signature, and what is kept of it would be a stranger's.
    private readonly ExpiringCache<Digest, Known> _known = new(time, SessionDirectory.Life, capacity: 20_000);

    // Of every address that a token named, those of nobody's, too: a flood of tokens asks the database once.
    private readonly ExpiringCache<string, IReadOnlyList<ExternalIssuer>> _named = new(
        time,
        SessionDirectory.Life,
        capacity: 10_000
    );

    private sealed record Known(Principal Principal, DateTimeOffset ExpiresAt);

    /// <summary>Whether a bearer says to be of another issuer than this server.</summary>
    public bool IsForeign(string token) => ForeignTokens.IssuerOf(token) is { } issuer && issuer != settings.PublicUrl;

    /// <summary>Whom the token is for; <c>null</c> for one that does not count. The log says why.</summary>
    public async ValueTask<Principal?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var digest = Digest.Of(token);
        if (_known.TryGet(digest, out var known))
        {
            return known.ExpiresAt > time.GetUtcNow() ? known.Principal : null;
        }

        if (ForeignTokens.IssuerOf(token) is not { Length: <= 2048 } address)
        {
            return null;
        }

        var generation = _known.Generation;
        var audiences = ForeignTokens.AudiencesOf(token);
        var issuer = (await NamedAsync(address, cancellationToken)).FirstOrDefault(one =>
            one.Rules.Audience is { } audience && audiences.Contains(audience)
        );
        if (issuer is null)
        {
            Log.ForeignTokenRefused(logger, Printable(address), "no issuer of that address takes its audience");
            return null;
        }

        try
        {
            switch (
                await tokens.CheckAsync(
                    issuer,
                    token,
                    issuer.Rules.Audience!,
                    [issuer.Rules.TokenType],
                    cancellationToken
                )
            )
            {
                case ForeignCheck.Valid valid:
                    if (await PrincipalOfAsync(issuer, valid, cancellationToken) is { } principal)
                    {
                        var expires = DateTimeOffset.FromUnixTimeSeconds(valid.Claims.Number("exp")!.Value);
                        _known.Set(digest, new Known(principal, expires + Tokens.AccessTokens.ClockSkew), generation);
                        return principal;
                    }

                    Log.ForeignTokenRefused(logger, issuer.Address, "its subject is nobody here");
                    return null;
                case ForeignCheck.Refused refused:
                    Log.ForeignTokenRefused(logger, issuer.Address, refused.Why);
                    return null;
            }
        }
        catch (IssuerException exception)
        {
            Log.ForeignTokenRefused(logger, issuer.Address, exception.Message);
            return null;
        }

        throw new System.Diagnostics.UnreachableException("Every check is handled.");
    }

    public void DropOfUser(Guid tenantId, Guid userId) =>
        _known.DropWhere(known => known.Principal.UserId == userId && known.Principal.Tenant.Value == tenantId);

    /// <summary>Of all addresses: which ones an organisation has begun to trust is not known here.</summary>
    public void DropOfTenant(Guid tenantId)
    {
        _known.DropWhere(known => known.Principal.Tenant.Value == tenantId);
        _named.DropWhere(_ => true);
    }

    private async ValueTask<IReadOnlyList<ExternalIssuer>> NamedAsync(
        string address,
        CancellationToken cancellationToken
    )
    {
        if (!_named.TryGet(address, out var named))
        {
            var generation = _named.Generation;
            named = await registry.NamedAsync(address, cancellationToken);
            _named.Set(address, named, generation);
        }

        return named;
    }

    private async Task<Principal?> PrincipalOfAsync(
        ExternalIssuer issuer,
        ForeignCheck.Valid token,
        CancellationToken cancellationToken
    )
    {
        var links = await store.FindAsync(issuer.Key, token.Subject, cancellationToken);
        var target = issuer.Owner?.Value ?? issuer.Rules.TenantOf(token.Claims);
        var link = target is null
            ? (links is [var first, ..] ? first : null)
            : links.FirstOrDefault(one => one.TenantId == target);
        if (link is null)
        {
            return null;
        }

        var tenant = new TenantId(link.TenantId);
        await using var session = await database.OpenAsync(tenant, link.UserId, cancellationToken);
        return await PeopleStore.FindMemberAsync(session, link.UserId, cancellationToken) is { } person
            ? person with
            {
                // An application of the issuer's acts for them: no sign-in of their own.
                ClientId = ClientOf(token.Claims),
                Scopes = ScopesOf(token.Claims),
                IsConfined = true,
                IsExternal = true,
            }
            : null;
    }

    private static string ClientOf(ForeignClaims claims) =>
        (claims.Text("client_id") ?? claims.Text("azp") ?? claims.Text("appid")) is { Length: > 0 and <= 200 } client
        && !client.Any(char.IsControl)
            ? client
            : "external";

    /// <summary>Where the token names permissions of ours, those; else all that the person's role holds.</summary>
    private static FrozenSet<string> ScopesOf(ForeignClaims claims)
    {
        var named = claims
            .Words("scope")
            .Concat(claims.Words("scp"))
            .SelectMany(words => words.Split(' '))
            .Where(Permission.All.Contains)
            .ToFrozenSet(StringComparer.Ordinal);
        return named.Count > 0 ? named : Permission.All.ToFrozenSet(StringComparer.Ordinal);
    }

    private static string Printable(string address) =>
        new([.. address.Take(200).Where(c => c is > ' ' and < (char)127)]);
}
