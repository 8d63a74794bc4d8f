using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>A registered application, as its own side knows it.</summary>
internal sealed record App(Guid Id, string? Secret)
{
    public const string Callback = "https://app.example.com/callback";

    // As long as PKCE takes at least.
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    public static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>An authorization request of it; a change to "" leaves a parameter out.</summary>
    public string Request(params (string Name, string Value)[] changes)
    {
        var parameters = new Dictionary<string, string>
        {
            ["response_type"] = "code",
            ["client_id"] = Id.ToString(),
            ["redirect_uri"] = Callback,
            ["scope"] = "openid documents:read",
            ["state"] = "some state",
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            parameters[name] = value;
        }

        return string.Join(
            '&',
            parameters
                .Where(pair => pair.Value.Length > 0)
                .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}")
        );
    }
}

/// <summary>Shorter words for what an application says to the server.</summary>
internal static class OAuthApi
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<App> RegisterAsync(
        this TestUser admin,
        string type = "confidential",
        string[]? grants = null,
        string[]? scopes = null,
        string? role = null,
        string[]? addresses = null
    )
    {
        var made = await (
            await admin.Http.PostAsync(
                "/api/v1/oauth/clients",
                new
                {
                    name = "Case files",
                    type,
                    grants,
                    scopes,
                    role,
                    redirect_uris = addresses ?? [App.Callback],
                }
            )
        ).ReadAsync(HttpStatusCode.Created);
        return new App(
            made.GetProperty("id").GetGuid(),
            made.TryGetProperty("secret", out var secret) ? secret.GetString() : null
        );
    }

    /// <summary>Calls the token endpoint, or another that takes a form, as the application.</summary>
    public static async Task<HttpResponseMessage> CallAsync(
        this ChanceryFixture chancery,
        App app,
        string path,
        params (string Name, string Value)[] fields
    )
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        List<KeyValuePair<string, string>> form =
        [
            .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)),
        ];
        if (app.Secret is { } secret)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{app.Id}:{secret}"))
            );
        }
        else
        {
            form.Add(KeyValuePair.Create("client_id", app.Id.ToString()));
        }

        request.Content = new FormUrlEncodedContent(form);
        return await client.SendAsync(request, Cancel);
    }

    public static Task<HttpResponseMessage> ExchangeAsync(
        this ChanceryFixture chancery,
        App app,
        string code,
        string? verifier = App.Verifier,
        string? redirect = App.Callback
    ) =>
        chancery.CallAsync(
            app,
            "/oauth/token",
            [
                ("grant_type", "authorization_code"),
                ("code", code),
                .. redirect is null ? [] : new[] { ("redirect_uri", redirect) },
                .. verifier is null ? [] : new[] { ("code_verifier", verifier) },
            ]
        );

    public static Task<HttpResponseMessage> RefreshAsync(
        this ChanceryFixture chancery,
        App app,
        string token,
        params (string Name, string Value)[] more
    ) => chancery.CallAsync(app, "/oauth/token", [("grant_type", "refresh_token"), ("refresh_token", token), .. more]);

    /// <summary>Lets somebody who has an account already into the organisation of another, as a viewer.</summary>
    public static async Task JoinAsync(this ChanceryFixture chancery, TestUser host, TestUser guest)
    {
        var invited = await (
            await host.Http.PostAsync("/api/v1/invitations", new { email = guest.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();
        using var joined = await client.PostAsync(
            "/api/v1/invitations/accept",
            new { token = invited.Text("token"), password = guest.Password }
        );
        Assert.True(joined.IsSuccessStatusCode);
    }

    /// <summary>The whole way: the person allows it, and the application fetches its tokens.</summary>
    public static async Task<JsonElement> TokensAsync(
        this ChanceryFixture chancery,
        TestUser person,
        App app,
        params (string Name, string Value)[] changes
    )
    {
        using var visitor = await Visitor.SignInAsync(chancery, person);
        var returned = await visitor.AllowAsync(app.Request(changes));
        using var response = await chancery.ExchangeAsync(app, returned.Code);
        return await response.ReadAsync();
    }

    /// <summary>The protocol's error, in an answer that nobody keeps.</summary>
    public static async Task<string?> ErrorAsync(
        this HttpResponseMessage response,
        HttpStatusCode expected = HttpStatusCode.BadRequest
    )
    {
        var body = await response.ReadAsync(expected);
        Assert.True(response.Headers.CacheControl?.NoStore, "An error is not to be kept.");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return body.GetProperty("error").GetString();
    }

    public static JsonElement Claims(string token) =>
        JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(token.Split('.')[1]));

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static HttpClient With(this ChanceryFixture chancery, string token)
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static async Task<HttpStatusCode> GetStatusAsync(this ChanceryFixture chancery, string token, string path)
    {
        using var client = chancery.With(token);
        using var response = await client.GetAsync(path, Cancel);
        return response.StatusCode;
    }
}
