using System.Diagnostics;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Settings;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Redis;

/// <summary>A Redis that is there and says nothing: stopped in a debugger, out of memory, behind a firewall that drops.</summary>
public sealed class SilentRedisTests : IAsyncLifetime
{
    private FreezableRelay _relay = null!;
    private RedisGateway _redis = null!;
    private string _configuration = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var configuration = (await EngineHost.GetAsync()).Redis;
        var endpoint = configuration.Split(',')[0].Split(':');
        _relay = new FreezableRelay(
            endpoint[0],
            int.Parse(endpoint[1], System.Globalization.CultureInfo.InvariantCulture)
        );
        _configuration = $"127.0.0.1:{_relay.Port},{configuration.Split(',', 2)[1]}";
        _redis = new RedisGateway(_configuration, NullLogger<RedisGateway>.Instance)
        {
            Patience = TimeSpan.FromMilliseconds(300),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task One_that_never_spoke_counts_as_gone_and_is_used_as_soon_as_it_speaks()
    {
        _relay.Freeze();

        var silent = await _redis.GetAsync("silent-redis").WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        _relay.Thaw();
        await SpeaksAsync();

        Assert.Null(silent);
    }

    [Fact]
    public async Task One_that_falls_silent_counts_as_gone_until_it_speaks_again()
    {
        var key = $"silent-redis-{Guid.CreateVersion7()}";
        await SpeaksAsync();
        Assert.True(await _redis.SetAsync(key, "here", TimeSpan.FromMinutes(1)));
        _relay.Freeze();

        var silent = await _redis.GetAsync(key).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var asked = Stopwatch.StartNew();
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Null(await _redis.GetAsync(key));
        }

        var afterwards = asked.Elapsed;
        _relay.Thaw();
        await SpeaksAsync();

        Assert.Null(silent);
        // A thousand times the patience would be five minutes.
        Assert.InRange(afterwards, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Equal("here", await _redis.GetAsync(key));
    }

    [Fact]
    public async Task Who_subscribed_while_it_was_silent_hears_what_is_said_later()
    {
        var channel = $"silent-redis-{Guid.CreateVersion7()}";
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _relay.Freeze();

        var subscribing = _redis.SubscribeAsync(channel, message => heard.TrySetResult(message));
        _relay.Thaw();
        await SpeaksAsync();
        await subscribing.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await SayAsync(channel, heard.Task);

        Assert.Equal("a word", await heard.Task);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 4)]
    [InlineData(6, 6)]
    public async Task It_has_as_many_connections_as_it_may_and_no_more(int most, int expected)
    {
        await using var redis = new RedisGateway(_configuration, NullLogger<RedisGateway>.Instance)
        {
            MaxConnections = most,
        };
        var key = $"connections-{Guid.CreateVersion7()}";

        for (var i = 0; i < 20; i++)
        {
            Assert.True(await redis.SetAllAsync([(key, [1, 2, 3], TimeSpan.FromMinutes(1))]));
            Assert.Equal([1, 2, 3], await redis.GetBytesAsync(key));
            Assert.NotNull(await redis.PingAsync());
        }

        Assert.Equal(expected, _relay.Connections);
    }

    [Theory]
    [InlineData("REDIS_TIMEOUT", "0")]
    [InlineData("REDIS_TIMEOUT", "soon")]
    [InlineData("REDIS_MAX_CONNECTIONS", "1")]
    [InlineData("REDIS_MAX_CONNECTIONS", "1000")]
    public void A_setting_that_cannot_be_used_is_named(string setting, string value) =>
        Assert.Equal(
            setting,
            Assert
                .Throws<SettingException>(() =>
                    RedisTuning.Read(
                        new ConfigurationBuilder()
                            .AddInMemoryCollection([KeyValuePair.Create(setting, (string?)value)])
                            .Build()
                    )
                )
                .Name
        );

    private async Task SayAsync(string channel, Task heard)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!heard.IsCompleted)
        {
            await _redis.PublishAsync(channel, "a word");
            await Task.Delay(50, patience.Token);
        }
    }

    private async Task SpeaksAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (await _redis.PingAsync() is null)
        {
            await Task.Delay(50, patience.Token);
        }
    }
}
