using System.Collections.Concurrent;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Alerts;

/// <summary>Writes down, once for each quota and month, that four fifths and all of it are used, and tells who wants to know.</summary>
/// <remarks>Safe for concurrent use, and on several servers at once: who writes it down first tells.</remarks>
public sealed class LimitAlerts
{
    private const int MostKnown = 50_000;

    private const string InsertSql = """
        INSERT INTO limit_alerts (tenant_id, name, month, percent, most, used, at)
        SELECT @tenant, @name, @month, p, @most, @used, @now FROM unnest(@percents) AS p
        ON CONFLICT DO NOTHING
        RETURNING percent
        """;

    private readonly TenantDatabase _database;
    private readonly AlertQueue _queue;
    private readonly TimeProvider _time;

    // What was written down need not be written down again.
    private readonly ConcurrentDictionary<(Guid Tenant, string Name, DateOnly Month, int Percent), bool> _known = new();

    internal LimitAlerts(TenantDatabase database, AlertQueue queue, TimeProvider time) =>
        (_database, _queue, _time) = (database, queue, time);

    /// <summary>So much of a quota of that month is used.</summary>
    public async Task UsedAsync(
        TenantId tenant,
        LimitName quota,
        DateOnly month,
        long most,
        long used,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(quota);
        var now = _time.GetUtcNow();
        var reached = LimitAlert
            .Percents.Where(percent => most > 0 && (Int128)used * 100 >= (Int128)most * percent)
            .ToArray();
        if (reached.All(percent => _known.ContainsKey((tenant.Value, quota.Name, month, percent))))
        {
            return;
        }

        await using (var session = await _database.OpenAsync(tenant, cancellationToken))
        {
            var fresh = await session.QueryAsync<int>(
                InsertSql,
                new
                {
                    tenant = tenant.Value,
                    name = quota.Name,
                    month,
                    percents = reached,
                    most,
                    used,
                    now,
                },
                cancellationToken
            );
            if (fresh.Count > 0)
            {
                var percent = fresh.Max();
                await EnqueueAsync(
                    session,
                    new LimitAlert(
                        LimitAlert.TypeOf(percent),
                        tenant.Value,
                        quota.Name,
                        LimitOverride.OfTenant,
                        tenant.Value,
                        "month",
                        month,
                        percent,
                        most,
                        used,
                        QuotaMonth.EndOf(month),
                        now
                    ),
                    cancellationToken
                );
            }

            await session.CommitAsync(cancellationToken);
        }

        if (_known.Count > MostKnown)
        {
            _known.Clear();
        }

        foreach (var percent in reached)
        {
            _known[(tenant.Value, quota.Name, month, percent)] = true;
        }

        await _queue.WakeAsync();
    }

    /// <summary>In the transaction that writes an alert down; wake the queue once it is committed.</summary>
    public Task EnqueueAsync(TenantSession session, LimitAlert alert, CancellationToken cancellationToken) =>
        _queue.TellAllAsync(session, alert, cancellationToken);
}
