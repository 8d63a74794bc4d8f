using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Quotas;

/// <summary>
/// Counts requests of a month in PostgreSQL, by one statement each: exact however many servers there are and whatever becomes of Redis,
/// and nothing to make up after a crash. Safe for concurrent use.
/// </summary>
/// <remarks>Asked only where a limit exists; what is counted so takes milliseconds itself.</remarks>
internal sealed class MonthCounter(TenantDatabase database, TimeProvider time)
{
    // The row is locked until it is committed: whoever comes next sees what was taken.
    private const string TakeSql = """
        INSERT INTO plan_usage AS u (tenant_id, month, name, used)
        SELECT @tenant, @month, @name, 1 WHERE @most > 0
        ON CONFLICT (tenant_id, month, name) DO UPDATE SET used = u.used + 1 WHERE u.used < @most
        RETURNING u.used
        """;

    private const string GiveBackSql = """
        UPDATE plan_usage SET used = used - 1
        WHERE tenant_id = @tenant AND month = @month AND name = @name AND used > 0
        """;

    private const string ReadSql = "SELECT name, used FROM plan_usage WHERE tenant_id = @tenant AND month = @month";

    /// <summary>A place in a month's quota.</summary>
    /// <param name="Used">With this one.</param>
    public sealed record Place(TenantId Tenant, DateOnly Month, LimitName Quota, long Used);

    /// <summary>Takes one, or answers null when none is left.</summary>
    public async Task<Place?> TakeAsync(
        TenantId tenant,
        LimitName quota,
        long most,
        CancellationToken cancellationToken
    )
    {
        var month = Month;
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var used = await session.FindAsync<long?>(
            TakeSql,
            new
            {
                tenant = tenant.Value,
                month,
                name = quota.Name,
                most,
            },
            cancellationToken
        );
        if (used is null)
        {
            return null;
        }

        // Whoever leaves now has the place all the same, and it is given back.
        await session.CommitAsync(CancellationToken.None);
        return new Place(tenant, month, quota, used.Value);
    }

    /// <summary>For a request that came to nothing.</summary>
    public async Task GiveBackAsync(Place place)
    {
        await using var session = await database.OpenAsync(place.Tenant, CancellationToken.None);
        await session.ExecuteAsync(
            GiveBackSql,
            new
            {
                tenant = place.Tenant.Value,
                month = place.Month,
                name = place.Quota.Name,
            },
            CancellationToken.None
        );
        await session.CommitAsync(CancellationToken.None);
    }

    /// <summary>What is used in this month, by quota.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return (
            await session.QueryAsync<Row>(ReadSql, new { tenant = tenant.Value, month = Month }, cancellationToken)
        ).ToDictionary(row => row.Name, row => row.Used);
    }

    public DateOnly Month => QuotaMonth.Of(time.GetUtcNow());

    private sealed record Row(string Name, long Used);
}
