using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Prompts;

/// <summary>The paths for prompts that older clients use.</summary>
public sealed class PromptAliasTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Old = "/api/prompts";

    [Fact]
    public async Task Older_paths_make_show_roll_out_and_turn_back_the_same_prompts()
    {
        var olga = await chancery.SignUpAsync();
        var name = $"Newsletter {Guid.CreateVersion7():n}";

        var made = await olga.PostAsync($"{Old}/create", Creating(name), HttpStatusCode.Created);
        var id = made.GetProperty("prompt").Id();
        var first = await olga.GetAsync($"{Old}/{id}");
        var same = await olga.GetAsync($"/api/v1/prompts/{id}");
        await olga.PostAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );
        // Everybody but one in ten thousand gets it, so that what comes back afterwards comes from the rollback.
        var started = await olga.PostAsync(
            $"{Old}/{id}/rollout",
            new
            {
                version = 2,
                unit = "organization",
                stages = new[] { Stage(99.99, minHours: 10), Stage(100, minHours: 0) },
            },
            HttpStatusCode.Created
        );
        var during = await VersionAsync(olga, id);
        var back = await olga.PostAsync($"{Old}/{id}/rollback", new { why = "on an older path" });
        var after = await VersionAsync(olga, id);

        Assert.Equal(name, first.GetProperty("prompt").Text("name"));
        Assert.Equal("One.", first.GetProperty("version").GetProperty("content").Text("system"));
        Assert.Equal(same.GetRawText(), first.GetRawText());
        Assert.Equal(("running", 99.99), (started.Text("state"), started.GetProperty("percent").GetDouble()));
        Assert.Equal((2, 1), (during, after));
        Assert.Equal(1, back.GetProperty("production").GetInt32());
        Assert.Equal(
            ("rolled_back", "on an older path"),
            (back.GetProperty("rollout").Text("state"), back.GetProperty("rollout").Text("reason"))
        );
        Assert.Equal(started.Id(), (await olga.GetAsync($"/api/v1/prompts/{id}/rollout")).Id());
    }

    [Fact]
    public async Task Without_a_rollout_the_older_rollback_goes_back_to_the_version_before_and_then_to_none()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.PostAsync($"{Old}/create", Creating(), HttpStatusCode.Created)).GetProperty("prompt").Id();
        await olga.PostAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = PromptApi.Saying("Two.") },
            HttpStatusCode.Created
        );
        await olga.PutAsync($"/api/v1/prompts/{id}/labels/production", new { version = 2 });

        var back = await olga.PostAsync($"{Old}/{id}/rollback", new { });
        var again = await olga.PostAsync($"{Old}/{id}/rollback", new { }, HttpStatusCode.Conflict);

        Assert.Equal(1, back.GetProperty("production").GetInt32());
        Assert.Equal(
            "One.",
            (await olga.GetAsync($"{Old}/{id}")).GetProperty("version").GetProperty("content").Text("system")
        );
        Assert.Equal("nothing-before", again.Text("code"));
    }

    [Fact]
    public async Task What_v1_refuses_older_paths_refuse_alike()
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var vera = await chancery.InviteAsync(olga, "viewer");
        var id = (await eddie.PostAsync($"{Old}/create", Creating(), HttpStatusCode.Created))
            .GetProperty("prompt")
            .Id();

        var nameless = await olga.PostAsync($"{Old}/create", Creating(""), HttpStatusCode.BadRequest);
        var unknown = await olga.PostAsync($"{Old}/{id}/rollout", new { version = 7 }, HttpStatusCode.NotFound);
        var present = await olga.PostAsync($"{Old}/{id}/rollout", new { version = 1 }, HttpStatusCode.Conflict);
        var nonsense = await olga.PostAsync($"{Old}/{id}/rollout", new { version = 0 }, HttpStatusCode.BadRequest);
        await vera.PostAsync($"{Old}/create", Creating(), HttpStatusCode.Forbidden);
        await eddie.PostAsync($"{Old}/{id}/rollout", new { version = 1 }, HttpStatusCode.Forbidden);
        await eddie.PostAsync($"{Old}/{id}/rollback", new { }, HttpStatusCode.Forbidden);
        await stranger.GetAsync($"{Old}/{id}", HttpStatusCode.NotFound);
        await stranger.PostAsync($"{Old}/{id}/rollout", new { version = 1 }, HttpStatusCode.NotFound);
        await stranger.PostAsync($"{Old}/{id}/rollback", new { }, HttpStatusCode.NotFound);

        Assert.Equal(["name"], nameless.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.EndsWith("not-found", unknown.Text("type"), StringComparison.Ordinal);
        Assert.Equal("in-production", present.Text("code"));
        Assert.Equal(["version"], nonsense.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Equal(
            "One.",
            (await vera.GetAsync($"{Old}/{id}")).GetProperty("version").GetProperty("content").Text("system")
        );
    }

    [Theory]
    [InlineData("user_id")]
    [InlineData("userId")]
    [InlineData("tenant_id")]
    [InlineData("companyId")]
    public async Task An_id_that_is_not_the_callers_is_refused_and_the_callers_own_is_taken(string field)
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync();
        var isPerson = field.StartsWith("user", StringComparison.Ordinal);
        var id = (await olga.PostAsync($"{Old}/create", With(olga), HttpStatusCode.Created)).GetProperty("prompt").Id();

        foreach (var path in new[] { "create", $"{id}/rollout", $"{id}/rollback" })
        {
            var refused = await olga.PostAsync($"{Old}/{path}", With(stranger), HttpStatusCode.Forbidden);
            Assert.Equal("foreign-id", refused.Text("code"));
        }

        var own = (await olga.GetAsync("/api/v1/prompts"))
            .Items()
            .Where(one => !one.GetProperty("is_shipped").GetBoolean());
        Assert.Equal([id], own.Select(one => one.Id()));

        Dictionary<string, object> With(TestUser user) =>
            new()
            {
                ["name"] = $"Prompt {Guid.CreateVersion7():n}",
                ["content"] = PromptApi.Saying("One."),
                ["version"] = 1,
                [field] = isPerson ? user.UserId : user.TenantId,
            };
    }

    private static object Creating(string? name = null) =>
        new { name = name ?? $"Prompt {Guid.CreateVersion7():n}", content = PromptApi.Saying("One.") };

    private static object Stage(double percent, double minHours) =>
        new
        {
            percent,
            min_uses = 0,
            min_hours = minHours,
            max_hours = 24,
        };

    private static async Task<int> VersionAsync(TestUser user, Guid id) =>
        (await user.PostAsync($"/api/v1/prompts/{id}/render", new { variables = new { topic = "x" } }))
            .GetProperty("version")
            .GetInt32();
}
