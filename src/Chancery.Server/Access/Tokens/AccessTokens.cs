using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text.Json;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Edge;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chancery.Server.Access.Tokens;

/// <summary>What a verified access token says that is not asked again from the database.</summary>
/// <param name="Subject">The person; or the client, when it signed in as itself.</param>
/// <param name="SessionId">Null for a client as itself only.</param>
/// <param name="Scopes">Null for a person's own sign-in.</param>
internal sealed record AccessToken(
    Guid TokenId,
    Guid Subject,
    Guid TenantId,
    Guid? SessionId,
    string? ClientId,
    IReadOnlySet<string>? Scopes,
    string Audience,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt
)
{
    /// <summary>SHA-256 of the certificate beside which alone it counts (RFC 8705, 3.1); null where it counts without.</summary>
    public string? BoundTo { get; init; }

    /// <summary>Whether it is an operator's by break-glass: <see cref="SessionId"/> names the access then, which is no sign-in.</summary>
    public bool IsBreakGlass { get; init; }

    /// <summary>Whether it counts on the connection of a request.</summary>
    public bool CountsOn(HttpContext context) =>
        BoundTo is null
        || (CallerCertificate.Of(context) is { } shown && CallerCertificate.ThumbprintOf(shown) == BoundTo);

    /// <summary>The principal of its session, limited to what this token is for.</summary>
    public Principal Limit(Principal principal) =>
        Scopes is null || principal.Scopes is not { } allowed
            ? principal
            : principal with
            {
                Scopes = allowed.IsSubsetOf(Scopes)
                    ? allowed
                    : allowed.Intersect(Scopes).ToFrozenSet(StringComparer.Ordinal),
            };
}

/// <summary>What a token check ends in.</summary>
internal abstract record TokenCheck
{
    private TokenCheck() { }

    public sealed record Valid(AccessToken Token) : TokenCheck;

    /// <summary>Ours in every respect, but its time is over.</summary>
    public sealed record Expired(AccessToken Token) : TokenCheck;

    public sealed record Invalid(string Reason) : TokenCheck;
}

/// <summary>Issues and checks access tokens: JWTs of RFC 9068, signed ES256. Safe for concurrent use.</summary>
/// <remarks>
/// The library knows no list of allowed algorithms, so the header is read first: anything but ES256 and at+jwt is
/// refused, the key is ours by <c>kid</c>, and <c>jku</c>, <c>x5u</c> and <c>jwk</c> are never looked at.
/// </remarks>
internal sealed class AccessTokens(
    SigningKeys keys,
    SignedTokens signing,
    Resources resources,
    AccessSettings settings,
    TimeProvider time
)
{
    public const string Audience = "chancery-api";
    public const string Type = "at+jwt";
    public const string Confirmation = "cnf";
    public const string ByCertificate = "x5t#S256";
    private const string BreakGlass = "break_glass";
    private const int MaxLength = 4096;

    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxLength };

    // Only the signature's verdict is kept, which never changes; the time is looked at on each use.
    private readonly ExpiringCache<Digest, AccessToken> _verified = new(
        time,
        TimeSpan.FromMinutes(15),
        capacity: 20_000
    );

    public TimeSpan Life => settings.AccessTokenLife;

    /// <summary>A token for one session, or for one client as itself, good for <see cref="Life"/>.</summary>
    /// <param name="audience">All of this server, or a part of it (<see cref="Resources"/>).</param>
    /// <param name="boundTo">SHA-256 of the certificate that it is bound to; null for none.</param>
    internal ValueTask<string> IssueAsync(
        Principal principal,
        CancellationToken cancellationToken,
        string audience = Audience,
        string? boundTo = null
    )
    {
        var now = time.GetUtcNow();
        return signing.SignAsync(
            Type,
            json =>
            {
                json.WriteString("iss", settings.PublicUrl);
                json.WriteString("aud", audience);
                json.WriteString("sub", principal.SessionId is null ? principal.Id : principal.UserId);
                json.WriteString("tenant_id", principal.Tenant.Value);
                json.WriteString("role", principal.Role);
                if (principal.SessionId is { } session)
                {
                    json.WriteString("email", principal.Email);
                    json.WriteString("sid", session);
                    SignInClaims.Write(json, principal);
                }

                if (principal is { ClientId: { } client, Scopes: { } scopes })
                {
                    json.WriteString("client_id", client);
                    json.WriteString("scope", Scope.Join(scopes.Order(StringComparer.Ordinal)));
                }

                if (boundTo is not null)
                {
                    json.WriteStartObject(Confirmation);
                    json.WriteString(ByCertificate, boundTo);
                    json.WriteEndObject();
                }

                json.WriteStartArray("permissions");
                foreach (var permission in principal.Permissions.Order(StringComparer.Ordinal))
                {
                    json.WriteStringValue(permission);
                }

                json.WriteEndArray();
                json.WriteString("jti", Guid.CreateVersion7(now));
                json.WriteNumber("iat", now.ToUnixTimeSeconds());
                json.WriteNumber("exp", now.Add(Life).ToUnixTimeSeconds());
            },
            cancellationToken
        );
    }

    /// <summary>A token of an operator's access to one tenant.</summary>
    internal ValueTask<string> IssueBreakGlassAsync(
        TenantId tenant,
        Guid access,
        DateTimeOffset expires,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        return signing.SignAsync(
            Type,
            json =>
            {
                json.WriteString("iss", settings.PublicUrl);
                json.WriteString("aud", Audience);
                json.WriteString("sub", access);
                json.WriteString("tenant_id", tenant.Value);
                json.WriteString("sid", access);
                json.WriteBoolean(BreakGlass, true);
                json.WriteString("jti", Guid.CreateVersion7(now));
                json.WriteNumber("iat", now.ToUnixTimeSeconds());
                json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            },
            cancellationToken
        );
    }

    internal async ValueTask<TokenCheck> CheckAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length > MaxLength)
        {
            return new TokenCheck.Invalid("too long");
        }

        var digest = Digest.Of(token);
        if (!_verified.TryGet(digest, out var verified))
        {
            var generation = _verified.Generation;
            switch (await VerifyAsync(token, cancellationToken))
            {
                case TokenCheck.Valid valid:
                    verified = valid.Token;
                    _verified.Set(digest, verified, generation);
                    break;
                case var refused:
                    return refused;
            }
        }

        return time.GetUtcNow() > verified.ExpiresAt + ClockSkew
            ? new TokenCheck.Expired(verified)
            : new TokenCheck.Valid(verified);
    }

    /// <summary>Everything except whether the time of an otherwise good token is over.</summary>
    private async ValueTask<TokenCheck> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (ReadHeader(token) is not { } keyId)
        {
            return new TokenCheck.Invalid("header");
        }

        if (await keys.FindAsync(keyId, cancellationToken) is not { } key)
        {
            return new TokenCheck.Invalid("unknown key");
        }

        var result = _handler.ValidateToken(
            token,
            new TokenValidationParameters
            {
                ValidIssuer = settings.PublicUrl,
                ValidAudiences = resources.Audiences,
                IssuerSigningKey = key.Public,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                // The library reads the machine's clock; ours is a TimeProvider. CheckAsync looks at the expiry, so
                // that an expired token of ours can be told from a false one.
                LifetimeValidator = (notBefore, expires, _, _) =>
                    expires is not null
                    && (notBefore is null || notBefore.Value <= time.GetUtcNow().UtcDateTime + ClockSkew),
            }
        );
        if (!result.IsValid)
        {
            return new TokenCheck.Invalid(result.Exception?.GetType().Name ?? "not valid");
        }

        return ReadClaims((JsonWebToken)result.SecurityToken) is { } claims
            ? new TokenCheck.Valid(claims)
            : new TokenCheck.Invalid("claims");
    }

    /// <summary>The key id of a header that is one of ours; <c>null</c> for every other header.</summary>
    private static string? ReadHeader(string token)
    {
        var end = token.IndexOf('.', StringComparison.Ordinal);
        if (end <= 0 || token.Count(c => c == '.') != 2)
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, end)), Strict);
            var root = header.RootElement;
            return
                root.ValueKind == JsonValueKind.Object
                && IsText(root, "alg", SignedTokens.Algorithm)
                && IsText(root, "typ", Type)
                && !root.TryGetProperty("crit", out _)
                && root.TryGetProperty("kid", out var kid)
                && kid.ValueKind == JsonValueKind.String
                ? kid.GetString()
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    private static bool IsText(JsonElement root, string name, string expected) =>
        root.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.ValueEquals(expected);

    private static AccessToken? ReadClaims(JsonWebToken token)
    {
        if (
            !token.TryGetPayloadValue<string>("sub", out var subject)
            || !Guid.TryParse(subject, out var subjectId)
            || !token.TryGetPayloadValue<string>("tenant_id", out var tenant)
            || !Guid.TryParse(tenant, out var tenantId)
            || !token.TryGetPayloadValue<string>("jti", out var id)
            || !Guid.TryParse(id, out var tokenId)
            || !token.TryGetPayloadValue<long>("iat", out var issuedAt)
            || !token.TryGetPayloadValue<long>("exp", out var expiresAt)
            || token.Audiences.Count() != 1
        )
        {
            return null;
        }

        var client = token.TryGetPayloadValue<string>("client_id", out var clientId) ? clientId : null;
        var scopes =
            client is null ? null
            : token.TryGetPayloadValue<string>("scope", out var scope)
                ? Scope.Parse(scope)?.ToFrozenSet(StringComparer.Ordinal)
            : FrozenSet<string>.Empty;
        var isOfSession = token.TryGetPayloadValue<string>("sid", out var session);
        return
            !TryReadBinding(token, out var boundTo)
            || (isOfSession && !Guid.TryParse(session, out _))
            || (!isOfSession && client is null)
            ? null
            : new AccessToken(
                tokenId,
                subjectId,
                tenantId,
                isOfSession ? Guid.Parse(session) : null,
                client,
                scopes,
                token.Audiences.Single(),
                DateTimeOffset.FromUnixTimeSeconds(issuedAt),
                DateTimeOffset.FromUnixTimeSeconds(expiresAt)
            )
            {
                BoundTo = boundTo,
                IsBreakGlass = token.TryGetPayloadValue<bool>(BreakGlass, out var isBreakGlass) && isBreakGlass,
            };
    }

    /// <summary>False where it is bound in a way that nobody here checks: such a token does not count at all.</summary>
    private static bool TryReadBinding(JsonWebToken token, out string? boundTo)
    {
        boundTo = null;
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload), Strict);
        if (!payload.RootElement.TryGetProperty(Confirmation, out var confirmation))
        {
            return true;
        }

        boundTo =
            confirmation.ValueKind == JsonValueKind.Object
            && confirmation.EnumerateObject().Count() == 1
            && confirmation.TryGetProperty(ByCertificate, out var thumbprint)
            && thumbprint.ValueKind == JsonValueKind.String
                ? thumbprint.GetString()
                : null;
        return boundTo is not null;
    }
}
