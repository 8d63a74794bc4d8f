using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.OAuth;

namespace Chancery.Server.Access.Tokens;

/// <summary>
/// Makes ID tokens (OpenID Connect Core, 2): who signed in, told to one client. The API takes none of them, by their type.
/// Safe for concurrent use.
/// </summary>
internal sealed class IdTokens(SignedTokens signing, AccessSettings settings, TimeProvider time)
{
    public const string Type = "JWT";

    /// <param name="accessToken">The one that comes with it, which it names by <c>at_hash</c>.</param>
    internal ValueTask<string> IssueAsync(
        Principal principal,
        string clientId,
        string? nonce,
        DateTimeOffset signedInAt,
        string accessToken,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        return signing.SignAsync(
            Type,
            json =>
            {
                json.WriteString("iss", settings.PublicUrl);
                json.WriteString("aud", clientId);
                json.WriteString("sub", principal.UserId);
                SignInClaims.Write(json, principal with { AuthenticatedAt = signedInAt });
                if (nonce is not null)
                {
                    json.WriteString("nonce", nonce);
                }

                var hash = SHA256.HashData(Encoding.ASCII.GetBytes(accessToken));
                json.WriteString("at_hash", Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2)));
                json.WriteString("sid", principal.SessionId!.Value);
                foreach (var (name, value) in ClaimsOf(principal))
                {
                    json.WriteString(name, value);
                }

                json.WriteNumber("iat", now.ToUnixTimeSeconds());
                json.WriteNumber("exp", now.Add(settings.AccessTokenLife).ToUnixTimeSeconds());
            },
            cancellationToken
        );
    }

    /// <summary>What the scopes let a client know about the person, besides who it is.</summary>
    public static IEnumerable<(string Name, string Value)> ClaimsOf(Principal principal)
    {
        if (principal.Scopes?.Contains(Scope.Profile) == true)
        {
            yield return ("name", principal.Name);
            yield return ("tenant_id", principal.Tenant.Value.ToString());
            yield return ("tenant_name", principal.TenantName);
        }

        if (principal.Scopes?.Contains(Scope.Email) == true)
        {
            yield return ("email", principal.Email);
        }
    }
}
