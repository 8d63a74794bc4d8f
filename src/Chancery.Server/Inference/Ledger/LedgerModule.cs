using Chancery.Server.Access.Operators;
using Chancery.Server.Inference.Ledger.Budgets;
using Chancery.Server.Inference.Ledger.Usage;
using Chancery.Server.Platform;

namespace Chancery.Server.Inference.Ledger;

/// <summary>The only public door of the ledger.</summary>
public static class LedgerModule
{
    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddLedger(this WebApplicationBuilder builder)
    {
        // Read now, so that a bad setting stops the start and not the first call.
        builder.Services.AddSingleton(LedgerOptions.Read(builder.Configuration));
        builder.Services.AddSingleton(provider => new LedgerClock(provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(provider => new Journal(provider.GetRequiredService<Storage>().DataDirectory));
        builder.Services.AddSingleton<LedgerStore>();
        builder.Services.AddSingleton<LedgerPulse>();
        builder.Services.AddSingleton<BudgetBook>();
        builder.Services.AddSingleton<BudgetCounts>();
        builder.Services.AddSingleton<BudgetAlerts>();
        builder.Services.AddSingleton<BudgetGate>();
        builder.Services.AddSingleton<BudgetStore>();
        builder.Services.AddSingleton<BudgetViews>();
        builder.Services.AddSingleton<ITenantSpending, OperatorSpending>();
        builder.Services.AddSingleton<Limits.Status.ILimitReadings, PlanReadings>();
        builder.Services.AddSingleton<UsageStore>();
        builder.Services.AddSingleton<MessageCounts>();
        builder.Services.AddSingleton(provider => new UsageFigures(
            provider.GetRequiredService<UsageStore>(),
            provider.GetRequiredService<UsageLedger>(),
            provider.GetRequiredService<Chancery.Server.Platform.Database.TenantDatabase>()
        ));
        builder.Services.AddSingleton<LedgerUpkeep>();
        builder.Services.AddSingleton(provider =>
        {
            var writer = ActivatorUtilities.CreateInstance<LedgerWriter>(provider);
            provider.GetRequiredService<LedgerPulse>().Hurry = writer.Hurry;
            writer.Copied = provider.GetRequiredService<BudgetAlerts>().Booked;
            return writer;
        });
        builder.Services.AddSingleton(provider => new UsageLedger(
            provider.GetRequiredService<BudgetGate>(),
            provider.GetRequiredService<LedgerWriter>(),
            provider.GetRequiredService<Journal>(),
            provider.GetRequiredService<LedgerClock>(),
            provider.GetRequiredService<LedgerOptions>(),
            provider.GetRequiredService<MessageCounts>(),
            provider.GetRequiredService<ILogger<UsageLedger>>()
        ));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<LedgerWriter>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<LedgerUpkeep>());
        builder.Services.AddHostedService<BudgetListener>();
        return builder;
    }

    public static void MapLedger(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Usage");
        UsageEndpoints.Map(api);
        BudgetEndpoints.Map(api);
    }
}
