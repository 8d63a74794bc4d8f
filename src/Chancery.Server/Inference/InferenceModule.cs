using Chancery.Server.Access;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Keys;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Registry.Policies;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Health;

namespace Chancery.Server.Inference;

/// <summary>The only public door of this capability: which models there are, who asks them, and what it costs.</summary>
public static class InferenceModule
{
    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddInference(this WebApplicationBuilder builder)
    {
        // Read now, so that a bad setting stops the start and not the first question.
        builder.Services.AddSingleton(new ModelRegistry(builder.Configuration));
        builder.Services.AddSingleton(RoutingOptions.Read(builder.Configuration));
        builder.Services.AddSingleton<ChatClients>();
        builder.Services.AddSingleton<TargetHealth>();
        builder.Services.AddSingleton<IModelHealth>(provider => provider.GetRequiredService<TargetHealth>());
        builder.Services.AddSingleton<TargetNotices>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<TargetNotices>());
        builder.Services.AddSingleton<RetryBudget>();
        builder.Services.AddSingleton<ModelRouter>();
        builder.Services.AddSingleton<ModelCalls>();
        builder.Services.AddSingleton<ProviderKeys>();
        builder.Services.AddSingleton<ISessionEnded>(provider => provider.GetRequiredService<ProviderKeys>());
        builder.Services.AddSingleton<ModelPolicies>();
        builder.Services.AddHostedService<ModelPolicyListener>();
        builder.Services.AddSingleton<ModelChoice>();
        builder.Services.AddModelCallTelemetry(builder.Configuration);
        builder.AddLedger();
        builder.AddAnswerCache();
        return builder;
    }

    public static void MapInference(this WebApplication app)
    {
        ModelsEndpoint.Map(app);
        ProviderKeyEndpoints.Map(app);
        TargetEndpoints.Map(app);
        ModelPolicyEndpoints.Map(app);
        app.MapLedger();
        CacheEndpoints.Map(app);
    }
}
