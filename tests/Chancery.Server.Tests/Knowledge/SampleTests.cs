using System.Net;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Documents to try questions on come and go in one call.</summary>
public sealed class SampleTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_come_once_are_found_by_meaning_and_go_with_their_collection()
    {
        var user = await chancery.SignUpAsync();

        var added = await AddAsync(user);
        var again = await AddAsync(user);
        var ids = added.GetProperty("documents").EnumerateArray().Select(one => one.Id()).ToArray();
        foreach (var id in ids)
        {
            await user.SettledAsync(id);
        }

        var found = await user.SearchAsync("looking after a newborn baby while being paid");
        var removed = await RemoveAsync(user);
        var left = await user.GetAsync("/api/v1/docs");
        var collections = await user.GetAsync("/api/v1/collections");
        var nothing = await RemoveAsync(user);

        Assert.Equal(5, ids.Length);
        Assert.Equal(added.ToString(), again.ToString());
        Assert.Equal("hybrid", found.Text("mode"));
        Assert.Contains(
            found.Results().Take(3),
            one => one.Text("text").Contains("gives birth or adopts", StringComparison.Ordinal)
        );
        Assert.Equal(5, removed);
        Assert.Empty(left.Items());
        Assert.Single(collections.Items());
        Assert.Equal(0, nothing);
    }

    [Fact]
    public async Task What_somebody_put_beside_them_stays()
    {
        var user = await chancery.SignUpAsync();
        var collection = (await AddAsync(user)).GetProperty("collection_id").GetGuid();
        var own = await user.UploadAsync(
            Encoding.UTF8.GetBytes("Our own notes."),
            "notes.txt",
            ("collection_id", collection.ToString())
        );

        await RemoveAsync(user);
        var left = await user.GetAsync("/api/v1/docs");
        var back = await AddAsync(user);

        Assert.Equal(own.Id(), Assert.Single(left.Items()).Id());
        Assert.Equal(collection, back.GetProperty("collection_id").GetGuid());
    }

    private static Task<JsonElement> AddAsync(TestUser user) =>
        user.PostAsync("/api/v1/samples", expected: HttpStatusCode.Accepted);

    private static async Task<int> RemoveAsync(TestUser user) =>
        (await KnowledgeApi.BodyAsync(await user.Http.DeleteAsync("/api/v1/samples", Cancel), HttpStatusCode.OK))
            .GetProperty("removed")
            .GetInt32();
}
