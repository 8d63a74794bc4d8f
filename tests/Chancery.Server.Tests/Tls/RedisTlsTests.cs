using System.Net;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Tls;

/// <summary>Redis over TLS: a real one, with certificates of every kind.</summary>
public sealed class RedisTlsTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_Redis_with_a_certificate_of_the_authority_is_used_as_any_other()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("redis", TestAuthority.ForServers, "localhost");
        await using var redis = await RedisTlsServer.StartAsync(shown);
        await using var gateway = Gateway(
            redis,
            "localhost",
            ("REDIS_CA_CERT_PATH", files.Write("ca.pem", authority.Pem))
        );

        Assert.True(await gateway.SetAsync("key", "value", TimeSpan.FromMinutes(1)));
        Assert.Equal("value", await gateway.GetAsync("key"));
    }

    [Theory]
    [InlineData("wrong authority", "no authority that is believed here signed it")]
    [InlineData("expired", "it ended")]
    [InlineData("not yet valid", "it begins only")]
    [InlineData("self-signed", "it vouches for itself")]
    [InlineData("another name", "it is for elsewhere.example, and not for localhost")]
    [InlineData("for clients", "it is not for servers")]
    public async Task A_Redis_whose_certificate_does_not_count_is_not_used_and_the_reason_is_said(
        string kind,
        string reason
    )
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var other = new TestAuthority("Somebody else");
        using var shown = kind switch
        {
            "wrong authority" => other.Issue("redis", TestAuthority.ForServers, "localhost"),
            "expired" => authority.Issue("redis", TestAuthority.ForServers, "localhost", to: Now.AddMinutes(-1)),
            "not yet valid" => authority.Issue("redis", TestAuthority.ForServers, "localhost", from: Now.AddHours(1)),
            "self-signed" => TestAuthority.SelfSigned("redis", TestAuthority.ForServers, "localhost"),
            "another name" => authority.Issue("redis", TestAuthority.ForServers, "elsewhere.example"),
            _ => authority.Issue("redis", TestAuthority.ForClients, "localhost"),
        };
        await using var redis = await RedisTlsServer.StartAsync(shown);
        var path = files.Write("ca.pem", authority.Pem);
        await using var gateway = Gateway(redis, "localhost", ("REDIS_CA_CERT_PATH", path));

        var why = await WhyNotAsync(redis, "localhost", ("REDIS_CA_CERT_PATH", path));

        Assert.Null(await gateway.PingAsync());
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_file_the_authorities_of_the_machine_decide_and_they_do_not_know_ours()
    {
        using var authority = new TestAuthority();
        using var shown = authority.Issue("redis", TestAuthority.ForServers, "localhost");
        await using var redis = await RedisTlsServer.StartAsync(shown);
        await using var gateway = Gateway(redis, "localhost");

        Assert.Null(await gateway.PingAsync());
        Assert.Contains(
            "this machine's authorities do not vouch for it",
            await WhyNotAsync(redis, "localhost"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_Redis_that_asks_for_a_certificate_gets_the_one_of_the_settings()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("redis", TestAuthority.ForServers, "localhost", address: IPAddress.Loopback);
        using var own = authority.Issue("chancery");
        await using var redis = await RedisTlsServer.StartAsync(shown, clients: authority);
        var ca = ("REDIS_CA_CERT_PATH", files.Write("ca.pem", authority.Pem));
        var (certificate, key) = files.Write("own", own);
        await using var without = Gateway(redis, "localhost", ca);
        await using var with = Gateway(
            redis,
            "127.0.0.1",
            ca,
            ("REDIS_CERT_FILE", certificate),
            ("REDIS_KEY_FILE", key)
        );

        Assert.Null(await without.PingAsync());
        Assert.NotNull(await with.PingAsync());
    }

    [Fact]
    public async Task Authorities_are_read_again_when_they_change_and_what_is_no_authority_is_left_alone()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var other = new TestAuthority("Somebody else");
        using var shown = authority.Issue("redis", TestAuthority.ForServers, "localhost");
        await using var redis = await RedisTlsServer.StartAsync(shown);
        var path = files.Write("ca.pem", other.Pem);
        var clock = new MovedClock();
        var transport = new RedisTransport(new RedisTls(path, null, null), "localhost", NullLogger.Instance, clock);
        Assert.NotNull(await TlsProbe.OfRedisAsync(transport, "localhost", redis.Port, Cancel));

        files.Write("ca.pem", authority.Pem);
        clock.Ahead += TimeSpan.FromSeconds(5);
        Assert.Null(await TlsProbe.OfRedisAsync(transport, "localhost", redis.Port, Cancel));
        files.Write("ca.pem", authority.Pem[..100]);
        clock.Ahead += TimeSpan.FromSeconds(5);

        Assert.Null(await TlsProbe.OfRedisAsync(transport, "localhost", redis.Port, Cancel));
    }

    [Fact]
    public async Task A_Redis_without_TLS_is_not_used_where_TLS_is_asked_for()
    {
        var engines = await EngineHost.GetAsync();
        var port = engines.Redis.Split(',')[0].Split(':')[^1];
        await using var gateway = new RedisGateway(
            $"127.0.0.1:{port},ssl=True,password={engines.Redis.Split("password=")[1]}",
            NullLogger<RedisGateway>.Instance,
            tls: new RedisTls(null, null, null)
        );

        Assert.Null(await gateway.PingAsync());
    }

    [Theory]
    [InlineData("REDIS_USE_SSL", "REDIS_USE_SSL", "perhaps", "redis://cache")]
    [InlineData("REDIS_USE_SSL", "REDIS_USE_SSL", "true", null)]
    [InlineData("REDIS_CA_CERT_PATH", "REDIS_CA_CERT_PATH", "/ca.pem", "redis://cache")]
    [InlineData("REDIS_KEY_FILE", "REDIS_CERT_FILE", "/own.crt", "rediss://cache")]
    [InlineData("REDIS_CERT_FILE", "REDIS_KEY_FILE", "/own.key", "rediss://cache")]
    public void Settings_that_do_not_go_together_are_refused_by_name(
        string named,
        string setting,
        string value,
        string? address
    )
    {
        var fault = Assert.Throws<SettingException>(() => Read((setting, value), ("REDIS_URL", address)));

        Assert.Equal(named, fault.Name);
    }

    [Fact]
    public void Setting_and_address_each_ask_for_TLS_and_the_password_may_stand_beside()
    {
        var by = Read(("REDIS_URL", "redis://cache"), ("REDIS_USE_SSL", "true"), ("REDIS_PASSWORD", "p,ss"));
        var never = Read(("REDIS_URL", "rediss://cache"), ("REDIS_USE_SSL", "false"));

        Assert.Equal((true, "p,ss"), (by.Tls, by.Password));
        Assert.True(never.Tls);
    }

    [Fact]
    public void A_file_that_is_no_authority_is_named()
    {
        using var files = new RenewedFolder();
        var path = files.Write("ca.pem", "nothing");

        var fault = Assert.Throws<SettingException>(() =>
            new RedisTransport(new RedisTls(path, null, null), "cache", NullLogger.Instance, TimeProvider.System)
        );

        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
    }

    private static RedisGateway Gateway(
        RedisTlsServer redis,
        string host,
        params (string Name, string? Value)[] settings
    )
    {
        var read = Read(redis, host, settings);
        return new RedisGateway(
            StorageStart.ConfigurationOf(read),
            NullLogger<RedisGateway>.Instance,
            tls: StorageStart.TlsOf(read)
        )
        {
            Patience = TimeSpan.FromSeconds(5),
        };
    }

    private static Task<string?> WhyNotAsync(
        RedisTlsServer redis,
        string host,
        params (string Name, string? Value)[] settings
    ) =>
        TlsProbe.OfRedisAsync(
            new RedisTransport(
                StorageStart.TlsOf(Read(redis, host, settings))!,
                host,
                NullLogger.Instance,
                TimeProvider.System
            ),
            host,
            redis.Port,
            Cancel
        );

    private static RedisSettings Read(
        RedisTlsServer redis,
        string host,
        params (string Name, string? Value)[] settings
    ) =>
        Read([
            ("REDIS_URL", $"redis://{host}:{redis.Port}"),
            ("REDIS_USE_SSL", "true"),
            ("REDIS_PASSWORD", RedisTlsServer.Password),
            .. settings,
        ]);

    private static RedisSettings Read(params (string Name, string? Value)[] settings) =>
        ConnectionSettings
            .Read(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)))
                    .Build()
            )
            .Redis!;
}
