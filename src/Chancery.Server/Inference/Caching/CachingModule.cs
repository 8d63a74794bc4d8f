using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>The only public door of the cache of answers.</summary>
public static class CachingModule
{
    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddAnswerCache(this WebApplicationBuilder builder)
    {
        // Read now, so that a bad setting stops the start and not the first question.
        builder.Services.AddSingleton(AnswerCacheOptions.Read(builder.Configuration));
        builder.Services.AddSingleton<ProcessAnswers>();
        builder.Services.AddSingleton<Hurried>();
        builder.Services.AddSingleton<CacheStamps>();
        builder.Services.AddSingleton<CacheCounts>();
        builder.Services.AddSingleton<AnswerFlights>();
        builder.Services.AddSingleton(provider => new AnswerCache(
            provider.GetRequiredService<AnswerCacheOptions>(),
            provider.GetRequiredService<ProcessAnswers>(),
            provider.GetRequiredService<CacheStamps>(),
            provider.GetRequiredService<CacheCounts>(),
            provider.GetRequiredService<RedisGateway>(),
            provider.GetRequiredService<Hurried>(),
            provider.GetRequiredService<IDataKeys>(),
            provider.GetRequiredService<InferenceMeter>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AnswerCache>>()
        ));
        builder.Services.AddSingleton<ITenantRemains, AnswerRemains>();
        builder.Services.AddSingleton(provider => new CachedCalls(
            provider.GetRequiredService<ModelRouter>(),
            provider.GetRequiredService<AnswerCache>(),
            provider.GetRequiredService<AnswerFlights>(),
            provider.GetRequiredService<CacheCounts>(),
            provider.GetRequiredService<UsageLedger>(),
            provider.GetRequiredService<InferenceMeter>(),
            provider.GetRequiredService<RoutingOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CachedCalls>>()
        ));
        builder.Services.AddSingleton(provider => new AlikeQuestions(
            provider.GetRequiredService<RedisGateway>(),
            provider.GetRequiredService<Hurried>(),
            provider.GetRequiredService<CacheStamps>(),
            provider.GetRequiredService<IDataKeys>(),
            provider.GetRequiredService<AnswerCacheOptions>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        builder.Services.AddSingleton<CacheUpkeep>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<CacheUpkeep>());
        return builder;
    }
}
