using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Browser.Tests;

/// <summary>Documents put there through the API, which is faster than through the page.</summary>
internal sealed class Shelf(TestUser owner)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<Guid> AddAsync(string name, string text, params (string Name, string Value)[] fields)
    {
        using var form = Form(name, Encoding.UTF8.GetBytes(text), fields);
        return Id(await ReadAsync(await owner.Http.PostAsync("/api/v1/docs", form, Cancel)));
    }

    /// <summary>Waits until it is read, well or badly.</summary>
    public async Task<Guid> AddReadAsync(string name, string text, params (string Name, string Value)[] fields)
    {
        var id = await AddAsync(name, text, fields);
        await SettleAsync(id);
        return id;
    }

    public async Task ReplaceAsync(Guid id, string name, string text)
    {
        using var form = Form(name, Encoding.UTF8.GetBytes(text));
        await ReadAsync(await owner.Http.PutAsync($"/api/v1/docs/{id}", form, Cancel));
        await SettleAsync(id);
    }

    public async Task<Guid> AddFileAsync(string path)
    {
        using var form = Form(Path.GetFileName(path), await File.ReadAllBytesAsync(path, Cancel));
        var id = Id(await ReadAsync(await owner.Http.PostAsync("/api/v1/docs", form, Cancel)));
        await SettleAsync(id);
        return id;
    }

    public async Task<Guid> CollectionAsync(string name) =>
        Id(await ReadAsync(await owner.Http.PostAsJsonAsync("/api/v1/collections", new { name }, Cancel)));

    public Task DeleteAsync(Guid id) => owner.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);

    private async Task SettleAsync(Guid id)
    {
        for (var i = 0; i < 1200; i++)
        {
            var document = await ReadAsync(await owner.Http.GetAsync($"/api/v1/docs/{id}", Cancel));
            if (document.GetProperty("state").GetString() is "ready" or "failed")
            {
                return;
            }

            await Task.Delay(50, Cancel);
        }

        Assert.Fail("The document was not read.");
    }

    private static MultipartFormDataContent Form(
        string name,
        byte[] content,
        params (string Name, string Value)[] fields
    )
    {
        var form = new MultipartFormDataContent();
        foreach (var (field, value) in fields)
        {
            form.Add(new StringContent(value), field);
        }

        var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(file, "file", name);
        return form;
    }

    private static Guid Id(JsonElement thing) => thing.GetProperty("id").GetGuid();

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
