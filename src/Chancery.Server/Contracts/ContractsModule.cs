using Chancery.Server.Contracts.Commenting;
using Chancery.Server.Contracts.Counting;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Exchange;
using Chancery.Server.Contracts.Library;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Reviewing;
using Chancery.Server.Contracts.Revising;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Redis.VectorSets;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Contracts;

/// <summary>The only public door of this capability: contracts, from an instruction to a redline.</summary>
public static class ContractsModule
{
    public static WebApplicationBuilder AddContracts(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<ContractMeter>();
        services.AddSingleton<ContractFigures>();
        services.AddSingleton<ContractStore>();
        services.AddSingleton<ContractList>();
        services.AddSingleton<ClauseIndexes>();
        services.AddSingleton<ITenantRemains, ClauseIndexRemains>();
        services.AddSingleton<ClauseSearch>();
        if (builder.Configuration["SEARCH_ENGINE"] is "redis")
        {
            services.AddSingleton<ClauseVectorSource>();
            services.AddSingleton<IVectorSource>(provider => provider.GetRequiredService<ClauseVectorSource>());
            services.AddSingleton<RedisClauses>();
        }

        services.AddSingleton<ClauseVectorStore>();
        services.AddSingleton<IFormerVectors, FormerClauseVectors>();
        services.AddSingleton<ClauseVectorQueue>();
        services.AddSingleton<IWorkHandler, ClauseVectorHandler>();
        services.AddTakenWork(ImportedContractWork.All);
        services.AddSingleton<LibraryStore>();
        services.AddSingleton<DraftSources>();
        services.AddSingleton<DraftReaders>();
        services.AddShippedPrompt(DraftPrompts.Shipped);
        services.AddShippedPrompt(RevisionPrompts.Shipped);
        services.AddSingleton<ContractDrafting>();
        services.AddSingleton<ContractRevising>();
        services.AddSingleton<ProposalStore>();
        services.AddSingleton<OperationStore>();
        services.AddSingleton<ContractOperations>();
        services.AddHostedService(provider => provider.GetRequiredService<ContractOperations>());
        services.AddSingleton<OperationAnswer>();
        services.AddTenantJob<OperationSweep>("contract-operations", "0 53 * * * ?");
        services.AddSingleton<CommentStore>();
        services.AddSingleton<ContractReaders>();
        services.AddSingleton<PlaybookStore>();
        services.AddSingleton<ContractFiles>();
        services.AddSingleton<ContractBundle>();
        return builder;
    }

    public static void MapContracts(this WebApplication app)
    {
        ContractEndpoints.Map(app);
        DraftEndpoint.Map(app);
        RevisionEndpoints.Map(app);
        ProposalEndpoints.Map(app);
        OperationEndpoints.Map(app);
        DiffEndpoint.Map(app);
        ClauseSearchEndpoint.Map(app);
        CommentEndpoints.Map(app);
        ContractAccessEndpoints.Map(app);
        PlaybookEndpoints.Map(app);
        LibraryEndpoints.Map(app);
        ImportEndpoints.Map(app);
        ExportEndpoint.Map(app);
    }
}
