using Chancery.Server.Platform.Erasing;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry.Sentry;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Logging: structured, masked, to the console and to files; errors to Sentry, too, where the operator has one.</summary>
internal static class TelemetryModule
{
    public const long MaxFileBytes = 100_000_000;

    // The verb that this process runs; other verbs may log into the same directory one day.
    private const string Process = "serve";

    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder, string dataDirectory)
    {
        var settings = LogSettings.Read(builder.Configuration, isTerminal: !Console.IsOutputRedirected);
        builder.Services.AddHttpContextAccessor();
        builder.Logging.ClearProviders();
        // Serilog alone decides what is written; what the two filter differently would be lost twice over.
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<Correlation>();
        var sentry = SentrySettings.Read(builder.Configuration);
        builder.Services.AddSingleton(services => new SentryReports(
            sentry,
            services.GetRequiredService<OperatorHttp>(),
            builder.Environment,
            services.GetRequiredService<DroppedTelemetry>(),
            services.GetRequiredService<TimeProvider>()
        ));
        builder.Services.AddHostedService(services => services.GetRequiredService<SentryReports>());
        builder.Services.AddSingleton(services => new LogFiles(
            settings.ToFile
                ? new RollingFiles(
                    Path.Combine(dataDirectory, "logs"),
                    Process,
                    MaxFileBytes,
                    TimeSpan.FromDays(settings.KeepDays),
                    new JsonLines(),
                    services.GetRequiredService<TimeProvider>()
                )
                : null
        ));
        builder.Services.AddSingleton<ITenantRemains>(services => services.GetRequiredService<LogFiles>());
        builder.Services.AddSingleton<Logger>(services => CreateLogger(settings, services));
        builder.Services.AddSingleton<ILoggerProvider>(services => new Serilog.Extensions.Logging.SerilogLoggerProvider(
            services.GetRequiredService<Logger>()
        ));
        return builder;
    }

    private static Logger CreateLogger(LogSettings settings, IServiceProvider services)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(settings.Level)
            .MinimumLevel.Override("Microsoft", AtLeast(settings.Level, LogEventLevel.Warning))
            .MinimumLevel.Override("System.Net.Http", AtLeast(settings.Level, LogEventLevel.Warning))
            .MinimumLevel.Override("Quartz", AtLeast(settings.Level, LogEventLevel.Warning))
            // It reports each rollback that a stop interrupts as an error; what matters comes as an exception besides.
            .MinimumLevel.Override("Quartz.Impl.AdoJobStore.ConnectionAndTransactionHolder", LogEventLevel.Fatal)
            // It reports what clients get wrong as errors, with names of theirs; faults of ours are told where they happen.
            .MinimumLevel.Override("ModelContextProtocol", LogEventLevel.Fatal)
            .MinimumLevel.Override("Npgsql", AtLeast(settings.Level, LogEventLevel.Warning))
            .Filter.ByExcluding(IsFailedStart)
            .Enrich.With(services.GetRequiredService<Correlation>())
            .WriteTo.Async(sinks =>
                sinks.Console(settings.Json ? new JsonLines() : new TerminalLines(), settings.Level)
            );
        if (services.GetRequiredService<SentryReports>() is { IsOn: true } sentry)
        {
            logger.WriteTo.Sink(sentry, LogEventLevel.Error);
        }

        if (services.GetRequiredService<LogFiles>().Files is { } files)
        {
            // A writer of its own: a slow disk costs lines (10,000 wait at most), never time of a request.
            logger.WriteTo.Async(sinks => sinks.Sink(files, settings.Level));
        }

        return logger.CreateLogger();
    }

    /// <summary>The command line tells a person in one line what the host would log first, with its stack.</summary>
    private static bool IsFailedStart(LogEvent entry) =>
        entry.Properties.TryGetValue("SourceContext", out var source)
        && source.ToString() == "\"Microsoft.Extensions.Hosting.Internal.Host\""
        && entry.Properties.TryGetValue("EventId", out var id)
        && id.ToString().Contains("HostedServiceStartupFaulted", StringComparison.Ordinal);

    private static LogEventLevel AtLeast(LogEventLevel asked, LogEventLevel floor) => asked < floor ? floor : asked;
}
