using System.Net.ServerSentEvents;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class ProgressTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Progress_is_told_page_by_page_and_ends_with_done()
    {
        var user = await chancery.SignUpAsync();
        var pdf = TestData.File("qa", "financebench", "pdfs", "JPMORGAN_2021Q1_10Q.pdf");
        var id = (await user.UploadAsync(await File.ReadAllBytesAsync(pdf, Cancel), "jpm.pdf")).Id();

        var events = await EventsAsync(user, id);

        Assert.All(events.SkipLast(1), item => Assert.Equal("progress", item.EventType));
        Assert.Equal("done", events[^1].EventType);
        var last = JsonSerializer.Deserialize<JsonElement>(events[^1].Data);
        Assert.Equal("ready", last.Text("state"));
        Assert.Equal(last.GetProperty("page_count").GetInt32(), last.GetProperty("pages_done").GetInt32());
        var done = events
            .Select(item => JsonSerializer.Deserialize<JsonElement>(item.Data))
            .Select(item => item.GetProperty("pages_done").GetInt32())
            .ToArray();
        Assert.Equal(done.Order(), done);
        Assert.True(done.Distinct().Count() > 3, string.Join(',', done));
        Assert.Contains(events, item => item.Data.Contains("\"eta_seconds\":", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_document_that_is_ready_says_so_and_ends()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync("# Done\n\nAll read.")).Id();

        var events = await EventsAsync(user, id);

        Assert.Equal(["progress", "done"], events.Select(item => item.EventType));
    }

    private static async Task<List<SseItem<string>>> EventsAsync(TestUser user, Guid id)
    {
        await using var stream = await user.Http.GetStreamAsync($"/api/v1/docs/{id}/events", Cancel);
        var events = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(Cancel))
        {
            events.Add(item);
        }

        return events;
    }
}
