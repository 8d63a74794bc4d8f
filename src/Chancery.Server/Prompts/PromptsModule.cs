using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Prompts.Editing;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Prompts;

/// <summary>The only public door of this capability: prompts, their versions, and how versions come into use.</summary>
public static class PromptsModule
{
    public static WebApplicationBuilder AddPrompts(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<ShippedPrompts>();
        services.AddSingleton<PromptStore>();
        services.AddSingleton<LabelStore>();
        services.AddSingleton<PromptMeter>();
        services.AddSingleton<ShippedUses>();
        services.AddHostedService(services => services.GetRequiredService<ShippedUses>());
        services.AddSingleton<PromptUses>();
        services.AddSingleton<UseJudgements>();
        services.AddSingleton<GateStore>();
        services.AddSingleton<GateKeeper>();
        services.AddSingleton<RolloutSteps>();
        services.AddHostedService<RolloutWatch>();
        services.AddSingleton(ReleasePolicy.Read(builder.Configuration));
        services.AddSingleton<ReleaseWords>();
        services.AddSingleton<ReleaseSteps>();
        services.AddHostedService<ReleaseStart>();
        services.AddHostedService<ReleaseWatch>();
        services.AddSingleton<IImportCheck, ImportedRollouts>();
        services.AddSingleton<IImportCheck, ImportedRuns>();
        services.AddWebhook<RolloutAlert>(RolloutAlert.RolledBack, "A rollout went back by its own rule");
        services.AddWebhook<RolloutAlert>(RolloutAlert.Killed, "A rollout exceeded a limit and ended at once");
        services.AddWebhook<RolloutAlert>(RolloutAlert.Waits, "A rollout waits for a person");
        services.AddTenantJob<OldRuns>("old-prompt-runs", "0 33 3 * * ?");
        return builder;
    }

    public static void MapPrompts(this WebApplication app)
    {
        PromptEndpoints.Map(app);
        PromptVersionEndpoints.Map(app);
        PromptDiffEndpoint.Map(app);
        PromptTransferEndpoints.Map(app);
        PromptRunEndpoints.Map(app);
        RolloutEndpoints.Map(app);
        GateEndpoints.Map(app);
        ReleaseEndpoints.Map(app);
    }
}
