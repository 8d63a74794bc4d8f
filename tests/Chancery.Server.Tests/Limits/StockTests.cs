using System.Net;
using System.Net.Http.Json;
using System.Text;
using Chancery.Server.Limits;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Limits;

/// <summary>How many documents an organisation may have, and how much its files may take.</summary>
public sealed class StockTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_twelve_uploads_at_once_exactly_as_many_are_taken_as_there_are_places()
    {
        var user = await GivenAsync((LimitNames.Documents, 3));

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => UploadAsync(user, $"note {i} of {Guid.CreateVersion7()}"))
        );

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_file_that_does_not_fit_is_refused_and_a_smaller_one_is_taken()
    {
        var user = await GivenAsync((LimitNames.StorageBytes, 100));

        using var large = await UploadAsync(user, new string('a', 101));
        var problem = await KnowledgeApi.BodyAsync(large, HttpStatusCode.TooManyRequests);
        using var small = await UploadAsync(user, new string('b', 100));

        Assert.Equal("quota-exceeded", problem.Text("code"));
        Assert.Equal("storage_bytes", problem.Text("limit_name"));
        Assert.Equal(0, problem.GetProperty("used").GetInt64());
        Assert.Equal(HttpStatusCode.Accepted, small.StatusCode);
    }

    [Fact]
    public async Task Another_version_takes_room_and_no_place()
    {
        var user = await GivenAsync((LimitNames.Documents, 1), (LimitNames.StorageBytes, 30));
        using var first = await UploadAsync(user, new string('a', 10));
        var id = (await KnowledgeApi.BodyAsync(first, HttpStatusCode.Accepted)).Text("id");

        using var second = await ReplaceAsync(user, id, new string('b', 15));
        using var third = await ReplaceAsync(user, id, new string('c', 10));

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
    }

    [Fact]
    public async Task What_is_deleted_leaves_its_place_and_needs_one_again_to_come_back()
    {
        var user = await GivenAsync((LimitNames.Documents, 1));
        using var first = await UploadAsync(user, "the first note");
        var id = (await KnowledgeApi.BodyAsync(first, HttpStatusCode.Accepted)).Text("id");
        using var deleted = await user.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);
        deleted.EnsureSuccessStatusCode();
        using var second = await UploadAsync(user, "the second note");

        using var restored = await user.Http.PostAsync($"/api/v1/docs/{id}/restore", null, Cancel);
        var bulk = await user.PostAsync("/api/v1/docs/bulk", new { action = "restore", ids = new[] { id } });
        using var samples = await user.Http.PostAsync("/api/v1/samples", null, Cancel);
        using var fetched = await user.Http.PostAsJsonAsync(
            "/api/v1/docs/url",
            new { url = "https://example.com/a.txt" },
            Cancel
        );

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, restored.StatusCode);
        Assert.Equal("quota-exceeded", bulk.GetProperty("results")[0].Text("outcome"));
        Assert.Equal(HttpStatusCode.TooManyRequests, samples.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, fetched.StatusCode);
    }

    [Fact]
    public async Task The_status_counts_documents_and_bytes()
    {
        var user = await GivenAsync((LimitNames.Documents, 4), (LimitNames.StorageBytes, 1000));
        using var first = await UploadAsync(user, new string('a', 800));

        var limits = (await user.GetAsync("/api/v1/rate-limit/status"))
            .GetProperty("limits")
            .EnumerateArray()
            .ToDictionary(one => one.Text("name"), one => (one.GetProperty("used").GetInt64(), one.Text("state")));

        Assert.Equal((1, "ok"), limits["documents"]);
        Assert.Equal((800, "near"), limits["storage_bytes"]);
    }

    private async Task<TestUser> GivenAsync(params (LimitName, long)[] limits)
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, limits);
        return user;
    }

    private static async Task<HttpResponseMessage> UploadAsync(TestUser user, string text)
    {
        using var form = Form(text);
        return await user.Http.PostAsync("/api/v1/docs", form, Cancel);
    }

    private static async Task<HttpResponseMessage> ReplaceAsync(TestUser user, string id, string text)
    {
        using var form = Form(text);
        return await user.Http.PutAsync($"/api/v1/docs/{id}", form, Cancel);
    }

    private static MultipartFormDataContent Form(string text) =>
        new() { { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "file", "note.txt" } };
}
