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

    private sealed record Known(Principal Principal, string Audience, DateTimeOffset ExpiresAt);

    /// <summary>Whether a bearer says to be of another issuer than this server.</summary>
    public bool IsForeign(string token) => ForeignTokens.IssuerOf(token) is { } issuer && issuer != settings.PublicUrl;

    /// <summary>Whom the token is for, and by which audience; <c>null</c> for one that does not count. The log says why.</summary>
    public async ValueTask<(Principal Principal, string Audience)?> FindAsync(
        string token,
        CancellationToken cancellationToken
    )
    {
        var digest = Digest.Of(token);
        if (_known.TryGet(digest, out var known))
        {
            return known.ExpiresAt > time.GetUtcNow() ? (known.Principal, known.Audience) : null;
        }

        if (ForeignTokens.IssuerOf(token) is not { Length: <= 2048 } address)
        {
            return null;
        }

        var generation = _known.Generation;
        var audiences = ForeignTokens.AudiencesOf(token);
        Known? found = null;
        var why = "no issuer of that address takes its audience";
        foreach (var issuer in await NamedAsync(address, cancellationToken))
        {
            if (issuer.Rules.Audience is not { } audience || !audiences.Contains(audience))
            {
                continue;
            }

            // Several organisations may trust one issuer for one audience: the subject is somebody where they were linked.
            switch (await JudgeAsync(issuer, token, audience, cancellationToken))
            {
                case (Known one, _)
                    when found is not null
                        && (
                            found.Principal.Tenant != one.Principal.Tenant
                            || found.Principal.UserId != one.Principal.UserId
                        ):
                    Log.ForeignTokenRefused(logger, issuer.Address, "its subject is somebody in several organisations");
                    return null;
                case (Known one, _):
                    found ??= one;
                    break;
                case (null, var reason):
                    why = reason;
                    break;
            }
        }

        if (found is null)
        {
            Log.ForeignTokenRefused(logger, Printable(address), why);
            return null;
        }

        _known.Set(digest, found, generation);
        return (found.Principal, found.Audience);
    }

    private async Task<(Known? Known, string Why)> JudgeAsync(
        ExternalIssuer issuer,
        string token,
        string audience,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var check = await tokens.CheckAsync(issuer, token, audience, [issuer.Rules.TokenType], cancellationToken);
            if (check is not ForeignCheck.Valid valid)
            {
                return (null, ((ForeignCheck.Refused)check).Why);
            }

            var expires = DateTimeOffset.FromUnixTimeSeconds(valid.Claims.Number("exp")!.Value);
            return await PrincipalOfAsync(issuer, valid, cancellationToken) is { } principal
                ? (new Known(principal, audience, expires + Tokens.AccessTokens.ClockSkew), "")
                : (null, "its subject is nobody here");
        }
        catch (IssuerException exception)
        {
            return (null, exception.Message);
        }
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
                AuthenticatedAt = AuthenticatedAt(token.Claims),
            }
            : null;
    }

    /// <summary>When the issuer says that they proved who they are; an issuer that does not say is taken at no word.</summary>
    private DateTimeOffset? AuthenticatedAt(ForeignClaims claims) =>
        claims.Number("auth_time") is not { } seconds ? null
        : DateTimeOffset.FromUnixTimeSeconds(seconds) is var at && at < time.GetUtcNow() ? at
        : time.GetUtcNow();

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
