using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Ledger.Budgets;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Chancery.Server.Inference.Ledger.Usage;

/// <summary><c>/api/v1/usage</c>: what models were used for, and what it cost.</summary>
public static class UsageEndpoints
{
    private const int MostDays = 400;
    private const int RowsAtOnce = 1000;

    private const string WhoSees =
        "Owners and admins see the whole organisation's; others their own, and an API key what came with it.";

    private const string DefaultGrouping = "day";

    private static readonly string[] Groupings =
    [
        "day",
        "month",
        "component",
        "operation",
        "provider",
        "model",
        "user",
        "key",
    ];

    /// <param name="Key">A day (<c>2026-11-26</c>), month, name or id; empty for calls that came with no key.</param>
    public sealed record UsageGroup(string Key, UsageSums Sums);

    /// <param name="From">The first day, of UTC.</param>
    /// <param name="To">The last day, with it.</param>
    /// <param name="Totals">Of all groups, not only those of this page.</param>
    /// <param name="Groups">Days and months in their order, all else by cost.</param>
    /// <param name="NextCursor">Give it as <c>cursor</c> for the next page; absent on the last one.</param>
    /// <param name="Budgets">Caps that hold now, with what they are used up to.</param>
    /// <param name="Alerts">The newest shares of caps that were reached.</param>
    public sealed record UsageAnswer(
        DateOnly From,
        DateOnly To,
        [property: OneOf("UsageGrouping", "day", "month", "component", "operation", "provider", "model", "user", "key")]
            string GroupBy,
        UsageSums Totals,
        IReadOnlyList<UsageGroup> Groups,
        string? NextCursor,
        IReadOnlyList<BudgetView> Budgets,
        IReadOnlyList<BudgetAlert> Alerts
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/usage", ReadAsync)
            .WithName("GetUsage")
            .WithSummary("What models were used for and what it cost, by day, model, person, …")
            .WithDescription(
                $"{WhoSees} Calls are booked to the day (UTC) on which they began. Cost is exact to the nano-dollar; where a provider "
                    + "did not tell its tokens, figures are ours and counted as estimated. A call that never told its end is booked at "
                    + "what was reserved for it."
            )
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample { Query = "group_by=model&limit=20" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapGet("/usage/export", ExportAsync)
            .Audited("usage.exported")
            .WithName("ExportUsage")
            .WithSummary("Download each attempt as a row of a CSV file")
            .WithDescription($"{WhoSees} As text/csv, in the order of time, with a header line.")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample { Query = "component=chat" })
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<Results<Ok<UsageAnswer>, ProblemHttpResult>> ReadAsync(
        Principal principal,
        UsageStore store,
        BudgetViews budgets,
        UsageLedger ledger,
        TimeProvider time,
        CancellationToken cancellationToken,
        [Description("The first day, of UTC; else the first of this month.")] DateOnly? from = null,
        [Description("The last day, with it; else today.")] DateOnly? to = null,
        [
            FromQuery(Name = "group_by"),
            OneOf("UsageGrouping", "day", "month", "component", "operation", "provider", "model", "user", "key"),
            Description("What the groups are.")
        ]
            string groupBy = DefaultGrouping,
        [FromQuery(Name = "user_id"), Description("Only of this person.")] Guid? userId = null,
        [FromQuery(Name = "key_id"), Description("Only what came with this key or OAuth client.")] Guid? keyId = null,
        [StringLength(200), Description("Only of this part of the product.")] string? component = null,
        [StringLength(200), Description("Only at this model.")] string? model = null,
        [Range(1, 500)] int limit = 100,
        string? cursor = null
    )
    {
        // The binding that the compiler writes leaves out the default of a text whose name in the query is given.
        groupBy ??= DefaultGrouping;
        if (!Groupings.Contains(groupBy))
        {
            return Problem.Invalid("group_by", $"One of {string.Join(", ", Groupings)}.");
        }

        var skip = 0;
        if (
            !string.IsNullOrEmpty(cursor)
            && !(int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out skip) && skip < 1_000_000)
        )
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (FilterOf(principal, time, from, to, userId, keyId, component, model) is not { } filter)
        {
            return Problem.Invalid("to", $"It is from or later, and at most {MostDays} days after it.");
        }

        await SettleDownAsync(ledger, cancellationToken);
        var (total, groups, alerts) = await store.ReadAsync(
            principal,
            filter,
            groupBy,
            skip,
            limit + 1,
            cancellationToken
        );
        return TypedResults.Ok(
            new UsageAnswer(
                filter.From,
                filter.To,
                groupBy,
                UsageSums.Of(total),
                [.. groups.Take(limit).Select(row => new UsageGroup(row.GroupKey, UsageSums.Of(row)))],
                groups.Count > limit ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null,
                await budgets.OfAsync(principal, cancellationToken),
                [.. alerts.Select(BudgetAlert.Of)]
            )
        );
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> ExportAsync(
        Principal principal,
        UsageStore store,
        UsageLedger ledger,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken,
        [Description("The first day, of UTC; else the first of this month.")] DateOnly? from = null,
        [Description("The last day, with it; else today.")] DateOnly? to = null,
        [FromQuery(Name = "user_id"), Description("Only of this person.")] Guid? userId = null,
        [FromQuery(Name = "key_id"), Description("Only what came with this key or OAuth client.")] Guid? keyId = null,
        [StringLength(200), Description("Only of this part of the product.")] string? component = null,
        [StringLength(200), Description("Only at this model.")] string? model = null
    )
    {
        if (FilterOf(principal, time, from, to, userId, keyId, component, model) is not { } filter)
        {
            return Problem.Invalid("to", $"It is from or later, and at most {MostDays} days after it.");
        }

        await SettleDownAsync(ledger, cancellationToken);
        var rows = await store.EntriesAsync(principal, filter, null, RowsAtOnce, cancellationToken);
        http.Response.ContentType = "text/csv";
        http.Response.Headers.ContentDisposition =
            $"attachment; filename=\"usage-{filter.From:yyyy-MM-dd}-{filter.To:yyyy-MM-dd}.csv\"";
        await using var writer = new StreamWriter(http.Response.Body, leaveOpen: true);
        await writer.WriteAsync(UsageCsv.Header.AsMemory(), cancellationToken);
        // A page at a time: no session is open while the client reads.
        while (rows.Count > 0)
        {
            foreach (var row in rows)
            {
                await writer.WriteAsync(UsageCsv.LineOf(row).AsMemory(), cancellationToken);
            }

            await writer.FlushAsync(cancellationToken);
            rows =
                rows.Count < RowsAtOnce
                    ? []
                    : await store.EntriesAsync(principal, filter, rows[^1], RowsAtOnce, cancellationToken);
        }

        return TypedResults.Empty;
    }

    /// <summary>What this server has just settled is seen, unless PostgreSQL takes nothing now.</summary>
    private static async Task SettleDownAsync(UsageLedger ledger, CancellationToken cancellationToken)
    {
        try
        {
            await ledger.FlushAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(2), cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            // It follows later.
        }
    }

    /// <summary>Narrowed to what the caller may see; null when the days make no sense.</summary>
    private static UsageFilter? FilterOf(
        Principal principal,
        TimeProvider time,
        DateOnly? from,
        DateOnly? to,
        Guid? userId,
        Guid? keyId,
        string? component,
        string? model
    )
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var last = to ?? (from > today ? from.Value : today);
        var first = from ?? BudgetWindow.StartOf(BudgetWindow.Month, last);
        if (first > last || last.DayNumber - first.DayNumber > MostDays)
        {
            return null;
        }

        if (!principal.May(Permission.OrganizationManage))
        {
            // Another's is like none: the ids that are asked for and the caller's own cannot both hold.
            if (
                (userId is { } user && user != principal.UserId)
                || (principal.IsKey && keyId is { } key && key != principal.Id)
            )
            {
                return new UsageFilter(first, last, Guid.Empty, Guid.Empty, component, model);
            }

            userId = principal.UserId;
            keyId = principal.IsKey ? principal.Id : keyId;
        }

        return new UsageFilter(first, last, userId, keyId, component, model);
    }
}
