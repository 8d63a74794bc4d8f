using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

/// <summary>Shorter words for what the tests of this folder do again and again.</summary>
internal static class AccessApi
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<JsonElement> ReadAsync(
        this HttpResponseMessage response,
        HttpStatusCode expected = HttpStatusCode.OK
    )
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{response.StatusCode} instead of {expected}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>The problem's code, after checking its status.</summary>
    public static async Task<string?> CodeAsync(this HttpResponseMessage response, HttpStatusCode expected) =>
        (await response.ReadAsync(expected)).GetProperty("code").GetString();

    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, object body) =>
        client.PostAsJsonAsync(path, body, Cancel);

    /// <summary>Calls <c>/api/v1/me</c> with a token or key.</summary>
    public static async Task<HttpResponseMessage> MeAsync(Uri server, string credential)
    {
        using var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return await client.GetAsync("/api/v1/me", Cancel);
    }

    public static async Task<HttpStatusCode> StatusAsync(Uri server, string credential)
    {
        using var response = await MeAsync(server, credential);
        return response.StatusCode;
    }

    /// <summary>Makes a key and answers its text and id.</summary>
    public static async Task<(string Key, Guid Id)> CreateKeyAsync(this TestUser user, string role = "editor")
    {
        var made = await (await user.Http.PostAsync("/api/v1/keys", new { name = "test", role })).ReadAsync(
            HttpStatusCode.Created
        );
        return (made.GetProperty("key").GetString()!, made.GetProperty("id").GetGuid());
    }

    /// <summary>Waits until <paramref name="condition"/> holds and answers how long it took; fails after the limit.</summary>
    public static async Task<TimeSpan> EventuallyAsync(Func<Task<bool>> condition, TimeSpan limit)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            var waited = TimeProvider.System.GetElapsedTime(started);
            Assert.True(waited < limit, $"Still not so after {waited.TotalSeconds:0.0} s.");
            await Task.Delay(20, Cancel);
        }

        return TimeProvider.System.GetElapsedTime(started);
    }
}
