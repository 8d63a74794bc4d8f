using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Live;
using Chancery.Server.Audit.Reading;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>The record as it is written, for whoever watches.</summary>
public sealed class LiveTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_watches_is_told_of_entries_as_they_are_linked_and_what_was_missed_by_the_last_id()
    {
        var olga = await chancery.SignUpAsync();
        await using var first = await WatchAsync(olga);
        Assert.Equal("source", (await first.NextAsync()).EventType);

        await (await olga.Http.PostAsync("/api/v1/collections", new { name = "One" })).ReadAsync(
            HttpStatusCode.Created
        );
        var told = await first.NextAsync();
        await (await olga.Http.PostAsync("/api/v1/collections", new { name = "Two" })).ReadAsync(
            HttpStatusCode.Created
        );
        await chancery.Services.GetRequiredService<ChainWriter>().LinkAsync(olga.TenantId, Cancel);
        await using var again = await WatchAsync(olga, lastEventId: told.EventId);
        var source = await again.NextAsync();
        var missed = await again.NextAsync();

        Assert.Equal(("entry", "2"), (told.EventType, told.EventId));
        Assert.Equal("collection.created", Json(told).GetProperty("action").GetString());
        Assert.Equal(olga.Email, Json(told).GetProperty("actor").GetProperty("email").GetString());
        Assert.Equal(2, Json(source).GetProperty("after").GetInt64());
        Assert.Equal(("entry", "3"), (missed.EventType, missed.EventId));
    }

    [Fact]
    public async Task The_stream_in_Redis_has_what_was_linked_and_no_more_than_its_length()
    {
        var tenant = Guid.CreateVersion7();
        var stream = chancery.Services.GetRequiredService<LiveStream>();
        // The first use of Redis connects.
        await stream.ForgetAsync(tenant);
        await chancery.GivenEntriesAsync(tenant, 3);
        await AccessApi.EventuallyAsync(
            async () => (await stream.AfterAsync(tenant, 0))?.Count == 3,
            TimeSpan.FromSeconds(10)
        );
        await stream.AppendedAsync(
            tenant,
            [.. Enumerable.Range(4, LiveStream.Longest).Select(seq => new AuditEntry { TenantId = tenant, Seq = seq })]
        );

        var redis = chancery.Services.GetRequiredService<RedisGateway>();
        var length = await redis.RunAsync(
            "return {tostring(redis.call('XLEN', KEYS[1]))}",
            [LiveStream.KeyOf(tenant)],
            []
        );
        // The oldest are gone: what comes after the first is not what follows.
        var gone = await stream.AfterAsync(tenant, 0);

        Assert.Equal([$"{LiveStream.Longest}"], length ?? []);
        Assert.Empty(gone!);
    }

    [Fact]
    public async Task What_the_stream_lost_comes_from_the_table()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.GivenEntriesAsync(olga.TenantId, 5);
        await chancery.Services.GetRequiredService<LiveStream>().ForgetAsync(olga.TenantId);

        await using var watch = await WatchAsync(olga, query: "?after=0");
        await watch.NextAsync();
        var numbers = new List<string?>();
        while (numbers.Count < 6)
        {
            var told = await watch.NextAsync();
            if (told.EventType == "entry")
            {
                numbers.Add(told.EventId);
            }
        }

        Assert.Equal(["1", "2", "3", "4", "5", "6"], numbers);
    }

    [Fact]
    public async Task Who_does_not_follow_is_told_what_there_is_and_let_go()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.GivenEntriesAsync(olga.TenantId, 150);

        using var answer = await olga.Http.GetAsync(
            new Uri("/api/v1/audit/live?after=0&follow=false", UriKind.Relative),
            Cancel
        );
        var text = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(151, text.Split('\n').Count(line => line == "event: entry"));
    }

    [Fact]
    public async Task With_Redis_gone_it_says_so_and_asks_the_table_now_and_then()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 3);
        await using var gone = new RedisGateway(
            "127.0.0.1:1,connectRetry=1",
            Microsoft.Extensions.Logging.Abstractions.NullLogger<RedisGateway>.Instance
        )
        {
            Patience = TimeSpan.FromMilliseconds(200),
        };
        var clock = new MovedClock();
        var watch = new LiveWatch(
            new LiveStream(gone),
            chancery.Services.GetRequiredService<EntryStore>(),
            clock,
            tenant,
            after: 1
        );

        var notYet = await watch.NextAsync(isInHurry: false, Cancel);
        var source = watch.Source;
        clock.Ahead = TimeSpan.FromSeconds(3);
        var found = await watch.NextAsync(isInHurry: false, Cancel);

        Assert.Empty(notYet);
        Assert.Equal(LiveWatch.FromTable, source);
        Assert.Equal([2L, 3L], found.Select(entry => entry.Seq));
    }

    [Fact]
    public async Task A_stream_ends_with_the_right_to_it()
    {
        var olga = await chancery.SignUpAsync();
        var ada = await chancery.InviteAsync(olga, "admin");
        await using var watch = await WatchAsync(ada);
        await watch.NextAsync();

        using var removed = await olga.Http.DeleteAsync(
            new Uri($"/api/v1/members/{ada.UserId}", UriKind.Relative),
            Cancel
        );

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.True(await watch.EndsAsync());
    }

    [Fact]
    public async Task So_many_may_watch_and_one_more_when_one_leaves()
    {
        var seats = new LiveSeats();
        var tenant = Guid.CreateVersion7();
        var taken = Enumerable.Range(0, LiveSeats.Most).Select(_ => seats.TryTake(tenant)).ToList();

        var refused = seats.TryTake(tenant);
        var neighbour = seats.TryTake(Guid.CreateVersion7());
        taken[0]!.Dispose();
        taken[0]!.Dispose();

        Assert.All(taken, Assert.NotNull);
        Assert.Null(refused);
        Assert.NotNull(neighbour);
        Assert.NotNull(seats.TryTake(tenant));
        Assert.Null(seats.TryTake(tenant));
        await Task.CompletedTask;
    }

    private static JsonElement Json(SseItem<string> told) => JsonSerializer.Deserialize<JsonElement>(told.Data);

    private static async Task<Watch> WatchAsync(TestUser user, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/audit/live{query}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new Watch(answer, await answer.Content.ReadAsStreamAsync(Cancel));
    }

    private sealed class Watch(HttpResponseMessage answer, Stream stream) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<string>> _events = SseParser
            .Create(stream)
            .EnumerateAsync(Cancel)
            .GetAsyncEnumerator(Cancel);

        public async Task<SseItem<string>> NextAsync()
        {
            Assert.True(await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel));
            return _events.Current;
        }

        /// <summary>Whether it ends by itself.</summary>
        public async Task<bool> EndsAsync()
        {
            while (await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(40), Cancel))
            {
                // What came before the end.
            }

            return true;
        }

        public async ValueTask DisposeAsync()
        {
            await _events.DisposeAsync();
            answer.Dispose();
        }
    }
}
