using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Inference.Caching;

/// <summary>What the cache of answers does, for operators and for a tenant's admins; and giving answers up.</summary>
internal static class CacheEndpoints
{
    /// <param name="HitRate">Of hits and misses, 0 to 1; absent before the first.</param>
    public sealed record CacheLevel(long Hits, long Misses, double? HitRate);

    /// <param name="Calls">Whole look-ups on this server, whichever level answered.</param>
    /// <param name="Process">In this server's memory.</param>
    /// <param name="Redis">In Redis, of what was not in this server's memory.</param>
    /// <param name="Followers">Calls that waited for the same question of another's and were given that answer; they are hits, too.</param>
    /// <param name="OnTheirWay">Questions at models just now for which others may wait.</param>
    /// <param name="Answers">In this server's memory.</param>
    /// <param name="Bytes">What they take there, about.</param>
    /// <param name="MostBytes">What they may take.</param>
    public sealed record CacheState(
        bool On,
        CacheLevel Calls,
        CacheLevel Process,
        CacheLevel Redis,
        long Followers,
        int OnTheirWay,
        int Answers,
        long Bytes,
        long MostBytes,
        RedisState RedisServer
    );

    /// <param name="UsedBytes">All that is in it, answers and everything else.</param>
    /// <param name="MostBytes">Its <c>maxmemory</c>; absent where it has none.</param>
    /// <param name="Full">Whether so much of it is used that no further answers are stored there.</param>
    public sealed record RedisState(bool Up, long? UsedBytes, long? MostBytes, long? ConnectedClients, bool Full);

    /// <param name="Days">So many, today with them, by UTC.</param>
    /// <param name="Bypassed">Calls that could have been looked up, and were not to be, or never are.</param>
    /// <param name="SavedUsd">What the hits cost when a model was asked. In dollars.</param>
    /// <param name="Complete">False while Redis is gone, where the counts are.</param>
    public sealed record CacheStatistics(
        int Days,
        long Hits,
        long Misses,
        long Bypassed,
        double? HitRate,
        decimal SavedUsd,
        bool Complete
    );

    /// <param name="Removed">Answers that were taken out of Redis; those in servers' memory come on top.</param>
    public sealed record Removal(long Removed);

    public static void Map(IEndpointRouteBuilder all)
    {
        var operators = all.MapGroup("/operator/cache").WithTags("Operator").RequireOperator();
        operators
            .MapGet("", StateAsync)
            .WithName("GetAnswerCache")
            .WithSummary("What the cache of answers does on this server, and how Redis is")
            .WithDescription("For an operator's token. Counts are this server's since it started.")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        operators
            .MapDelete("", InvalidateForOperatorAsync)
            .Audited("installation.cache_emptied")
            .WithName("InvalidateAnswerCache")
            .WithSummary("Give up cached answers of one organisation")
            .WithDescription(
                "On all servers within a second. Never of more than one organisation. Not while Redis is gone."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        var tenants = all.MapGroup("/api/v1/cache").WithTags("Usage");
        tenants
            .MapGet("/statistics", StatisticsAsync)
            .WithName("GetCacheStatistics")
            .WithSummary("How often the organisation's questions were answered from the cache, and what that saved")
            .WithDescription("Of questions to the documents, and of programs that ask for it. A second late.")
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Query = "days=7" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        tenants
            .MapDelete("", InvalidateAsync)
            .Audited("cache.emptied")
            .WithName("ClearCache")
            .WithSummary("Give up the organisation's cached answers, or some of them")
            .WithDescription(
                "On all servers within a second. Changed and deleted documents need no call: answers from them are not given again."
            )
            .RequirePermission(Permission.OrganizationManage)
            .WithExample(new RouteExample { Query = "namespace=gateway" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<CacheState>> StateAsync(
        AnswerCache cache,
        ProcessAnswers process,
        CacheCounts counts,
        AnswerFlights flights,
        RedisGateway redis
    )
    {
        var memory = await redis.InfoAsync("memory");
        var clients = await redis.InfoAsync("clients");
        var most = CacheUpkeep.NumberOf(memory, "maxmemory");
        return TypedResults.Ok(
            new CacheState(
                cache.Options.IsOn,
                LevelOf(counts.Calls),
                LevelOf(counts.Process),
                LevelOf(counts.Redis),
                counts.Followers,
                flights.Count,
                process.Count,
                process.Bytes,
                cache.Options.ProcessBytes,
                new RedisState(
                    memory.Count > 0,
                    CacheUpkeep.NumberOf(memory, "used_memory"),
                    most is 0 ? null : most,
                    CacheUpkeep.NumberOf(clients, "connected_clients"),
                    cache.IsRedisFull
                )
            )
        );
    }

    private static async Task<Ok<CacheStatistics>> StatisticsAsync(
        Principal principal,
        CacheCounts counts,
        CancellationToken cancellationToken,
        [Range(1, CacheCounts.DaysKept), Description("So many, today with them.")] int days = 7
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var read = await counts.ReadAsync(principal.Tenant, days);
        var count = read ?? default;
        return TypedResults.Ok(
            new CacheStatistics(
                days,
                count.Hits,
                count.Misses,
                count.Bypassed,
                RateOf(count.Hits, count.Misses),
                decimal.Round(new NanoDollars(count.SavedNano).Dollars, 6, MidpointRounding.AwayFromZero),
                read is not null
            )
        );
    }

    private static Task<Results<Ok<Removal>, ProblemHttpResult>> InvalidateForOperatorAsync(
        AnswerCache cache,
        [FromQuery(Name = "tenant"), Description("The organisation.")] Guid tenant,
        CancellationToken cancellationToken,
        [
            FromQuery(Name = "namespace"),
            OneOf(
                "CacheNamespace",
                CacheNamespace.Chat,
                CacheNamespace.Gateway,
                CacheNamespace.Semantic,
                CacheNamespace.Upgrade
            ),
            Description("Only answers to the documents' questions, or only those of programs.")
        ]
            string? kind = null,
        [FromQuery(Name = "user_id"), Description("Only answers that are one person's own.")] Guid? userId = null
    ) => RemoveAsync(cache, new TenantId(tenant), kind, userId, cancellationToken);

    private static Task<Results<Ok<Removal>, ProblemHttpResult>> InvalidateAsync(
        Principal principal,
        AnswerCache cache,
        CancellationToken cancellationToken,
        [
            FromQuery(Name = "namespace"),
            OneOf(
                "CacheNamespace",
                CacheNamespace.Chat,
                CacheNamespace.Gateway,
                CacheNamespace.Semantic,
                CacheNamespace.Upgrade
            ),
            Description("Only answers to the documents' questions, or only those of programs.")
        ]
            string? kind = null,
        [FromQuery(Name = "user_id"), Description("Only answers that are one person's own.")] Guid? userId = null
    ) => RemoveAsync(cache, principal.Tenant, kind, userId, cancellationToken);

    private static async Task<Results<Ok<Removal>, ProblemHttpResult>> RemoveAsync(
        AnswerCache cache,
        TenantId tenant,
        string? kind,
        Guid? userId,
        CancellationToken cancellationToken
    )
    {
        if (kind is not null && !CacheNamespace.All.Contains(kind))
        {
            return Problem.Invalid("namespace", $"One of {string.Join(", ", CacheNamespace.All)}.");
        }

        return await cache.InvalidateAsync(tenant, kind, userId, cancellationToken) is { } removed
            ? TypedResults.Ok(new Removal(removed))
            : Problem.Unavailable(
                "Redis, where answers are kept for all servers, does not answer. This server has given up its own; try again in a moment."
            );
    }

    private static CacheLevel LevelOf(LevelCount count) =>
        new(count.Hits, count.Misses, RateOf(count.Hits, count.Misses));

    private static double? RateOf(long hits, long misses) =>
        hits + misses == 0 ? null : Math.Round((double)hits / (hits + misses), 4);
}
