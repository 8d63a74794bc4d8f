using Chancery.Server.Access;
using Chancery.Server.Knowledge.Bulk;
using Chancery.Server.Knowledge.Collections;
using Chancery.Server.Knowledge.Comparing;
using Chancery.Server.Knowledge.Disposable;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Fetching;
using Chancery.Server.Knowledge.Granting;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Knowledge.Samples;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.TextVectors;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Knowledge.Vectors.Redis;
using Chancery.Server.Knowledge.Versions;
using Chancery.Server.Limits.Status;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Redis.VectorSets;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Chancery.Server.Knowledge;

/// <summary>The only public door of this capability: documents, versions, ingestion, search.</summary>
public static class KnowledgeModule
{
    public static WebApplicationBuilder AddKnowledge(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services
            .AddOptions<KnowledgeOptions>()
            .Bind(builder.Configuration)
            .ValidateDataAnnotations()
            .Validate<LocalModelDirectory>(
                (options, models) =>
                    string.IsNullOrWhiteSpace(options.CrossEncoder)
                    || CrossEncoderFiles.Find(options.CrossEncoder, models.Root) is not null,
                CrossEncoderFiles.Wanted
            )
            .ValidateOnStart();
        services.AddSingleton<ITenantCreated, NewTenant>();
        services.AddSingleton<IBlobReferences, BlobReferences>();
        services.AddBlobs();
        services.AddWork(builder.Configuration);
        services.AddGuardedHttp(builder.Configuration);

        services.AddSingleton<DocumentStore>();
        services.AddSingleton<ReadableDocuments>();
        services.AddSingleton<GrantStore>();
        services.AddSingleton<IReadersChanged, ReadersChanged>();
        services.AddSingleton<DocumentListStore>();
        services.AddSingleton<BulkStore>();
        services.AddSingleton<UploadForm>();
        services.AddSingleton<StockLimits>();
        services.AddSingleton<ILimitReadings>(provider => provider.GetRequiredService<StockLimits>());
        services.AddSingleton<UploadStore>();
        services.AddSingleton<TextUpload>();
        services.AddSingleton<VersionStore>();
        services.AddSingleton<CompareStore>();
        services.AddSingleton<TextComparison>();
        services.AddSingleton<TagStore>();
        services.AddSingleton<CollectionStore>();
        services.AddSingleton<SampleDocuments>();
        services.AddSingleton<DisposableDocuments>();
        services.AddSingleton<PageGeometryReader>();

        services.AddSingleton<ProgressStore>();
        services.AddSingleton<StreamSeats>();
        services.AddSingleton<ProgressBoard>();
        services.AddHostedService(provider => provider.GetRequiredService<ProgressBoard>());

        services.TryAddSingleton(LocalModelDirectory.Of(builder.Configuration));
        services.AddSingleton<Embeddings>();
        services.AddSingleton<EmbeddingModels>();
        services.AddSingleton<TenantModels>();
        services.AddSingleton<TextEncoder>();
        services.AddSingleton<EncodingLedger>();
        services.AddSingleton<MeteredEncoder>();
        services.AddSingleton<EncodingModel>();
        services.AddSingleton<Readers>();
        services.AddHostedService(provider => provider.GetRequiredService<Readers>());
        services.AddSingleton<IngestionStore>();
        services.AddSingleton<PublishStore>();
        services.AddSingleton<IWorkHandler, IngestionHandler>();
        services.AddTakenWork(ImportedKnowledgeWork.All);

        services.AddSingleton<FetchStore>();
        services.AddSingleton<IWorkHandler, FetchHandler>();

        services.AddSingleton<VectorQueue>();
        services.AddSingleton<VectorStore>();
        services.AddSingleton<IWorkHandler, VectorHandler>();
        services.AddSingleton<ModelChangeMeter>();
        services.AddSingleton<ModelChangeStore>();
        services.AddSingleton<ModelChoiceStore>();
        services.AddSingleton<ModelEstimates>();
        services.AddSingleton<SearchModelViews>();
        services.AddSingleton<IWorkHandler, ModelChangeHandler>();
        services.AddSingleton<IWorkHandler, FormerVectorsHandler>();
        services.AddTenantJob<VectorKeeper>("vectors", "0 11 * * * ?");
        services.AddHostedService(provider => provider.GetRequiredService<VectorKeeper>());

        services
            .AddOptions<VectorIndexOptions>()
            .Bind(builder.Configuration)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<VectorIndexBuilder>();
        services.AddSingleton<ITenantRemains, GraphRemains>();
        services.AddSingleton<ITenantRemains, IndexRemains>();
        services.AddTenantJob<VectorIndexKeeper>("vector-indexes", "0 23 * * * ?");
        services.AddHostedService(provider => provider.GetRequiredService<VectorIndexKeeper>());
        // The first that can answers.
        if (builder.Configuration["SEARCH_ENGINE"] is "redis")
        {
            services.AddSingleton<VectorSets>();
            services.AddHostedService(provider => provider.GetRequiredService<VectorSets>());
            services.AddSingleton<PassageVectorSource>();
            services.AddSingleton<IVectorSource>(provider => provider.GetRequiredService<PassageVectorSource>());
            services.AddSingleton<INearestPassages, RedisPassages>();
        }

        services.AddSingleton<INearestPassages, IndexedPassages>();

        services.AddSingleton<AnalysisStore>();
        services.AddTenantJob<AnalysisKeeper>("analysis", "0 37 * * * ?");
        services.AddHostedService(provider => provider.GetRequiredService<AnalysisKeeper>());

        services.AddSingleton<StatisticsCache>();
        services.AddSingleton<AnalysedPassages>();
        services.AddSingleton<PassageFacts>();
        services.AddSingleton<PassageStore>();
        services.AddPassageSearch();

        services.AddSingleton<QueryStore>();
        services.AddSingleton<TopQueries>();
        services.AddSingleton<QueryRecorder>();
        services.AddSingleton(provider => new QuestionVectors(provider.GetRequiredService<Embeddings>()));
        services.AddSingleton(provider => new PopularQueries(provider.GetRequiredService<QueryStore>()));
        services.AddHostedService(provider => provider.GetRequiredService<QueryRecorder>());
        services.AddSingleton<RecordedSearch>();
        services.AddSingleton<IMemberRemoved, RemovedMember>();
        services.AddTenantJob<QueryRetention>("query-log-retention", "0 23 2 * * ?");
        return builder;
    }

    public static void MapKnowledge(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Knowledge");
        UploadEndpoint.Map(api);
        UrlEndpoints.Map(api);
        ReplaceEndpoint.Map(api);
        ProcessEndpoint.Map(api);
        ListEndpoint.Map(api);
        DocumentEndpoints.Map(api);
        BulkEndpoint.Map(api);
        VersionEndpoints.Map(api);
        AsOfEndpoint.Map(api);
        CompareEndpoint.Map(api);
        EventsEndpoint.Map(api);
        TagEndpoints.Map(api);
        CollectionEndpoints.Map(api);
        GrantEndpoints.Map(api);
        SearchEndpoint.Map(api);
        QueryEndpoints.Map(api);
        ReplayEndpoint.Map(api);
        EmbeddingsEndpoint.Map(api);
        ModelChangeEndpoints.Map(api);
        SampleEndpoints.Map(api);
    }
}
