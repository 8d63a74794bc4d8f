using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary><c>GET /metrics</c>: what the process counts and times, for the operator, as Prometheus reads it.</summary>
internal static class MetricsModule
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static WebApplicationBuilder AddMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MetricsCollector>();
        builder.Services.AddSingleton<IMetricsBackend, PrometheusBackend>();
        builder.Services.AddSingleton<IMetricsBackend, OpenTelemetryBackend>();
        builder.Services.AddSingleton<IMetricsBackend, DogStatsDBackend>();
        builder.Services.AddSingleton<MetricsBackends>();
        // They listen from the start, not from the first time that somebody looks.
        builder.Services.AddHostedService(services => services.GetRequiredService<MetricsBackends>());
        return builder;
    }

    /// <exception cref="Settings.SettingException">METRICS_BACKEND cannot be used.</exception>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<MetricsBackends>().Chooses(PrometheusBackend.BackendName))
        {
            return;
        }

        routes
            .MapGet("/metrics", Tell)
            .WithCost(RouteCost.Free)
            .RequireOperator()
            .WithTags("Operator")
            .WithName("Metrics")
            .WithSummary("What the process counts and times (Prometheus text format)")
            .WithDescription(
                "For an operator's token, as `/health/advanced`. No label names an organisation or a person."
            )
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
    }

    private static ContentHttpResult Tell(MetricsCollector metrics) =>
        TypedResults.Text(PrometheusText.Write(metrics.Read()), ContentType);
}
