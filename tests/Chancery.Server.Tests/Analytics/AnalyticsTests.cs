using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Inference.Ledger;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Chancery.Server.Tests.Inference.Ledger.LedgerFixture;

namespace Chancery.Server.Tests.Analytics;

/// <summary>Figures of what is going on, from Redis and from the ledger.</summary>
public sealed class AnalyticsTests(AnalyticsTests.Fixture chancery) : IClassFixture<AnalyticsTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RedisGateway Redis => chancery.Services.GetRequiredService<RedisGateway>();

    [Fact]
    public async Task An_organisation_sees_its_messages_by_type_person_and_model_a_member_only_their_own_and_others_none()
    {
        var owner = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(owner, "viewer");
        var stranger = await chancery.SignUpAsync("Globex");
        await AnswerAsync(owner, model: "small");
        await AnswerAsync(owner, model: "large");
        await AnswerAsync(colleague, model: "large", type: "stream");
        await AnswerAsync(owner, component: UsageComponent.Gateway);

        var all = await GetAsync(owner);
        var own = await GetAsync(colleague);
        var none = await GetAsync(stranger);

        Assert.Equal("organization", all.GetProperty("scope").GetString());
        var messages = all.GetProperty("messages");
        Assert.Equal("redis", messages.GetProperty("source").GetString());
        Assert.Equal(3, messages.GetProperty("total").GetInt64());
        Assert.Equal([("chat", 2), ("stream", 1)], Counts(messages, "by_type"));
        Assert.Equal([("large", 2), ("small", 1)], Counts(messages, "by_model"));
        Assert.Equal([(owner.UserId.ToString(), 2), (colleague.UserId.ToString(), 1)], Counts(messages, "by_person"));
        Assert.Equal(("redis", 3), SeriesOf(all));
        Assert.Equal(60, all.GetProperty("series").GetProperty("points").GetArrayLength());
        Assert.Equal(4, all.GetProperty("today").GetProperty("requests").GetInt64());
        Assert.Equal(20, all.GetProperty("month").GetProperty("output_tokens").GetInt64());

        Assert.Equal("own", own.GetProperty("scope").GetString());
        Assert.Equal([(colleague.UserId.ToString(), 1)], Counts(own.GetProperty("messages"), "by_person"));
        Assert.Equal([("stream", 1)], Counts(own.GetProperty("messages"), "by_type"));
        Assert.Equal(("ledger", 1), SeriesOf(own));
        Assert.Equal(1, own.GetProperty("today").GetProperty("requests").GetInt64());
        Assert.Equal(0, none.GetProperty("messages").GetProperty("total").GetInt64());
        Assert.Equal(("redis", 0), SeriesOf(none));
    }

    [Fact]
    public async Task The_keys_have_the_names_that_dashboards_read()
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner, model: "small");

        var read = await Redis.RunAsync(
            "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3]), tostring(redis.call('ZCARD', KEYS[4]))}",
            [
                Key(owner, "stats:messages:chat"),
                Key(owner, $"stats:user:{owner.UserId}:messages"),
                Key(owner, "stats:model:small:usage"),
                Key(owner, "timeline:messages"),
            ],
            []
        );

        Assert.Equal(["1", "1", "1", "1"], read!);
    }

    [Theory]
    [InlineData("hour", "minute", 60, "redis")]
    [InlineData("two_days", "hour", 48, "redis")]
    [InlineData("thirty_days", "day", 30, "ledger")]
    [InlineData("year", "month", 12, "ledger")]
    public async Task Every_range_has_its_steps_and_the_last_one_is_now(
        string range,
        string step,
        int steps,
        string source
    )
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner);

        var series = (await GetAsync(owner, range)).GetProperty("series");

        Assert.Equal(step, series.GetProperty("step").GetString());
        Assert.Equal(source, series.GetProperty("source").GetString());
        var points = series.GetProperty("points").EnumerateArray().ToList();
        Assert.Equal(steps, points.Count);
        // A minute may have ended since.
        Assert.Equal(1, points[^1].GetProperty("messages").GetInt64() + points[^2].GetProperty("messages").GetInt64());
        Assert.True(points[^1].GetProperty("at").GetDateTimeOffset() <= chancery.Clock.GetUtcNow());
    }

    [Fact]
    public async Task What_Redis_has_lost_comes_from_the_ledger_and_says_so()
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner, model: "small");
        await AnswerAsync(owner, model: "large");
        await Redis.RemoveAllAsync(Key(owner, ""), Cancel);
        await AnswerAsync(owner, model: "large");

        var seen = await GetAsync(owner);

        var messages = seen.GetProperty("messages");
        Assert.Equal("ledger", messages.GetProperty("source").GetString());
        Assert.Equal([("large", 2), ("small", 1)], Counts(messages, "by_model"));
        Assert.Equal(("ledger", 3), SeriesOf(seen));
        Assert.Contains("Redis has not counted all", Note(seen), StringComparison.Ordinal);
        Assert.True(seen.GetProperty("is_redis_available").GetBoolean());
    }

    [Fact]
    public async Task A_series_that_was_cut_to_the_newest_messages_is_the_ledgers_where_it_does_not_reach()
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner);
        var now = chancery.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        // As if ten thousand had come in the last ten minutes, the first message of all long ago.
        await Redis.RunAsync(
            "for i = 1, 10000 do redis.call('ZADD', KEYS[1], tonumber(ARGV[1]) - i * 60, 'm' .. i) end redis.call('SET', KEYS[2], ARGV[2]) return {'ok'}",
            [Key(owner, "timeline:messages"), Key(owner, "stats:since")],
            [now.ToString(CultureInfo.InvariantCulture), (now - 100_000_000).ToString(CultureInfo.InvariantCulture)]
        );
        await AnswerAsync(owner);

        var seen = await GetAsync(owner);

        Assert.Equal(("ledger", 2), SeriesOf(seen));
        Assert.Contains("newest 10,000", Note(seen), StringComparison.Ordinal);
        Assert.Equal("redis", seen.GetProperty("messages").GetProperty("source").GetString());
    }

    [Fact]
    public async Task Without_Redis_all_figures_are_the_ledgers()
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner);
        await chancery.Relay.CutAsync();
        try
        {
            var seen = await GetAsync(owner);

            Assert.False(seen.GetProperty("is_redis_available").GetBoolean());
            Assert.Equal(1, seen.GetProperty("messages").GetProperty("total").GetInt64());
            Assert.Equal(("ledger", 1), SeriesOf(seen));
            Assert.Contains("Redis cannot be reached", Note(seen), StringComparison.Ordinal);
        }
        finally
        {
            chancery.Relay.Mend();
        }

        for (var tries = 0; await Redis.PingAsync() is null; tries++)
        {
            Assert.True(tries < 300, "Redis did not come back within 30 s.");
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public async Task Searches_are_ranked_and_hidden_where_the_organisation_does_not_let_them_be_written_down()
    {
        var owner = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(owner, "viewer");
        await SearchAsync(owner, "Notice period");
        await SearchAsync(colleague, "notice period");
        await SearchAsync(colleague, "rent");
        (await owner.Http.GetAsync("/api/v1/queries", Cancel)).Dispose();

        var all = (await GetAsync(owner)).GetProperty("questions");
        var own = (await GetAsync(colleague)).GetProperty("questions");
        using var off = await owner.Http.PatchAsJsonAsync("/api/v1/organization", new { query_log = false }, Cancel);
        Later();
        var hidden = (await GetAsync(owner)).GetProperty("questions");

        Assert.Equal(2, all.GetProperty("items")[0].GetProperty("times").GetInt64());
        Assert.Equal(2, all.GetProperty("items")[0].GetProperty("people").GetInt64());
        Assert.Equal(2, all.GetProperty("items").GetArrayLength());
        Assert.All(
            own.GetProperty("items").EnumerateArray(),
            item => Assert.Equal(1, item.GetProperty("people").GetInt64())
        );
        Assert.Equal(2, own.GetProperty("items").GetArrayLength());
        Assert.False(hidden.GetProperty("is_recorded").GetBoolean());
        Assert.Equal(0, hidden.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task How_answers_ended_is_counted_for_the_organisation_without_showing_a_conversation()
    {
        var owner = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(owner, "viewer");
        using var asked = await colleague.Http.PostAsJsonAsync(
            "/api/v1/chat",
            new
            {
                question = "What is the notice period?",
                model = "extractive",
                session_id = "mine",
                stream = false,
            },
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);

        var all = (await GetAsync(owner)).GetProperty("answers");
        var own = (await GetAsync(colleague)).GetProperty("answers");

        Assert.Equal(1, all.GetProperty("answers").GetInt64());
        // There is no document.
        Assert.Equal(1, all.GetProperty("unsupported").GetInt64());
        Assert.Equal(1, all.GetProperty("refused_share").GetDouble());
        Assert.Equal(1, own.GetProperty("answers").GetInt64());
    }

    [Fact]
    public async Task Figures_come_as_they_change_and_no_longer_than_the_sign_in_lasts()
    {
        var owner = await chancery.SignUpAsync();
        await AnswerAsync(owner);
        using var response = await owner.Http.GetAsync(
            "/api/v1/analytics/live?range=hour",
            HttpCompletionOption.ResponseHeadersRead,
            Cancel
        );
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await using var events = SseParser.Create(body).EnumerateAsync(Cancel).GetAsyncEnumerator(Cancel);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal("figures", events.Current.EventType);
        Assert.Equal(1, TotalOf(events.Current.Data));
        await AnswerAsync(owner);
        Later();
        do
        {
            Assert.True(await events.MoveNextAsync());
        } while (events.Current.EventType != "figures" || TotalOf(events.Current.Data) != 2);

        using var signedOut = await owner.Http.PostAsJsonAsync("/api/v1/auth/logout", new { }, Cancel);
        Assert.True(signedOut.IsSuccessStatusCode);
        while (await events.MoveNextAsync())
        {
            // What was on its way.
        }
    }

    [Theory]
    [InlineData("/api/v1/analytics?range=decade")]
    [InlineData("/api/v1/analytics/live?range=decade")]
    public async Task Nonsense_is_refused(string path)
    {
        var owner = await chancery.SignUpAsync();

        using var response = await owner.Http.GetAsync(path, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static long TotalOf(string data) =>
        JsonDocument
            .Parse(data)
            .RootElement.GetProperty("figures")
            .GetProperty("messages")
            .GetProperty("total")
            .GetInt64();

    private static string Key(TestUser user, string name) => $"{{{user.TenantId:n}}}:{name}";

    private static IReadOnlyList<(string, int)> Counts(JsonElement messages, string kind) =>
        [
            .. messages
                .GetProperty(kind)
                .EnumerateArray()
                .Select(one => (one.GetProperty("name").GetString()!, one.GetProperty("messages").GetInt32())),
        ];

    private static (string Source, long Messages) SeriesOf(JsonElement seen)
    {
        var series = seen.GetProperty("series");
        return (
            series.GetProperty("source").GetString()!,
            series.GetProperty("points").EnumerateArray().Sum(point => point.GetProperty("messages").GetInt64())
        );
    }

    private static string Note(JsonElement seen) => seen.GetProperty("series").GetProperty("note").GetString()!;

    /// <summary>Whatever figures were shared are too old.</summary>
    private void Later() => chancery.Clock.Ahead += TimeSpan.FromSeconds(11);

    private static async Task<JsonElement> GetAsync(TestUser user, string range = "hour")
    {
        using var response = await user.Http.GetAsync($"/api/v1/analytics?range={range}", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static async Task SearchAsync(TestUser user, string query)
    {
        using var response = await user.Http.PostAsJsonAsync("/api/v1/search", new { query }, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task AnswerAsync(
        TestUser user,
        string component = UsageComponent.Chat,
        string type = "chat",
        string model = "some-model"
    )
    {
        var request = RequestOf(new Payer(new TenantId(user.TenantId), user.UserId, null), 100) with
        {
            Purpose = new UsagePurpose(component, type),
        };
        var granted = Assert.IsType<ReserveOutcome.Granted>(await chancery.Ledger.ReserveAsync(request, Cancel));
        chancery.Ledger.Settle(granted.Reservation, [AttemptOf(100) with { Model = model }]);
    }

    public sealed class Fixture : LedgerFixture
    {
        internal CuttableRelay Relay { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            var configuration = (await EngineHost.GetAsync()).Redis;
            var endpoint = configuration.Split(',')[0].Split(':');
            Relay = new CuttableRelay(endpoint[0], int.Parse(endpoint[1], CultureInfo.InvariantCulture));
            RedisConfiguration = $"127.0.0.1:{Relay.Port},{configuration.Split(',', 2)[1]}";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Relay.DisposeAsync();
        }
    }
}
