using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chancery.Testing.Identity;

/// <summary>Somebody whom the issuer knows.</summary>
public sealed record ForeignPerson(string Subject, string Email)
{
    public bool IsVerified { get; init; } = true;

    public string Name { get; init; } = "Ina Issued";

    /// <summary>What else its tokens say of them.</summary>
    public JsonObject Claims { get; init; } = [];
}

/// <summary>
/// An OpenID Connect issuer on a free loopback port that errs as a test tells it to. It checks what a client must send: the
/// secret, the redirect address and the PKCE verifier. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// await using var issuer = await ForeignIssuer.StartAsync();
/// var callback = issuer.Authorize(location, new ForeignPerson("s-1", "ina@example.com"));
/// </code>
/// </example>
public sealed class ForeignIssuer : IAsyncDisposable
{
    public const string ClientId = "chancery-at-the-issuer";
    public static readonly string ClientSecret = string.Concat("not", "-a-", "secret+/=");

    private readonly ConcurrentDictionary<string, Grant> _codes = new(StringComparer.Ordinal);
    private readonly WebApplication _app;
    private int _discoveryReads;
    private int _keyReads;

    private ForeignIssuer(WebApplication app) => _app = app;

    private sealed record Grant(ForeignPerson Person, string Redirect, string Challenge, string Nonce);

    public string Address { get; private set; } = "";

    /// <summary>For the setting that lets the server call it although it is on this machine.</summary>
    public string HostAndPort => new Uri(Address).Authority;

    /// <summary>Signs; the one before stays published until it is taken out.</summary>
    public ForeignSigner Signer { get; private set; } = ForeignSigner.Curve("key-1");

    /// <summary>What is published, in this order.</summary>
    public List<ForeignSigner> Published { get; } = [];

    public int DiscoveryReads => Volatile.Read(ref _discoveryReads);

    public int KeyReads => Volatile.Read(ref _keyReads);

    /// <summary>Answers in place of the discovery document.</summary>
    public Func<HttpContext, Task>? OnDiscovery { get; set; }

    /// <summary>Answers in place of the key set.</summary>
    public Func<HttpContext, Task>? OnKeys { get; set; }

    /// <summary>Answers in place of the token endpoint.</summary>
    public Func<HttpContext, Task>? OnToken { get; set; }

    /// <summary>Changes the discovery document.</summary>
    public Action<JsonObject>? Discovery { get; set; }

    /// <summary>Changes the header and the payload of ID tokens before they are signed.</summary>
    public Action<JsonObject, JsonObject>? IdToken { get; set; }

    /// <summary>Makes the ID token itself of its header and payload, in place of <see cref="Signer"/>.</summary>
    public Func<JsonObject, JsonObject, string>? Sign { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public static async Task<ForeignIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new ForeignIssuer(app);
        issuer.Published.Add(issuer.Signer);
        app.MapGet("/.well-known/openid-configuration", issuer.DiscoverAsync);
        app.MapGet("/keys", issuer.KeysAsync);
        app.MapPost("/token", issuer.TokenAsync);
        await app.StartAsync();
        issuer.Address = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();
        return issuer;
    }

    /// <summary>Errs no more. Its keys stay.</summary>
    public void Reset()
    {
        (OnDiscovery, OnKeys, OnToken, Discovery, IdToken, Sign) = (null, null, null, null, null, null);
        Time = TimeProvider.System;
    }

    /// <summary>Signs with another key from now on, and publishes it; the ones before go where they are not kept.</summary>
    public void Roll(ForeignSigner next, bool keepsOld = true)
    {
        if (!keepsOld)
        {
            Published.Clear();
        }

        Signer = next;
        Published.Insert(0, next);
    }

    /// <summary>A person signs in at the issuer and allows the client: where their browser goes then.</summary>
    /// <param name="location">Where the client sent the browser.</param>
    public string Authorize(string location, ForeignPerson person)
    {
        var question = location.IndexOf('?', StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(location[question..]);
        if (
            location[..question] != Address + "/authorize"
            || query["response_type"] != "code"
            || query["client_id"] != ClientId
            || query["code_challenge_method"] != "S256"
            || !query["scope"].ToString().Split(' ').Contains("openid")
        )
        {
            throw new InvalidOperationException($"No client sends a browser to {location}.");
        }

        var code = Guid.CreateVersion7().ToString("N", CultureInfo.InvariantCulture);
        var redirect = query["redirect_uri"].ToString();
        _codes[code] = new Grant(person, redirect, query["code_challenge"].ToString(), query["nonce"].ToString());
        return QueryHelpers.AddQueryString(
            new Uri(redirect).AbsolutePath,
            new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"] }
        );
    }

    /// <summary>An access token for an API.</summary>
    /// <param name="change">Changes header and payload before it is signed.</param>
    public string AccessToken(ForeignPerson person, string audience, Action<JsonObject, JsonObject>? change = null)
    {
        var header = Header("at+jwt");
        var payload = Payload(person, audience);
        payload["client_id"] = "an app of the issuer's";
        change?.Invoke(header, payload);
        return Sign?.Invoke(header, payload) ?? Signer.Sign(header, payload);
    }

    /// <summary>Header and payload as text, with a signature of the caller's.</summary>
    public static string Join(JsonObject header, JsonObject payload, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(header)}.{Encode(payload)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static string Encode(JsonObject json) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private JsonObject Header(string type) =>
        new()
        {
            ["alg"] = Signer.Algorithm,
            ["typ"] = type,
            ["kid"] = Signer.KeyId,
        };

    private JsonObject Payload(ForeignPerson person, string audience)
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = Address,
            ["aud"] = audience,
            ["sub"] = person.Subject,
            ["email"] = person.Email,
            ["email_verified"] = person.IsVerified,
            ["name"] = person.Name,
            ["iat"] = now,
            ["exp"] = now + 300,
        };
        foreach (var (name, value) in person.Claims)
        {
            payload[name] = value?.DeepClone();
        }

        return payload;
    }

    private Task DiscoverAsync(HttpContext context)
    {
        Interlocked.Increment(ref _discoveryReads);
        if (OnDiscovery is { } behaviour)
        {
            return behaviour(context);
        }

        var document = new JsonObject
        {
            ["issuer"] = Address,
            ["authorization_endpoint"] = Address + "/authorize",
            ["token_endpoint"] = Address + "/token",
            ["jwks_uri"] = Address + "/keys",
            ["response_types_supported"] = new JsonArray("code"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray(Signer.Algorithm),
        };
        Discovery?.Invoke(document);
        return WriteAsync(context, document);
    }

    private Task KeysAsync(HttpContext context)
    {
        Interlocked.Increment(ref _keyReads);
        return OnKeys is { } behaviour
            ? behaviour(context)
            : WriteAsync(
                context,
                new JsonObject { ["keys"] = new JsonArray([.. Published.Select(signer => (JsonNode)signer.Jwk())]) }
            );
    }

    private async Task TokenAsync(HttpContext context)
    {
        if (OnToken is { } behaviour)
        {
            await behaviour(context);
            return;
        }

        var form = await context.Request.ReadFormAsync();
        var basic = $"{Uri.EscapeDataString(ClientId)}:{System.Net.WebUtility.UrlEncode(ClientSecret)}";
        var verifier = SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()));
        if (
            context.Request.Headers.Authorization != "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(basic))
            || form["grant_type"] != "authorization_code"
            || !_codes.TryRemove(form["code"].ToString(), out var grant)
            || grant.Redirect != form["redirect_uri"]
            || grant.Challenge != Base64Url.EncodeToString(verifier)
        )
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error":"invalid_grant"}""");
            return;
        }

        var header = Header("JWT");
        var payload = Payload(grant.Person, ClientId);
        payload["nonce"] = grant.Nonce;
        IdToken?.Invoke(header, payload);
        await WriteAsync(
            context,
            new JsonObject
            {
                ["access_token"] = "opaque",
                ["token_type"] = "Bearer",
                ["id_token"] = Sign?.Invoke(header, payload) ?? Signer.Sign(header, payload),
            }
        );
    }

    private static Task WriteAsync(HttpContext context, JsonObject json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString());
    }
}
