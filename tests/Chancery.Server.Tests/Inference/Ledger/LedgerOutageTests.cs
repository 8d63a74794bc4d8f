using System.Globalization;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Limits;
using Chancery.Server.Tests.Limits;
using Chancery.Testing;
using Dapper;
using static Chancery.Server.Tests.Inference.Ledger.LedgerFixture;

namespace Chancery.Server.Tests.Inference.Ledger;

/// <summary>Redis or PostgreSQL away, in the middle and back.</summary>
public sealed class LedgerOutageTests(LedgerOutageTests.Fixture chancery) : IClassFixture<LedgerOutageTests.Fixture>
{
    private const long Dime = Dollar / 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_gone_and_back_in_the_middle_lets_exactly_as_many_calls_pass()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 5 * Dollar);
        await chancery.GivenCapAsync(payer, 4 * Dollar, "user", payer.UserId, "day");

        var with = await ReserveAsync(chancery.Ledger, payer, Dime, 10);
        await chancery.Relay.CutAsync();
        var without = await ReserveAsync(chancery.Ledger, payer, Dime, 20);
        Ended(without[0], Dime / 2);
        var wayWithout = await WayAsync();
        chancery.Relay.Mend();
        await Eventually(async () => await WayAsync() == "redis");
        var back = await ReserveAsync(chancery.Ledger, payer, Dime, 100);

        Assert.Equal("postgres", wayWithout);
        Assert.Equal((10, 20, 10), (with.Count, without.Count, back.Count));
        Assert.Equal((Dime / 2, 39 * Dime), await chancery.BookedAsync(payer));
    }

    [Fact]
    public async Task Tokens_of_a_month_hold_exactly_while_Redis_is_gone_and_after_it_is_back()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenPlanAsync(payer.Tenant.Value, (LimitNames.TokensPerMonth, 40_000));

        var with = await ReserveAsync(chancery.Ledger, payer, 0, 10);
        await chancery.Relay.CutAsync();
        var without = await ReserveAsync(chancery.Ledger, payer, 0, 20);
        chancery.Relay.Mend();
        await Eventually(async () => await WayAsync() == "redis");
        var back = await ReserveAsync(chancery.Ledger, payer, 0, 50);

        Assert.Equal((10, 20, 10), (with.Count, without.Count, back.Count));
    }

    [Fact]
    public async Task Calls_go_on_without_PostgreSQL_for_the_grace_and_no_longer_and_nothing_is_lost()
    {
        var payer = await chancery.GivenPayerAsync();
        Assert.Single(await ReserveAsync(chancery.Ledger, payer, Dime, 1));
        await chancery.Writer.FlushAsync(Cancel);
        await ExecuteAsync("ALTER TABLE usage_entries RENAME TO usage_entries_away");
        try
        {
            var within = Assert.Single(await ReserveAsync(chancery.Ledger, payer, Dime, 1));
            chancery.Clock.Ahead += TimeSpan.FromSeconds(61);
            var beyond = await chancery.Ledger.ReserveAsync(RequestOf(payer, Dime), Cancel);
            Ended(within, Dime / 4);

            Assert.IsType<ReserveOutcome.Unavailable>(beyond);
        }
        finally
        {
            await ExecuteAsync("ALTER TABLE usage_entries_away RENAME TO usage_entries");
        }

        Assert.Equal((Dime / 4, Dime), await chancery.BookedAsync(payer));
        Assert.Single(await ReserveAsync(chancery.Ledger, payer, Dime, 1));
    }

    private void Ended(Reservation reservation, long cost) => chancery.Ledger.Settle(reservation, [AttemptOf(cost)]);

    private async Task<string> WayAsync()
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.QuerySingleAsync<string>("SELECT way FROM ledger_state");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(sql);
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 300; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(100, Cancel);
        }

        Assert.Fail("It did not come to that within 30 s.");
    }

    public sealed class Fixture : LedgerFixture
    {
        internal CuttableRelay Relay { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            var configuration = (await EngineHost.GetAsync()).Redis;
            var endpoint = configuration.Split(',')[0].Split(':');
            Relay = new CuttableRelay(endpoint[0], int.Parse(endpoint[1], CultureInfo.InvariantCulture));
            RedisConfiguration = $"127.0.0.1:{Relay.Port},{configuration.Split(',', 2)[1]}";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Relay.DisposeAsync();
        }
    }
}
