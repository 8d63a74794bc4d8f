using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Inference.Ledger.Usage;

/// <summary>How long a step of a time series is.</summary>
public enum UsageStep
{
    Minute,
    Hour,
    Day,
    Month,
}

/// <summary>Answered messages by type, person and model, of all time.</summary>
public sealed record MessageSums(
    IReadOnlyList<MessageCount> ByType,
    IReadOnlyList<MessageCount> ByPerson,
    IReadOnlyList<MessageCount> ByModel
)
{
    public long Total => ByType.Sum(type => type.Messages);
}

/// <summary>
/// Figures of the ledger for those who look at them: of the organisation for whoever manages it, else of the caller alone. Safe for
/// concurrent use.
/// </summary>
public sealed class UsageFigures
{
    private readonly UsageStore _store;
    private readonly UsageLedger _ledger;
    private readonly TenantDatabase _database;

    private const string WhoseSql = """
          AND (@userId::uuid IS NULL OR user_id = @userId) AND (@keyId::uuid IS NULL OR key_id = @keyId)

        """;

    private const string CountsSql =
        """
            SELECT CASE WHEN grouping(operation) = 0 THEN 'type' WHEN grouping(user_id) = 0 THEN 'person' ELSE 'model' END AS kind,
                   coalesce(operation, user_id::text, model) AS name, sum(attempts - failed)::bigint AS messages
            FROM usage_days
            WHERE tenant_id = @tenant AND component = 'chat'

            """
        + WhoseSql
        + """
            GROUP BY GROUPING SETS ((operation), (user_id), (model))
            HAVING sum(attempts - failed) > 0
            ORDER BY 1, 3 DESC, 2
            LIMIT 10000
            """;

    private const string FineSql =
        """
            SELECT date_bin(@step, at, @from) AS at, count(*) AS messages
            FROM usage_entries
            WHERE tenant_id = @tenant AND component = 'chat' AND event = 'settled' AND outcome = 'answered'
              AND day >= @day AND at >= @from AND at < @until

            """
        + WhoseSql
        + "GROUP BY 1 ORDER BY 1 LIMIT 1000";

    private const string CoarseSql =
        """
            SELECT date_trunc(@unit, day::timestamp) AT TIME ZONE 'UTC' AS at, sum(attempts - failed)::bigint AS messages
            FROM usage_days
            WHERE tenant_id = @tenant AND component = 'chat' AND day >= @day

            """
        + WhoseSql
        + "GROUP BY 1 ORDER BY 1 LIMIT 1000";

    internal UsageFigures(UsageStore store, UsageLedger ledger, TenantDatabase database) =>
        (_store, _ledger, _database) = (store, ledger, database);

    private sealed record CountRow(string Kind, string Name, long Messages);

    private sealed record StepRow
    {
        public DateTimeOffset At { get; init; }
        public long Messages { get; init; }
    }

    /// <summary>What this server has just settled is seen, unless PostgreSQL takes nothing now.</summary>
    public async Task SettleDownAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _ledger.FlushAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(2), cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            // It follows later.
        }
    }

    /// <summary>What was used today and since the first of the month, of UTC.</summary>
    public async Task<(UsageSums Today, UsageSums Month)> SpentAsync(
        Principal principal,
        DateOnly today,
        CancellationToken cancellationToken
    )
    {
        var (user, key) = Whose(principal);
        var filter = new UsageFilter(BudgetWindow.StartOf(BudgetWindow.Month, today), today, user, key, null, null);
        var (month, _, _) = await _store.ReadAsync(principal, filter, "day", 0, 1, cancellationToken);
        var (day, _, _) = await _store.ReadAsync(
            principal,
            filter with
            {
                From = today,
            },
            "day",
            0,
            1,
            cancellationToken
        );
        return (UsageSums.Of(day), UsageSums.Of(month));
    }

    /// <summary>Answered messages, of all time.</summary>
    public async Task<MessageSums> MessagesAsync(Principal principal, CancellationToken cancellationToken)
    {
        var (userId, keyId) = Whose(principal);
        await using var session = await _database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<CountRow>(
            CountsSql,
            new
            {
                tenant = principal.Tenant.Value,
                userId,
                keyId,
            },
            cancellationToken
        );
        return new MessageSums(Of("type"), Of("person"), Of("model"));

        List<MessageCount> Of(string kind) =>
            [
                .. rows.Where(row => row.Kind == kind)
                    .Take(MessageCounts.MostNames)
                    .Select(row => new MessageCount(row.Name, row.Messages)),
            ];
    }

    /// <summary>Answered messages by the start of their step; steps without any are left out.</summary>
    public async Task<IReadOnlyDictionary<DateTimeOffset, long>> SeriesAsync(
        Principal principal,
        UsageStep step,
        DateTimeOffset from,
        DateTimeOffset until,
        CancellationToken cancellationToken
    )
    {
        var (userId, keyId) = Whose(principal);
        var isFine = step is UsageStep.Minute or UsageStep.Hour;
        // A call belongs to the day in which it was reserved, which may be the one before it ended.
        var day = DateOnly.FromDateTime(from.UtcDateTime).AddDays(isFine ? -1 : 0);
        await using var session = await _database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<StepRow>(
            isFine ? FineSql : CoarseSql,
            new
            {
                tenant = principal.Tenant.Value,
                userId,
                keyId,
                step = step == UsageStep.Minute ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1),
                unit = step == UsageStep.Month ? "month" : "day",
                day,
                from,
                until,
            },
            cancellationToken
        );
        return rows.ToDictionary(row => row.At, row => row.Messages);
    }

    private static (Guid? User, Guid? Key) Whose(Principal principal) =>
        principal.May(Permission.OrganizationManage)
            ? (null, null)
            : (principal.UserId, principal is { IsKey: true, IsExternal: false } ? principal.Id : null);
}
