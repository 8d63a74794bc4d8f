using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Chancery.Server.Access.Federation;

/// <summary>
/// The authorization code flow as a client: code, PKCE (S256), state and nonce (OpenID Connect Core, 3.1). Safe for concurrent use.
/// </summary>
internal sealed class CodeVisit(
    IssuerDirectory directory,
    IssuerHttp http,
    ForeignTokens tokens,
    IdentityStore store,
    AccessSettings settings,
    TimeProvider time
)
{
    public const string CallbackPath = "/login/callback";

    private const int MaxCode = 4096;

    private static readonly string[] IdTokenTypes = ["JWT", ""];

    private string RedirectUri => settings.PublicUrl + CallbackPath;

    /// <summary>Where the browser goes, and what it keeps meanwhile.</summary>
    /// <param name="isAnew">Whether who is signed in at the issuer proves anew who they are.</param>
    /// <exception cref="IssuerException">The issuer cannot be asked where that is.</exception>
    public async Task<(string Location, Visit Visit)> BeginAsync(
        ExternalIssuer issuer,
        string returnUrl,
        bool isAnew,
        CancellationToken cancellationToken
    )
    {
        var metadata = await directory.MetadataAsync(issuer, cancellationToken);
        var visit = new Visit(
            issuer.Route,
            SecretText.Create(),
            SecretText.Create(),
            SecretText.Create(),
            returnUrl,
            isAnew,
            time.GetUtcNow()
        );
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(visit.Verifier)));
        var asked = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = issuer.ClientId,
            ["redirect_uri"] = RedirectUri,
            ["scope"] = issuer.Scopes,
            ["state"] = visit.State,
            ["nonce"] = visit.Nonce,
            ["code_challenge"] = challenge,
            ["code_challenge_method"] = "S256",
        };
        if (isAnew)
        {
            // The issuer then says when it asked (auth_time), as OpenID Connect Core, 3.1.2.1, demands.
            asked["prompt"] = "login";
            asked["max_age"] = "0";
        }

        return (QueryHelpers.AddQueryString(metadata.AuthorizationEndpoint, asked), visit);
    }

    /// <summary>Who the issuer says has come back.</summary>
    /// <exception cref="IssuerException">The issuer cannot be asked.</exception>
    public async Task<ForeignCheck> CompleteAsync(
        ExternalIssuer issuer,
        Visit visit,
        IQueryCollection answer,
        CancellationToken cancellationToken
    )
    {
        if (!Same(answer["state"].ToString(), visit.State))
        {
            return new ForeignCheck.Refused("state");
        }

        var now = time.GetUtcNow();
        if (
            !await store.UseStateAsync(
                SecretText.HashOf(visit.State),
                now,
                now + VisitCookie.Life * 2,
                cancellationToken
            )
        )
        {
            return new ForeignCheck.Refused("state came back before");
        }

        var metadata = await directory.MetadataAsync(issuer, cancellationToken);
        if (answer.TryGetValue("iss", out var named) ? named.ToString() != issuer.Address : metadata.NamesItself)
        {
            return new ForeignCheck.Refused("answered by another issuer");
        }

        if (answer["error"].ToString() is { Length: > 0 } error)
        {
            return new ForeignCheck.Refused($"the issuer answered {Printable(error)}");
        }

        if (answer["code"].ToString() is not { Length: > 0 and <= MaxCode } code)
        {
            return new ForeignCheck.Refused("no code");
        }

        var said = await http.AskAsync(
            issuer,
            metadata.TokenEndpoint,
            FormOf(issuer, metadata, code, visit),
            cancellationToken
        );
        if (new ForeignClaims(said).Text("id_token") is not { } token)
        {
            return new ForeignCheck.Refused("no ID token");
        }

        var check = await tokens.CheckAsync(issuer, token, issuer.ClientId, IdTokenTypes, cancellationToken);
        return check is ForeignCheck.Valid { Claims: var claims } ? JudgeId(claims, issuer, visit) ?? check : check;
    }

    /// <summary>What an ID token must say beside what every token must.</summary>
    private static ForeignCheck.Refused? JudgeId(ForeignClaims claims, ExternalIssuer issuer, Visit visit) =>
        claims.Text("nonce") is not { } nonce ? new ForeignCheck.Refused("no nonce")
        : !Same(nonce, visit.Nonce) ? new ForeignCheck.Refused("nonce")
        : claims.Text("azp") is { } party && party != issuer.ClientId ? new ForeignCheck.Refused("authorized party")
        : claims.Words("aud").Skip(1).Any() && !claims.Has("azp") ? new ForeignCheck.Refused("several audiences")
        // An issuer that did not ask shows a sign-in from before, which may be anybody's at that screen.
        : visit.IsAnew
        && !(
            claims.Number("auth_time") is { } seconds
            && DateTimeOffset.FromUnixTimeSeconds(seconds) + Tokens.AccessTokens.ClockSkew >= visit.BeganAt
        )
            ? new ForeignCheck.Refused("not asked anew")
        : null;

    private IssuerHttp.Form FormOf(ExternalIssuer issuer, IssuerMetadata metadata, string code, Visit visit)
    {
        List<KeyValuePair<string, string>> fields =
        [
            new("grant_type", "authorization_code"),
            new("code", code),
            new("redirect_uri", RedirectUri),
            new("code_verifier", visit.Verifier),
        ];
        if (issuer.ClientSecret is { } secret && !metadata.TakesPostedSecret)
        {
            return new IssuerHttp.Form(fields, (issuer.ClientId, secret));
        }

        fields.Add(new("client_id", issuer.ClientId));
        if (issuer.ClientSecret is { } posted)
        {
            fields.Add(new("client_secret", posted));
        }

        return new IssuerHttp.Form(fields, Basic: null);
    }

    private static bool Same(string first, string second) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(first), Encoding.UTF8.GetBytes(second));

    private static string Printable(string error) =>
        new([.. error.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '?')]);
}
