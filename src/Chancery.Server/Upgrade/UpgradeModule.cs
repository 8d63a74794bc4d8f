using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Server.Upgrade.Storing;
using Chancery.Server.Upgrade.Telemetry;

namespace Chancery.Server.Upgrade;

/// <summary>The only public door of this capability: rough prompts, made better.</summary>
public static class UpgradeModule
{
    public static WebApplicationBuilder AddUpgrade(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddShippedPrompt(UpgradePrompts.Shipped);
        services.AddShippedPrompt(UpgradePrompts.History);
        services.AddSingleton<UpgradeMeter>();
        services.AddSingleton<UpgradeStore>();
        services.AddSingleton<HistorySummary>();
        services.AddSingleton<UpgradePipeline>();
        services.AddTenantJob<UpgradeRetention>("upgrade-retention", "0 27 2 * * ?");
        return builder;
    }

    public static void MapUpgrade(this WebApplication app) => UpgradeEndpoints.Map(app);
}
