using Chancery.Server.Inference.Ledger;
using Chancery.Server.Limits;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Limits;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using static Chancery.Server.Tests.Inference.Ledger.LedgerFixture;

namespace Chancery.Server.Tests.Inference.Ledger;

/// <summary>What a plan lets models take and cost in a month.</summary>
public sealed class TokenQuotaTests(LedgerFixture chancery) : IClassFixture<LedgerFixture>
{
    // A request of the fixture holds 1,000 tokens, and an attempt takes 15.
    private const long Held = 1000;
    private const long Taken = 15;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private UsageLedger Ledger => chancery.Ledger;

    [Fact]
    public async Task Of_a_hundred_calls_on_two_servers_exactly_as_many_pass_as_there_are_tokens_for()
    {
        var other = (await chancery.StartServerAsync()).GetRequiredService<UsageLedger>();
        var payer = await GivenAsync((LimitNames.TokensPerMonth, 10 * Held));

        var granted = await Task.WhenAll(ReserveAsync(Ledger, payer, 0, 50), ReserveAsync(other, payer, 0, 50));

        Assert.Equal(10, granted.Sum(ones => ones.Count));
    }

    [Fact]
    public async Task What_a_call_did_not_take_is_there_for_the_next_also_after_Redis_was_emptied()
    {
        var payer = await GivenAsync((LimitNames.TokensPerMonth, 10 * Held));
        foreach (var one in await ReserveAsync(Ledger, payer, 0, 10))
        {
            Ledger.Settle(one, [AttemptOf(0)]);
        }

        var again = await ReserveAsync(Ledger, payer, 0, 4);
        await chancery.Services.GetRequiredService<RedisGateway>().RemoveAsync(BudgetScope.KeyOf(payer.Tenant));
        var after = await ReserveAsync(Ledger, payer, 0, 50);

        // Ten took 150 together, four hold 4,000: 5,850 are left.
        Assert.Equal((4, 5), (again.Count, after.Count));
        Assert.Equal(10 * Taken, await TokensAsync(payer));
    }

    [Fact]
    public async Task A_refusal_is_a_quota_of_its_own_and_names_when_the_month_is_over()
    {
        var payer = await GivenAsync((LimitNames.TokensPerMonth, Held - 1));

        var refused = Assert.IsType<ReserveOutcome.Refused>(await Ledger.ReserveAsync(RequestOf(payer, 0), Cancel));

        var problem = BudgetProblem.Of(refused.Refusal).ProblemDetails;
        Assert.Equal("urn:chancery:problem:quota-exceeded", problem.Type);
        Assert.Equal(LimitNames.TokensPerMonth.Name, problem.Extensions["limit_name"]);
        Assert.Contains("999 tokens a month", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Money_of_the_plan_holds_beside_the_organisations_own_cap()
    {
        var payer = await GivenAsync((LimitNames.CostPerMonth, 3 * Dollar));
        await chancery.GivenCapAsync(payer, 10 * Dollar, by: "tenant");

        var granted = await ReserveAsync(Ledger, payer, Dollar, 20);
        var refused = Assert.IsType<ReserveOutcome.Refused>(
            await Ledger.ReserveAsync(RequestOf(payer, Dollar), Cancel)
        );

        Assert.Equal(3, granted.Count);
        Assert.Equal(LimitNames.CostPerMonth, refused.Refusal.Quota);
    }

    [Fact]
    public async Task A_plan_that_is_changed_holds_for_the_next_call_and_what_was_used_stays_used()
    {
        var payer = await GivenAsync((LimitNames.CostPerMonth, 3 * Dollar));
        var before = await ReserveAsync(Ledger, payer, Dollar, 5);
        await chancery.GivenPlanAsync(payer.Tenant.Value, (LimitNames.CostPerMonth, 5 * Dollar));
        await Task.Delay(TimeSpan.FromSeconds(2.1), Cancel);
        var after = await ReserveAsync(Ledger, payer, Dollar, 5);

        Assert.Equal((3, 2), (before.Count, after.Count));
    }

    [Fact]
    public async Task A_call_whose_end_nobody_knows_is_booked_at_all_that_it_held_until_its_end_is_known()
    {
        var payer = await GivenAsync((LimitNames.TokensPerMonth, 10 * Held));
        var lost = Assert.Single(await ReserveAsync(Ledger, payer, 0, 1));
        await chancery.Writer.FlushAsync(Cancel);

        chancery.Clock.Ahead += TimeSpan.FromMinutes(8);
        await chancery.Upkeep.ReapAsync(Cancel);
        Assert.Equal(Held, await TokensAsync(payer));

        Ledger.Settle(lost, [AttemptOf(0)]);
        Assert.Equal(Taken, await TokensAsync(payer));
    }

    private async Task<Payer> GivenAsync(params (LimitName, long)[] limits)
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenPlanAsync(payer.Tenant.Value, limits);
        return payer;
    }

    private async Task<long> TokensAsync(Payer payer)
    {
        await chancery.Writer.FlushAsync(Cancel);
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.QuerySingleAsync<long>(
            "SELECT coalesce(sum(input + cache_read + output), 0)::bigint FROM usage_days WHERE tenant_id = @tenant",
            new { tenant = payer.Tenant.Value }
        );
    }
}
