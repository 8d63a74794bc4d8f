using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Limits.Overrides;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Limits.Status;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Limits;

/// <summary>The only public door of this capability: how much you may do.</summary>
public static class LimitsModule
{
    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(LimitSettings.Read(builder.Configuration));
        builder.Services.AddSingleton<LimitBook>();
        builder.Services.AddSingleton<RequestRules>();
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RateWindows>(provider));
        builder.Services.AddSingleton<PlanStore>();
        builder.Services.AddSingleton<IKnownPlans, KnownPlans>();
        builder.Services.AddSingleton(WebhookStore.Sealed);
        builder.Services.AddSingleton<OverrideStore>();
        builder.Services.AddSingleton<LimitStatus>();
        builder.Services.AddSingleton<MonthCounter>();
        builder.Services.AddSingleton<ILimitReadings, QuotaReadings>();
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LeaseBook>(provider));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<LeaseBook>());
        builder.Services.AddSingleton<StreamPlaces>();
        builder.Services.AddSingleton<ILimitReadings, LeaseReadings>();
        builder.Services.AddSingleton(AlertSettings.Read(builder.Configuration));
        builder.Services.AddSingleton<AlertQueue>();
        builder.Services.AddWebhook<LimitAlert>(LimitAlert.Near, "A quota or a budget is used to 80 percent");
        builder.Services.AddWebhook<LimitAlert>(LimitAlert.Reached, "A quota or a budget is used up");
        builder.Services.AddWebhook<LimitAlert>(LimitAlert.Test, "Somebody tried the address");
        builder.Services.AddSingleton(provider => new LimitAlerts(
            provider.GetRequiredService<TenantDatabase>(),
            provider.GetRequiredService<AlertQueue>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        builder.Services.AddSingleton<WebhookStore>();
        builder.Services.AddSingleton<AlertSender>();
        builder.Services.AddSingleton<IWorkHandler, AlertHandler>();
        builder.Services.AddTenantJob<OldQuotas>("old-quotas", "0 12 4 2 * ?");
        builder.Services.AddHostedService<LimitListener>();
        return builder;
    }

    public static WebApplication UseLimits(this WebApplication app)
    {
        app.UseMiddleware<LimitGate>();
        return app;
    }

    /// <summary>Behind what gives answers again: whoever repeats a call takes no other place of the month.</summary>
    public static WebApplication UseQuotas(this WebApplication app)
    {
        app.UseMiddleware<QuotaGate>();
        return app;
    }

    public static void MapLimits(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Limits");
        StatusEndpoint.Map(api);
        OverrideEndpoints.Map(api);
        AlertEndpoints.Map(api);
        PlanEndpoints.Map(app);
        TenantLimitEndpoints.Map(app);
    }
}
