using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chancery.Server.Tests.Inference.Ledger;

/// <summary>A server with a clock that can be moved, and what tests of money ask of it.</summary>
public class LedgerFixture : ChanceryFixture
{
    public const long Dollar = 1_000_000_000;

    public MovedClock Clock { get; } = new();

    public UsageLedger Ledger => Services.GetRequiredService<UsageLedger>();

    internal LedgerWriter Writer => Services.GetRequiredService<LedgerWriter>();

    internal LedgerUpkeep Upkeep => Services.GetRequiredService<LedgerUpkeep>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public LedgerFixture()
    {
        ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);
    }

    /// <summary>One more server, and its services.</summary>
    public async Task<IServiceProvider> StartServerAsync()
    {
        IServiceProvider? found = null;
        await StartReplicaAsync(services =>
            services.AddHostedService(provider =>
            {
                found = provider;
                return new Nothing();
            })
        );
        return found!;
    }

    public async Task<Payer> GivenPayerAsync(Guid? keyId = null)
    {
        var owner = await SignUpAsync();
        return new Payer(new TenantId(owner.TenantId), owner.UserId, keyId);
    }

    /// <summary>Caps that were set a while ago.</summary>
    public async Task GivenCapAsync(
        Payer payer,
        long capNano,
        string level = "tenant",
        Guid? subject = null,
        string period = "month",
        string by = "operator"
    )
    {
        await using var connection = await Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO budgets (tenant_id, level, subject_id, period, set_by, cap_nano, changed_at)
            VALUES (@tenant, @level, @subject, @period, @by, @capNano, now() - interval '1 minute')
            """,
            new
            {
                tenant = payer.Tenant.Value,
                level,
                subject = subject ?? payer.Tenant.Value,
                period,
                by,
                capNano,
            }
        );
    }

    public static ReservationRequest RequestOf(Payer payer, long amountNano, Guid? id = null, TimeSpan? life = null) =>
        new(
            id ?? Guid.CreateVersion7(),
            payer,
            new UsagePurpose(UsageComponent.Gateway, "chat"),
            "some-chain",
            new NanoDollars(amountNano),
            1000,
            life ?? TimeSpan.FromMinutes(5)
        );

    public static AttemptUsage AttemptOf(long costNano, bool estimated = false, string outcome = "answered") =>
        new(
            "scripted",
            "some-model",
            outcome,
            null,
            new TokenCounts(10, 0, 0, 0, 5, 0),
            estimated,
            new NanoDollars(costNano),
            true,
            TimeSpan.FromMilliseconds(120),
            TimeSpan.FromMilliseconds(40),
            false
        );

    /// <summary>So many reservations side by side; those that were granted.</summary>
    public static async Task<IReadOnlyList<Reservation>> ReserveAsync(
        UsageLedger ledger,
        Payer payer,
        long amountNano,
        int calls
    )
    {
        var outcomes = await Task.WhenAll(
            Enumerable
                .Range(0, calls)
                .Select(_ => Task.Run(() => ledger.ReserveAsync(RequestOf(payer, amountNano), Cancel).AsTask(), Cancel))
        );
        Assert.DoesNotContain(outcomes, outcome => outcome is ReserveOutcome.Unavailable);
        return [.. outcomes.OfType<ReserveOutcome.Granted>().Select(granted => granted.Reservation)];
    }

    /// <summary>What PostgreSQL says that the tenant spent and holds, once everything is copied.</summary>
    public async Task<(long Spent, long Held)> BookedAsync(Payer payer)
    {
        await Writer.FlushAsync(Cancel);
        await using var connection = await Owner.OpenConnectionAsync(Cancel);
        return await connection.QuerySingleAsync<(long, long)>(
            """
            SELECT (SELECT coalesce(sum(cost_nano), 0)::bigint FROM usage_days WHERE tenant_id = @tenant),
                   (SELECT coalesce(sum(amount_nano), 0)::bigint FROM open_reservations WHERE tenant_id = @tenant)
            """,
            new { tenant = payer.Tenant.Value }
        );
    }

    /// <summary>The sums that are kept equal the sums of the entries.</summary>
    public async Task AssertSumsAsync(Payer payer)
    {
        await Writer.FlushAsync(Cancel);
        await using var connection = await Owner.OpenConnectionAsync(Cancel);
        var (kept, counted, open, unended) = await connection.QuerySingleAsync<(long, long, long, long)>(
            """
            SELECT (SELECT coalesce(sum(cost_nano), 0)::bigint FROM usage_days WHERE tenant_id = @tenant),
                   (SELECT coalesce(sum(cost_nano), 0)::bigint FROM usage_entries
                    WHERE tenant_id = @tenant AND billed AND event IN ('settled', 'expired', 'corrected')),
                   (SELECT count(*) FROM open_reservations WHERE tenant_id = @tenant),
                   (SELECT count(*) FROM usage_entries AS r WHERE r.tenant_id = @tenant AND r.event = 'reserved' AND NOT EXISTS (
                      SELECT FROM usage_entries AS e
                      WHERE e.tenant_id = @tenant AND e.request_id = r.request_id AND e.event <> 'reserved'))
            """,
            new { tenant = payer.Tenant.Value }
        );
        Assert.Equal((counted, unended), (kept, open));
    }

    public async Task<IReadOnlyList<string>> EventsAsync(Guid requestId)
    {
        await Writer.FlushAsync(Cancel);
        await using var connection = await Owner.OpenConnectionAsync(Cancel);
        return
        [
            .. await connection.QueryAsync<string>(
                "SELECT event || ' ' || cost_nano FROM usage_entries WHERE request_id = @requestId ORDER BY at, event DESC, attempt",
                new { requestId }
            ),
        ];
    }

    private sealed class Nothing : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
