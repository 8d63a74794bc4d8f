using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access.Tokens;

namespace Chancery.Server.Access.Federation;

/// <summary>What checking a foreign token ends in.</summary>
internal abstract record ForeignCheck
{
    private ForeignCheck() { }

    public sealed record Valid(ForeignClaims Claims, string Subject) : ForeignCheck;

    /// <param name="Why">For the log; the caller is not told.</param>
    public sealed record Refused(string Why) : ForeignCheck;
}

/// <summary>Checks tokens of external issuers. Safe for concurrent use.</summary>
/// <remarks>
/// The header is read first: anything but the issuer's registered algorithm is refused, the key is the issuer's by <c>kid</c>, and
/// <c>jku</c>, <c>x5u</c>, <c>x5c</c> and <c>jwk</c> are never looked at.
/// </remarks>
internal sealed class ForeignTokens(IssuerDirectory directory, TimeProvider time)
{
    public const int MaxLength = 16 * 1024;

    private const int LongestSubject = 255;

    /// <summary>Who says that they issued a token, before anything is checked; <c>null</c> for what is no token.</summary>
    public static string? IssuerOf(string token) =>
        token.Length <= MaxLength && token.Split('.') is [_, var payload, _] && Read(payload) is { } claims
            ? new ForeignClaims(claims).Text("iss")
            : null;

    /// <summary>Whom it is for, as it says itself.</summary>
    public static IReadOnlyList<string> AudiencesOf(string token) =>
        token.Split('.') is [_, var payload, _] && Read(payload) is { } claims
            ? [.. new ForeignClaims(claims).Words("aud")]
            : [];

    /// <param name="types">What <c>typ</c> may say, without regard to case; an empty one lets it be left out.</param>
    /// <exception cref="IssuerException">The issuer's keys cannot be had.</exception>
    public async ValueTask<ForeignCheck> CheckAsync(
        ExternalIssuer issuer,
        string token,
        string audience,
        IReadOnlyList<string> types,
        CancellationToken cancellationToken
    )
    {
        if (token.Length > MaxLength || token.Split('.') is not [var head, var body, var tail])
        {
            return new ForeignCheck.Refused("no token");
        }

        if (Read(head) is not { } header || Read(body) is not { } payload || Decode(tail) is not { } signature)
        {
            return new ForeignCheck.Refused("unreadable");
        }

        var says = new ForeignClaims(header);
        if (says.Text("alg") != issuer.Algorithm)
        {
            return new ForeignCheck.Refused($"algorithm {Printable(says.Text("alg"))}");
        }

        if (says.Has("crit") || says.Has("b64") || says.Has("zip"))
        {
            return new ForeignCheck.Refused("critical header");
        }

        if (!types.Contains(TypeOf(says), StringComparer.OrdinalIgnoreCase))
        {
            return new ForeignCheck.Refused($"type {Printable(says.Text("typ"))}");
        }

        if (says.Text("kid") is not { Length: > 0 and <= 256 } keyId)
        {
            return new ForeignCheck.Refused("no key id");
        }

        if (await directory.KeyAsync(issuer, keyId, cancellationToken) is not { } key)
        {
            return new ForeignCheck.Refused("unknown key");
        }

        return key.Verifies(Encoding.ASCII.GetBytes($"{head}.{body}"), signature)
            ? Judge(issuer, new ForeignClaims(payload), audience)
            : new ForeignCheck.Refused("signature");
    }

    private ForeignCheck Judge(ExternalIssuer issuer, ForeignClaims claims, string audience)
    {
        var now = time.GetUtcNow();
        var audiences = claims.Words("aud").ToList();
        return claims.Text("iss") != issuer.Address ? new ForeignCheck.Refused("issuer")
            : !audiences.Contains(audience) ? new ForeignCheck.Refused("audience")
            : claims.Number("exp") is not { } expires ? new ForeignCheck.Refused("no expiry")
            : now > DateTimeOffset.FromUnixTimeSeconds(expires) + AccessTokens.ClockSkew
                ? new ForeignCheck.Refused("expired")
            : IsLater(claims.Number("nbf"), now) || IsLater(claims.Number("iat"), now)
                ? new ForeignCheck.Refused("not yet valid")
            : claims.Text("sub") is not { Length: > 0 and <= LongestSubject } subject || subject.Any(char.IsControl)
                ? new ForeignCheck.Refused("subject")
            : new ForeignCheck.Valid(claims, subject);
    }

    /// <summary>What a stranger wrote, for a line of the log.</summary>
    private static string Printable(string? text) =>
        new([.. (text ?? "").Take(20).Select(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '/' ? c : '?')]);

    private static bool IsLater(long? seconds, DateTimeOffset now) =>
        seconds is { } at && DateTimeOffset.FromUnixTimeSeconds(at) > now + AccessTokens.ClockSkew;

    /// <summary><c>application/at+jwt</c> says the same as <c>at+jwt</c> (RFC 9068, 2.1).</summary>
    private static string TypeOf(ForeignClaims header)
    {
        const string prefix = "application/";
        var type = header.Text("typ") ?? "";
        return type.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? type[prefix.Length..] : type;
    }

    private static JsonElement? Read(string part) => Decode(part) is { } bytes ? ForeignJson.Read(bytes) : null;

    private static byte[]? Decode(string part)
    {
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
