using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.Provisioning;

/// <summary>An organisation's directory, which calls with a key of its own.</summary>
internal sealed class ScimDirectory(HttpClient http) : IDisposable
{
    public const string MediaType = "application/scim+json";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ScimDirectory> OfAsync(ChanceryFixture chancery, TestUser owner)
    {
        using var made = await owner.Http.PostAsync(
            "/api/v1/keys",
            new
            {
                name = "directory",
                role = "admin",
                scopes = new[] { "members:provision" },
            }
        );
        var key = (await made.ReadAsync(HttpStatusCode.Created)).GetProperty("key").GetString();
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return new ScimDirectory(client);
    }

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? ifMatch = null
    )
    {
        var request = new HttpRequestMessage(method, "/scim/v2" + path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, MediaType);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return http.SendAsync(request, Cancel);
    }

    public async Task<JsonObject> AskAsync(
        HttpMethod method,
        string path,
        string? body = null,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        using var answer = await SendAsync(method, path, body);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == answer.StatusCode, $"{answer.StatusCode} instead of {expected}: {text}");
        Assert.Equal(MediaType, answer.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(text)!.AsObject();
    }

    public Task<JsonObject> GetAsync(string path) => AskAsync(HttpMethod.Get, path);

    public Task<JsonObject> CreateAsync(string path, string body) =>
        AskAsync(HttpMethod.Post, path, body, HttpStatusCode.Created);

    public Task<JsonObject> PatchAsync(string path, string operations) =>
        AskAsync(
            HttpMethod.Patch,
            path,
            $$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{{operations}}}"""
        );

    /// <summary>How many a filter finds.</summary>
    public async Task<int> CountAsync(string kind, string filter) =>
        (int)(await GetAsync($"/{kind}?filter={Uri.EscapeDataString(filter)}"))["totalResults"]!;

    /// <summary>The <c>scimType</c> of an error, after checking its form and status.</summary>
    public async Task<string?> ErrorAsync(HttpMethod method, string path, string? body, HttpStatusCode expected)
    {
        var error = await AskAsync(method, path, body, expected);
        Assert.Equal("urn:ietf:params:scim:api:messages:2.0:Error", (string)error["schemas"]![0]!);
        Assert.Equal(
            ((int)expected).ToString(System.Globalization.CultureInfo.InvariantCulture),
            (string)error["status"]!
        );
        Assert.NotEmpty((string)error["detail"]!);
        return (string?)error["scimType"];
    }

    public static string User(string userName, string more = "") =>
        $$"""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{{userName}}","name":{"givenName":"Ina","familyName":"Issued"}{{more}}}
            """;

    public static string Unique() => $"ina-{Guid.CreateVersion7():n}@example.com";

    public void Dispose() => http.Dispose();
}
