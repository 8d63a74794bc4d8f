using System.Net;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class ListTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task Every_order_pages_through_all_documents_once()
    {
        var user = await chancery.SignUpAsync();
        foreach (var (name, size) in new[] { ("beta", 30), ("Alpha", 50), ("gamma", 10), ("alpha", 40), ("Ünder", 20) })
        {
            await user.UploadAsync(
                System.Text.Encoding.UTF8.GetBytes("# " + new string('x', size)),
                $"{name}.md",
                ("process", "false"),
                ("title", name)
            );
        }

        Assert.Equal(["Ünder", "alpha", "gamma", "Alpha", "beta"], await TitlesAsync("newest"));
        Assert.Equal(["beta", "Alpha", "gamma", "alpha", "Ünder"], await TitlesAsync("oldest"));
        Assert.Equal(["Alpha", "alpha", "beta", "gamma", "Ünder"], await TitlesAsync("title"));
        Assert.Equal(["Ünder", "gamma", "beta", "alpha", "Alpha"], await TitlesAsync("title_desc"));
        Assert.Equal(["Alpha", "alpha", "beta", "Ünder", "gamma"], await TitlesAsync("largest"));
        Assert.Equal(["Ünder", "alpha", "gamma", "Alpha", "beta"], await TitlesAsync("changed"));

        async Task<List<string>> TitlesAsync(string sort)
        {
            var titles = new List<string>();
            var cursor = "";
            do
            {
                var page = await user.GetAsync($"/api/v1/docs?sort={sort}&limit=2&cursor={cursor}");
                Assert.Equal(cursor.Length == 0, page.TryGetProperty("total", out var total));
                Assert.True(cursor.Length > 0 || total.GetInt32() == 5);
                titles.AddRange(page.Items().Select(item => item.Text("title")));
                cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
            } while (cursor is not null);

            return titles;
        }
    }

    [Fact]
    public async Task Filters_narrow_the_list_and_what_makes_no_sense_is_refused()
    {
        var user = await chancery.SignUpAsync();
        var waiting = (await user.UploadAsync("# One"u8.ToArray(), "one.md", ("process", "false"))).Id();
        var ready = (await user.ReadyAsync("Two."u8.ToArray(), "two.txt")).Id();
        var cursor = (await user.GetAsync("/api/v1/docs?limit=1")).Text("next_cursor");

        Assert.Equal([waiting], await IdsAsync("type=text/markdown"));
        Assert.Equal([ready], await IdsAsync("state=ready"));
        Assert.Empty(await IdsAsync("state=working"));
        Assert.Equal([ready, waiting], await IdsAsync("from=2020-01-01T00:00:00Z"));
        Assert.Empty(await IdsAsync("to=2020-01-01T00:00:00Z"));
        Assert.Equal([waiting], await IdsAsync($"id={waiting}&id={Guid.CreateVersion7()}"));
        Assert.Equal([waiting], await IdsAsync("q=ONE"));
        Assert.Empty(await IdsAsync("q=%25"));

        foreach (
            var wrong in new[]
            {
                "state=asleep",
                "sort=colour",
                "from=yesterday",
                "id=1",
                "cursor=nonsense",
                $"cursor={cursor}&sort=title",
                $"cursor={cursor}x",
                "id=" + string.Join("&id=", Enumerable.Range(0, 201).Select(_ => Guid.CreateVersion7())),
            }
        )
        {
            await user.GetAsync($"/api/v1/docs?{wrong}", HttpStatusCode.BadRequest);
        }

        async Task<Guid[]> IdsAsync(string query) =>
            [.. (await user.GetAsync($"/api/v1/docs?{query}")).Items().Select(item => item.Id())];
    }

    [Fact]
    public async Task Documents_are_counted_by_state_and_type_and_nobody_elses()
    {
        var user = await chancery.SignUpAsync();
        await user.UploadAsync("# One"u8.ToArray(), "one.md", ("process", "false"));
        await user.ReadyAsync("Two."u8.ToArray(), "two.txt");
        var gone = (await user.UploadAsync("# Three"u8.ToArray(), "three.md", ("process", "false"))).Id();
        await user.Http.DeleteAsync($"/api/v1/docs/{gone}", TestContext.Current.CancellationToken);
        var stranger = await chancery.SignUpAsync();

        var counts = await user.GetAsync("/api/v1/docs/counts");
        var others = await stranger.GetAsync("/api/v1/docs/counts");

        Assert.Equal(
            """{"total":2,"deleted":1,"states":{"ready":1,"stored":1},"types":{"text/markdown":1,"text/plain":1}}""",
            counts.GetRawText()
        );
        Assert.Equal(0, others.GetProperty("total").GetInt32());
    }
}
