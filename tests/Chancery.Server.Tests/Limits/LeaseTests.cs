using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Gateway;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Limits;

/// <summary>What may run at once.</summary>
public sealed class LeaseTests(GatewayFixture chancery) : IClassFixture<GatewayFixture>
{
    private static readonly LimitName Streams = LimitNames.StreamsAtOnce;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RedisGateway Redis => chancery.Services.GetRequiredService<RedisGateway>();

    [Fact]
    public async Task Of_fifty_who_ask_on_two_servers_exactly_as_many_get_a_place_and_each_gives_one_back()
    {
        var tenant = await GivenAsync((Streams, 4));
        using var one = Book(Redis);
        using var other = Book(Redis);

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? one : other).TakeAsync(tenant, Streams, Cancel).AsTask())
        );
        var held = outcomes.Where(outcome => outcome.Lease is not null).Select(outcome => outcome.Lease!).ToList();
        await held[0].DisposeAsync();
        await held[0].DisposeAsync();

        Assert.Equal(4, held.Count);
        Assert.Equal(3, await one.CountAsync(tenant, Streams));
        Assert.NotNull((await other.TakeAsync(tenant, Streams, Cancel)).Lease);
        Assert.Null((await one.TakeAsync(tenant, Streams, Cancel)).Lease);
    }

    [Fact]
    public async Task Places_of_a_server_that_was_killed_end_by_themselves_and_those_of_one_that_lives_go_on()
    {
        var tenant = await GivenAsync((Streams, 2));
        using var killed = Book(Redis, TimeSpan.FromMilliseconds(300));
        using var living = Book(Redis, TimeSpan.FromSeconds(20));
        Assert.NotNull((await killed.TakeAsync(tenant, Streams, Cancel)).Lease);
        Assert.NotNull((await living.TakeAsync(tenant, Streams, Cancel)).Lease);
        Assert.Null((await living.TakeAsync(tenant, Streams, Cancel)).Lease);

        await Eventually(async () => await living.CountAsync(tenant, Streams) == 1);
        // A Redis that was emptied learns of it again.
        await Redis.RemoveAsync($"{{{tenant.Value:n}}}:leases:{Streams.Name}");
        await living.RenewAsync();

        Assert.Equal(1, await living.CountAsync(tenant, Streams));
    }

    [Fact]
    public async Task Without_Redis_each_server_counts_for_itself()
    {
        var tenant = await GivenAsync((Streams, 2));
        await using var gone = new RedisGateway("127.0.0.1:1,connectTimeout=50", NullLogger<RedisGateway>.Instance);
        using var book = Book(gone);

        var first = (await book.TakeAsync(tenant, Streams, Cancel)).Lease;
        Assert.NotNull((await book.TakeAsync(tenant, Streams, Cancel)).Lease);
        Assert.Null((await book.TakeAsync(tenant, Streams, Cancel)).Lease);
        await first!.DisposeAsync();

        Assert.Equal(1, await book.CountAsync(tenant, Streams));
        Assert.NotNull((await book.TakeAsync(tenant, Streams, Cancel)).Lease);
    }

    [Fact]
    public async Task A_stream_too_many_is_refused_and_the_same_is_answered_whole_and_who_leaves_gives_the_place_back()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (Streams, 1));
        var held = new TaskCompletionSource();
        chancery.Scripts["held"] = _ => new ScriptedReply("?") { Held = held.Task };
        using (var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            var first = Completion.AskAsync(user.Http, Request("held", stream: true), leaving.Token);
            await Eventually(() => Task.FromResult(chancery.Alpha.Running > 0));

            var second = await Completion.AskAsync(user.Http, Request("second", stream: true), Cancel);
            using var chat = await user.Http.PostAsJsonAsync(
                "/api/v1/chat",
                new
                {
                    question = "What is there?",
                    model = "extractive",
                    stream = true,
                },
                Cancel
            );
            var whole = await Completion.AskAsync(user.Http, Request("whole", stream: false), Cancel);

            Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_requests"), (second.Status, second.ErrorCode));
            Assert.Equal("2", second.Header("Retry-After"));
            Assert.Equal(HttpStatusCode.TooManyRequests, chat.StatusCode);
            Assert.Equal(HttpStatusCode.OK, whole.Status);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        }

        held.SetResult();
        await Eventually(async () =>
            (await Completion.AskAsync(user.Http, Request("after", stream: true), Cancel)).Status == HttpStatusCode.OK
        );
        // Each gives its place back when it is over.
        await Eventually(async () =>
            await chancery.Services.GetRequiredService<LeaseBook>().CountAsync(new TenantId(user.TenantId), Streams)
            == 0
        );
    }

    [Fact]
    public async Task Documents_of_an_organisation_at_its_limit_wait_and_are_all_read_in_the_end()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.IngestionsAtOnce, 1));
        var book = chancery.Services.GetRequiredService<LeaseBook>();
        var place = (await book.TakeAsync(new TenantId(user.TenantId), LimitNames.IngestionsAtOnce, Cancel)).Lease!;
        var waiting = await user.UploadTextAsync("The first of two notes that wait for their turn.");
        var also = await user.UploadTextAsync("The second of two notes that wait for their turn.");
        var others = await chancery.SignUpAsync();
        await others.ReadyTextAsync("A note of somebody else who need not wait.");

        Assert.Equal("queued", (await user.GetAsync($"/api/v1/docs/{waiting.Id()}")).Text("state"));
        await place.DisposeAsync();

        await user.SettledAsync(waiting.Id());
        await user.SettledAsync(also.Id());
    }

    private async Task<TenantId> GivenAsync(params (LimitName, long)[] limits)
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, limits);
        return new TenantId(user.TenantId);
    }

    private LeaseBook Book(RedisGateway redis, TimeSpan? life = null) =>
        new(redis, chancery.Services.GetRequiredService<LimitBook>(), NullLogger<LeaseBook>.Instance)
        {
            Life = life ?? TimeSpan.FromSeconds(30),
        };

    private static object Request(string question, bool stream) =>
        new
        {
            model = "alpha/m",
            stream,
            messages = new[] { new { role = "user", content = question } },
        };

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 400 && !await condition(); i++)
        {
            await Task.Delay(25, Cancel);
        }

        Assert.True(await condition());
    }
}
