using System.Globalization;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Redis;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Inference.Caching;

/// <summary>Redis there and silent, and back.</summary>
public sealed class CacheOutageTests(CacheOutageTests.Fixture chancery) : IClassFixture<CacheOutageTests.Fixture>
{
    public sealed class Fixture : ChanceryFixture
    {
        internal FreezableRelay Relay { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            var configuration = (await EngineHost.GetAsync()).Redis;
            var endpoint = configuration.Split(',')[0].Split(':');
            Relay = new FreezableRelay(endpoint[0], int.Parse(endpoint[1], CultureInfo.InvariantCulture));
            RedisConfiguration = $"127.0.0.1:{Relay.Port},{configuration.Split(',', 2)[1]}";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            Relay.Thaw();
            await base.DisposeAsync();
            await Relay.DisposeAsync();
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_redis_this_servers_memory_goes_on_and_nobody_waits_long()
    {
        var tenant = new TenantId((await chancery.SignUpAsync()).TenantId);
        var cache = chancery.Services.GetRequiredService<AnswerCache>();
        await StoredAsync(cache, KeyOf(tenant, 1), "Before.");
        chancery.Relay.Freeze();
        try
        {
            var longest = TimeSpan.Zero;
            for (var i = 0; i < 20; i++)
            {
                var began = TimeProvider.System.GetTimestamp();
                Assert.Equal("Before.", (await cache.FindAsync(KeyOf(tenant, 1), Cancel))?.Text);
                Assert.Null(await cache.FindAsync(KeyOf(tenant, 2), Cancel));
                var took = TimeProvider.System.GetElapsedTime(began);
                longest = took > longest ? took : longest;
            }

            Assert.False(await cache.StoreAsync(KeyOf(tenant, 3), AnswerOf("Meanwhile."), Cancel));
            Assert.Equal("Meanwhile.", (await cache.FindAsync(KeyOf(tenant, 3), Cancel))?.Text);
            // Redis itself would be waited for five seconds.
            Assert.True(longest < TimeSpan.FromSeconds(4), $"Somebody waited {longest}.");
        }
        finally
        {
            chancery.Relay.Thaw();
        }

        // It is used again without anybody's doing.
        await StoredAsync(cache, KeyOf(tenant, 4), "Afterwards.");
        Assert.Equal("Before.", (await cache.FindAsync(KeyOf(tenant, 1), Cancel))?.Text);
    }

    private static async Task StoredAsync(AnswerCache cache, AnswerCacheKey key, string text)
    {
        for (var tries = 0; !await cache.StoreAsync(key, AnswerOf(text), Cancel); tries++)
        {
            Assert.True(tries < 300, "Redis never took it.");
            await Task.Delay(100, Cancel);
        }
    }

    private static AnswerCacheKey KeyOf(TenantId tenant, int number) =>
        new(new CacheSpace(tenant, CacheNamespace.Chat, null), number.ToString("x64", CultureInfo.InvariantCulture));

    private static CachedAnswer AnswerOf(string text)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new(text, null, "m", "p", null, default, default, default, now, now.AddMinutes(1), []);
    }
}
