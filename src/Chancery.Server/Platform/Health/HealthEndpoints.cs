using System.Diagnostics;
using System.Reflection;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Platform.Health;

/// <summary>
/// <c>/health</c> and <c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve.
/// <c>/health/advanced</c>: how it is doing, for the operator. <c>/api</c>: what this is.
/// </summary>
internal static class HealthEndpoints
{
    private const string Healthy = "healthy";

    /// <param name="Status">healthy, degraded (Redis is gone) or unavailable (the database is, or we are stopping).</param>
    public sealed record Summary(
        [property: OneOf("HealthStatus", Healthy, "degraded", "unavailable")] string Status,
        string Service,
        string Version
    );

    public sealed record Readiness(
        [property: OneOf("HealthStatus", Healthy, "degraded", "unavailable")] string Status,
        IReadOnlyList<DependencyState> Dependencies
    );

    /// <param name="CacheHitRate">0 to 1, of Redis since it started; null before the first look-up.</param>
    /// <param name="MemoryUsage">Bytes.</param>
    /// <param name="ConnectedClients">Connections to PostgreSQL and Redis.</param>
    /// <param name="TaskQueueDepth">Work that waits or runs, over all tenants.</param>
    /// <param name="DatabaseLatency">Milliseconds of one small query.</param>
    /// <param name="Models">Language models as this server sees them.</param>
    public sealed record Advanced(
        [property: OneOf("HealthStatus", Healthy, "degraded", "unavailable")] string Status,
        string Service,
        string Version,
        long UptimeSeconds,
        double? CacheHitRate,
        Memory MemoryUsage,
        Clients ConnectedClients,
        Work? TaskQueueDepth,
        double? DatabaseLatency,
        SearchIndexes SearchIndexes,
        IReadOnlyList<ModelTarget> Models,
        IReadOnlyList<DependencyState> Dependencies
    );

    public sealed record Memory(long ProcessBytes, long ManagedHeapBytes, long? RedisBytes);

    public sealed record Clients(long? Postgres, long? Redis);

    public sealed record Work(long Queued, long Running);

    public sealed record Description(string Service, string Version, string OpenApi, string Health, string Keys);

    /// <summary>Of this build, as in <c>0.1.0</c>.</summary>
    public static string Version { get; } =
        typeof(HealthEndpoints)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];

    public static void MapHealth(this IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("").WithTags("Health");
        routes
            .MapGet("/health", () => TypedResults.Ok(new Summary(Healthy, "chancery", Version)))
            .WithCost(RouteCost.Free)
            .AllowAnonymous()
            .WithName("Health")
            .WithDescription("Does not look at the database.")
            .WithSummary("Whether the process answers");
        routes
            .MapGet("/health/live", () => TypedResults.Ok(new Summary(Healthy, "chancery", Version)))
            .WithCost(RouteCost.Free)
            .AllowAnonymous()
            .WithName("HealthLive")
            .WithDescription("Does not look at the database.")
            .WithSummary("Whether the process answers; restart it when it does not");
        routes
            .MapGet("/health/ready", ReadyAsync)
            .WithCost(RouteCost.Free)
            .AllowAnonymous()
            .WithName("HealthReady")
            .WithDescription(
                "503 while the database is away or the server stops; `degraded` while Redis is away, which the "
                    + "server can do without."
            )
            .WithSummary("Whether requests should be sent here")
            .Produces<Readiness>()
            .Produces<Readiness>(StatusCodes.Status503ServiceUnavailable);
        routes
            .MapGet("/health/advanced", AdvancedAsync)
            .WithCost(RouteCost.Free)
            .RequireOperator()
            .WithName("HealthAdvanced")
            .WithDescription(
                "Takes the token of an operator (`chancery operator create`) or of the setting `OPERATOR_TOKEN` as bearer. Without "
                    + "the setting it also answers calls from the machine itself that no proxy passed on, in the environment Local."
            )
            .WithSummary("How the installation is doing, for the operator's token")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapGet(
                "/api",
                () =>
                    TypedResults.Ok(
                        new Description("chancery", Version, "/openapi/v1.json", "/health", "/.well-known/jwks.json")
                    )
            )
            .AllowAnonymous()
            .WithName("DescribeService")
            .WithDescription("For whoever found this address and nothing else.")
            .WithSummary("What this service is, and where its description is")
            .WithExample(new RouteExample { Anonymous = true });
    }

    private static async Task<JsonHttpResult<Readiness>> ReadyAsync(
        HealthProbe probe,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken
    )
    {
        var database = probe.DatabaseAsync(cancellationToken);
        var redis = probe.RedisAsync(cancellationToken);
        DependencyState[] states = [await database, await redis];

        var status =
            lifetime.ApplicationStopping.IsCancellationRequested || !states[0].IsUp ? "unavailable"
            : states[1].IsUp ? Healthy
            : "degraded";
        return TypedResults.Json(
            new Readiness(status, states),
            statusCode: status == "unavailable" ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK
        );
    }

    private static async Task<Ok<Advanced>> AdvancedAsync(
        HealthProbe probe,
        TimeProvider time,
        ISearchIndexHealth indexes,
        IModelHealth models,
        CancellationToken cancellationToken
    )
    {
        var database = await probe.DatabaseAsync(cancellationToken);
        var redis = await probe.RedisAsync(cancellationToken);
        var numbers = await probe.RedisNumbersAsync();
        var work = await probe.WorkAsync(cancellationToken);
        var hits = numbers.GetValueOrDefault("keyspace_hits");
        var lookups = hits + numbers.GetValueOrDefault("keyspace_misses");
        using var process = Process.GetCurrentProcess();

        return TypedResults.Ok(
            new Advanced(
                !database.IsUp ? "unavailable"
                    : redis.IsUp ? Healthy
                    : "degraded",
                "chancery",
                Version,
                (long)(time.GetUtcNow() - process.StartTime.ToUniversalTime()).TotalSeconds,
                lookups == 0 ? null : Math.Round((double)hits / lookups, 4),
                new Memory(Environment.WorkingSet, GC.GetTotalMemory(false), Find(numbers, "used_memory")),
                new Clients(
                    await probe.DatabaseConnectionsAsync(cancellationToken),
                    Find(numbers, "connected_clients")
                ),
                work is { } depth ? new Work(depth.Queued, depth.Running) : null,
                database.LatencyMs,
                indexes.Tell(),
                models.Tell(),
                [database, redis]
            )
        );
    }

    private static long? Find(IReadOnlyDictionary<string, long> numbers, string name) =>
        numbers.TryGetValue(name, out var number) ? number : null;
}
