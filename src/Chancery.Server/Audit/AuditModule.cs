using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Live;
using Chancery.Server.Audit.Reading;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Audit.Retention;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Scheduling;

namespace Chancery.Server.Audit;

/// <summary>The only public door of this capability: the record of who did what.</summary>
public static class AuditModule
{
    public static WebApplicationBuilder AddAudit(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<AuditMeter>();
        services.AddSingleton<InboxStore>();
        services.AddSingleton<ChainSignals>();
        services.AddSingleton<AuditTrail>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        services.AddSingleton<RefusalCounter>();
        services.AddSingleton<RefusalFlush>();
        services.AddHostedService(provider => provider.GetRequiredService<RefusalFlush>());
        services.AddSingleton<ChainWriter>();
        services.AddHostedService<ChainLoop>();
        services.AddSingleton(AuditSettings.Read(builder.Configuration));
        services.AddSingleton<HeadStore>();
        services.AddSingleton<HeadFile>();
        services.AddSingleton<ITenantRemains>(provider => provider.GetRequiredService<HeadFile>());
        services.AddSingleton<HeadWebhook>();
        services.AddSingleton<HeadSigning>();
        services.AddHostedService(provider => provider.GetRequiredService<HeadSigning>());
        services.AddSingleton<ChainVerifier>();
        services.AddSingleton<TenantChainSource>();
        services.AddSingleton<VerifySeat>();
        services.AddSingleton<EntryStore>();
        services.AddSingleton<LiveStream>();
        services.AddSingleton<IChainFollower>(provider => provider.GetRequiredService<LiveStream>());
        services.AddSingleton<LiveSeats>();
        services.AddTenantJob<AuditRetention>("audit-retention", "0 31 3 * * ?");
        services.AddHostedService<InstallationRetention>();
        return builder;
    }

    public static void MapAudit(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Audit");
        SearchEndpoint.Map(api);
        ExportEndpoint.Map(api);
        HeadsEndpoint.Map(api);
        VerifyEndpoint.Map(api);
        LiveEndpoint.Map(api);
    }

    /// <summary>After authentication, before whatever refuses.</summary>
    public static void UseAudit(this IApplicationBuilder app) => app.UseMiddleware<AuditMiddleware>();
}
