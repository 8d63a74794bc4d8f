using Chancery.Server.Access;
using Chancery.Server.Analytics;
using Chancery.Server.Answers;
using Chancery.Server.Audit;
using Chancery.Server.Commands;
using Chancery.Server.Compatibility;
using Chancery.Server.Contracts;
using Chancery.Server.Evaluation;
using Chancery.Server.Gateway;
using Chancery.Server.Inference;
using Chancery.Server.Knowledge;
using Chancery.Server.Limits;
using Chancery.Server.Mcp;
using Chancery.Server.Platform;
using Chancery.Server.Prompts;
using Chancery.Server.Ui;
using Chancery.Server.Upgrade;

namespace Chancery.Server;

/// <summary>The product, as a table of contents.</summary>
public static class Program
{
    public static Task<int> Main(string[] args) => CommandLine.RunAsync(args);

    /// <summary>The web application over storage that is ready; the command <c>serve</c> and the tests start it.</summary>
    /// <param name="storage">Engines that run and are migrated.</param>
    /// <param name="configure">Addresses and settings, before anything reads them.</param>
    /// <param name="replace">The last word on services.</param>
    public static WebApplication Build(
        Storage storage,
        Action<WebApplicationBuilder> configure,
        Action<IServiceCollection>? replace = null
    )
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        configure(builder);

        builder.AddPlatform(storage);
        builder.AddAudit();
        builder.AddAccess();
        builder.AddLimits();
        builder.AddInference();
        builder.AddPrompts();
        builder.AddKnowledge();
        builder.AddAnswers();
        builder.AddContracts();
        builder.AddUpgrade();
        builder.AddEvaluation();
        builder.AddAnalytics();
        builder.AddGateway();
        builder.AddMcp();
        builder.AddCompatibility();
        builder.AddUi();
        replace?.Invoke(builder.Services);

        var app = builder.Build();

        app.UsePlatform();
        app.UseMcp();
        app.UseAccess();
        app.UseLimits();
        app.UseAuthorizedAccess();
        app.UseQuotas();

        app.MapPlatform();
        app.MapAudit();
        app.MapAccess();
        app.MapLimits();
        app.MapInference();
        app.MapPrompts();
        app.MapKnowledge();
        app.MapAnswers();
        app.MapContracts();
        app.MapUpgrade();
        app.MapEvaluation();
        app.MapAnalytics();
        app.MapGateway();
        app.MapMcp();
        app.MapCompatibility();
        app.MapUi();

        return app;
    }
}
