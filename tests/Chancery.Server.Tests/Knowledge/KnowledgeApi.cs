using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>The calls that these tests make, in a line each.</summary>
internal static class KnowledgeApi
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static MultipartFormDataContent Form(
        byte[] content,
        string fileName,
        params (string Name, string Value)[] fields
    )
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            form.Add(new StringContent(value), name);
        }

        var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(file, "file", fileName);
        return form;
    }

    public static async Task<JsonElement> UploadAsync(
        this TestUser user,
        byte[] content,
        string fileName,
        params (string Name, string Value)[] fields
    )
    {
        using var form = Form(content, fileName, fields);
        return await BodyAsync(await user.Http.PostAsync("/api/v1/docs", form, Cancel), HttpStatusCode.Accepted);
    }

    public static Task<JsonElement> UploadTextAsync(this TestUser user, string text, string fileName = "note.md") =>
        user.UploadAsync(Encoding.UTF8.GetBytes(text), fileName);

    public static async Task<JsonElement> ReplaceAsync(
        this TestUser user,
        Guid id,
        byte[] content,
        string fileName,
        HttpStatusCode expected = HttpStatusCode.Accepted
    )
    {
        using var form = Form(content, fileName);
        return await BodyAsync(await user.Http.PutAsync($"/api/v1/docs/{id}", form, Cancel), expected);
    }

    public static async Task<JsonElement> GetAsync(
        this TestUser user,
        string path,
        HttpStatusCode expected = HttpStatusCode.OK
    ) => await BodyAsync(await user.Http.GetAsync(path, Cancel), expected);

    public static async Task<JsonElement> PostAsync(
        this TestUser user,
        string path,
        object? body = null,
        HttpStatusCode expected = HttpStatusCode.OK
    ) =>
        await BodyAsync(await user.Http.PostAsJsonAsync(path, body ?? new { }, ChanceryFixture.Json, Cancel), expected);

    public static Task<JsonElement> SearchAsync(this TestUser user, string query, int limit = 5) =>
        user.PostAsync(
            "/api/v1/search",
            new
            {
                query,
                limit,
                explain = true,
            }
        );

    /// <summary>Waits until the latest version is ready or has failed, and answers the document.</summary>
    public static async Task<JsonElement> SettledAsync(this TestUser user, Guid id, string expected = "ready")
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(3);
        while (true)
        {
            var document = await user.GetAsync($"/api/v1/docs/{id}");
            var state = document.GetProperty("state").GetString();
            if (state is "ready" or "failed")
            {
                Assert.True(state == expected, $"Expected {expected}: {document}");
                return document;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Still {document}");
            await Task.Delay(50, Cancel);
        }
    }

    public static async Task<JsonElement> ReadyAsync(
        this TestUser user,
        byte[] content,
        string fileName,
        params (string Name, string Value)[] fields
    ) => await user.SettledAsync((await user.UploadAsync(content, fileName, fields)).Id());

    public static Task<JsonElement> ReadyTextAsync(this TestUser user, string text, string fileName = "note.md") =>
        user.ReadyAsync(Encoding.UTF8.GetBytes(text), fileName);

    public static Guid Id(this JsonElement document) => document.GetProperty("id").GetGuid();

    public static string Text(this JsonElement element, string property) => element.GetProperty(property).GetString()!;

    public static JsonElement[] Results(this JsonElement answer) => [.. answer.GetProperty("results").EnumerateArray()];

    public static JsonElement[] Items(this JsonElement answer) => [.. answer.GetProperty("items").EnumerateArray()];

    public static async Task<JsonElement> BodyAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }
}
