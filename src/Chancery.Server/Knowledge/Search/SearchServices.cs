using System.Diagnostics.Metrics;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Health;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Search;

/// <summary>What search is made of.</summary>
internal static class SearchServices
{
    public static IServiceCollection AddPassageSearch(this IServiceCollection services)
    {
        services.AddSingleton<QueryEmbedder>();
        services.AddSingleton<PostgresPassageSearch>();

        services.AddSingleton(provider => IndexLimits.Of(provider.GetRequiredService<IOptions<KnowledgeOptions>>()));
        services.AddSingleton<IndexCounts>();
        services.AddSingleton<IndexSource>();
        services.AddSingleton<IndexSnapshots>();
        services.AddSingleton<IndexLoader>();
        services.AddSingleton<IndexKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<IndexKeeper>());
        services.AddSingleton<TenantIndexes>();
        services.AddHostedService(provider => provider.GetRequiredService<TenantIndexes>());
        services.AddSingleton<ISearchIndexHealth>(provider => provider.GetRequiredService<TenantIndexes>());
        services.AddSingleton<EnginePassageSearch>();

        services.AddSingleton<RecallProbe>();
        services.AddHostedService(provider => provider.GetRequiredService<RecallProbe>());
        services.AddSingleton<Rerankers>();
        services.AddSingleton(provider => new RememberedPassageSearch(
            new MeasuredPassageSearch(
                new RerankedPassageSearch(
                    provider.GetRequiredService<IOptions<KnowledgeOptions>>().Value.SearchEngine switch
                    {
                        SearchEngineChoice.Postgres or SearchEngineChoice.Redis =>
                            provider.GetRequiredService<PostgresPassageSearch>(),
                        _ => provider.GetRequiredService<EnginePassageSearch>(),
                    },
                    provider.GetRequiredService<Rerankers>(),
                    provider.GetRequiredService<IMeterFactory>(),
                    provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<RerankedPassageSearch>>()
                ),
                provider.GetRequiredService<RecallProbe>(),
                provider.GetRequiredService<IMeterFactory>(),
                provider.GetRequiredService<TimeProvider>()
            ),
            provider.GetRequiredService<TenantDatabase>(),
            provider.GetRequiredService<AnswerCacheOptions>(),
            provider.GetRequiredService<IOptions<KnowledgeOptions>>().Value.SearchEngine
                is SearchEngineChoice.Postgres
                    or SearchEngineChoice.Redis
                ? SearchEngines.Postgres
                : SearchEngines.Memory
        ));
        services.AddSingleton<IPassageSearch>(provider => provider.GetRequiredService<RememberedPassageSearch>());
        return services;
    }
}
