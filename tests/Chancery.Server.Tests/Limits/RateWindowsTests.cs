using System.Globalization;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Inference.Ledger;
using Chancery.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Limits;

/// <summary>Fixed windows: exactly as many as may, whoever counts, whatever the clocks and Redis do.</summary>
public sealed class RateWindowsTests : IAsyncLifetime
{
    private const int Most = 100;
    private const int Clients = 64;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // The start of a window, a while ago.
    private const long Start = 1_700_000_040_000;

    private readonly string _subject = Guid.CreateVersion7().ToString("n");
    private long _now = Start;
    private CuttableRelay _relay = null!;
    private RedisGateway _redis = null!;
    private RedisGateway _other = null!;

    public async ValueTask InitializeAsync()
    {
        var configuration = (await EngineHost.GetAsync()).Redis;
        var endpoint = configuration.Split(',')[0].Split(':');
        _relay = new CuttableRelay(endpoint[0], int.Parse(endpoint[1], CultureInfo.InvariantCulture));
        var rest = configuration.Split(',', 2)[1];
        _redis = new RedisGateway($"127.0.0.1:{_relay.Port},{rest}", NullLogger<RedisGateway>.Instance);
        _other = new RedisGateway(configuration, NullLogger<RedisGateway>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _other.DisposeAsync();
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task Of_64_clients_of_two_servers_exactly_as_many_pass_in_each_window_as_may()
    {
        var servers = new[] { Windows(_redis), Windows(_other) };

        for (var window = 0; window < 3; window++)
        {
            Assert.Equal(Most, await FireAsync(servers, Rule("a")));
            _now += (long)Minute.TotalMilliseconds;
        }
    }

    [Fact]
    public async Task By_the_clock_of_Redis_the_end_of_a_window_is_the_end_of_a_minute()
    {
        var windows = new RateWindows(_redis, TimeProvider.System);

        var outcome = await windows.TakeAsync([Rule("a")]);

        Assert.True(outcome.IsShared);
        Assert.Equal(0, outcome.States[0].ResetsAt.Second);
        Assert.InRange(outcome.States[0].ResetsIn, TimeSpan.Zero, Minute);
    }

    [Fact]
    public async Task A_request_counts_in_all_its_rules_or_in_none()
    {
        var windows = Windows(_redis);
        var (narrow, wide) = (Rule("narrow", most: 1), Rule("wide"));

        Assert.Null((await windows.TakeAsync([narrow, wide])).Refused);
        var refused = await windows.TakeAsync([wide, narrow]);

        Assert.Equal("narrow", refused.Refused!.Rule.Name);
        Assert.Equal(1, (await windows.LookAsync([wide])).States[0].Used);
    }

    [Fact]
    public async Task Of_two_limits_that_are_used_up_the_later_one_is_told()
    {
        var windows = Windows(_redis);
        var (minute, hour) = (Rule("minute", most: 1), Rule("hour", most: 1) with { Window = TimeSpan.FromHours(1) });
        await windows.TakeAsync([minute, hour]);

        Assert.Equal("hour", (await windows.TakeAsync([minute, hour])).Refused!.Rule.Name);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-90)]
    [InlineData(-86_400)]
    public async Task A_clock_that_is_set_back_gives_nobody_more_and_keeps_nobody_out_for_longer_than_a_window(
        int seconds
    )
    {
        var windows = Windows(_redis);
        Assert.Equal(Most, await FireAsync([windows], Rule("a")));

        _now += seconds * 1000L;

        var refused = (await windows.TakeAsync([Rule("a")])).Refused;
        Assert.NotNull(refused);
        Assert.True(refused.ResetsIn <= Minute);
        _now += (long)refused.ResetsIn.TotalMilliseconds;
        Assert.Null((await windows.TakeAsync([Rule("a")])).Refused);
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_begins_a_new_window_and_no_more()
    {
        var windows = Windows(_redis);
        Assert.Equal(Most, await FireAsync([windows], Rule("a")));

        _now += 86_400_000;

        Assert.Equal(Most, await FireAsync([windows], Rule("a")));
    }

    [Fact]
    public async Task A_Redis_that_comes_back_empty_in_the_middle_of_a_window_does_not_refill_it()
    {
        var windows = Windows(_redis);
        for (var i = 0; i < 60; i++)
        {
            await windows.TakeAsync([Rule("a")]);
        }

        Assert.True(await _other.RemoveAsync(Rule("a").Key));

        Assert.Equal(Most - 60, await FireAsync([windows], Rule("a")));
    }

    [Fact]
    public async Task While_Redis_is_gone_a_server_counts_on_from_what_it_saw()
    {
        var windows = Windows(_redis);
        for (var i = 0; i < 60; i++)
        {
            await windows.TakeAsync([Rule("a")]);
        }

        await _relay.CutAsync();

        Assert.False((await windows.LookAsync([Rule("a")])).IsShared);
        Assert.Equal(Most - 60, await FireAsync([windows], Rule("a")));
    }

    [Fact]
    public async Task What_is_given_back_can_be_taken_again_and_stays_given_back_whatever_Redis_loses()
    {
        var (windows, other) = (Windows(_redis), Windows(_other));
        var states = new List<WindowState>();
        for (var i = 0; i < 10; i++)
        {
            await other.TakeAsync([Rule("a")]);
        }

        for (var i = 0; i < 60; i++)
        {
            states.AddRange((await windows.TakeAsync([Rule("a")])).States);
        }

        await Task.WhenAll(states.Take(20).Select(state => windows.GiveBackAsync([state])));
        Assert.Equal(50, (await other.LookAsync([Rule("a")])).States[0].Used);
        Assert.True(await _other.RemoveAsync(Rule("a").Key));
        // Redis knows nothing of it any more.
        await windows.GiveBackAsync([states[20]]);
        await other.TakeAsync([Rule("a")]);
        Assert.Equal(50, (await windows.LookAsync([Rule("a")])).States[0].Used);
        await _relay.CutAsync();
        await windows.GiveBackAsync([states[21]]);

        Assert.Equal(Most - 49, await FireAsync([windows], Rule("a")));
    }

    [Fact]
    public async Task Nothing_is_given_back_to_another_window_than_the_one_that_counted()
    {
        var windows = Windows(_redis);
        var before = await windows.TakeAsync([Rule("a")]);
        _now += (long)Minute.TotalMilliseconds;
        await windows.TakeAsync([Rule("a")]);

        await windows.GiveBackAsync(before.States);

        Assert.Equal(1, (await windows.LookAsync([Rule("a")])).States[0].Used);
    }

    [Fact]
    public async Task A_limit_of_nothing_lets_nothing_pass() =>
        Assert.NotNull((await Windows(_redis).TakeAsync([Rule("a", most: 0)])).Refused);

    private RateWindows Windows(RedisGateway redis) =>
        new(redis, TimeProvider.System) { Clock = () => Volatile.Read(ref _now) };

    private WindowRule Rule(string name, long most = Most) =>
        new(name, $"{{{_subject}}}:rate_limit:test", most, Minute);

    private static async Task<int> FireAsync(RateWindows[] servers, WindowRule rule)
    {
        var passed = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, Clients)
                .Select(async client =>
                {
                    for (var i = 0; i < 4; i++)
                    {
                        if ((await servers[client % servers.Length].TakeAsync([rule])).Refused is null)
                        {
                            Interlocked.Increment(ref passed);
                        }
                    }
                })
        );
        return passed;
    }
}
