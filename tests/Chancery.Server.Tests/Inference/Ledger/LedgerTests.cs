using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Chancery.Server.Tests.Inference.Ledger.LedgerFixture;

namespace Chancery.Server.Tests.Inference.Ledger;

public sealed class LedgerTests(LedgerFixture chancery) : IClassFixture<LedgerFixture>
{
    private const long Dime = Dollar / 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private UsageLedger Ledger => chancery.Ledger;

    private RedisGateway Redis => chancery.Services.GetRequiredService<RedisGateway>();

    [Fact]
    public async Task Of_a_thousand_calls_of_a_dime_against_five_dollars_exactly_fifty_pass()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 5 * Dollar);

        var granted = await ReserveAsync(Ledger, payer, Dime, 1000);

        Assert.Equal(50, granted.Count);
        Assert.Equal((0, 5 * Dollar), await chancery.BookedAsync(payer));
    }

    [Fact]
    public async Task Of_a_thousand_calls_to_two_servers_exactly_fifty_pass()
    {
        var other = (await chancery.StartServerAsync()).GetRequiredService<UsageLedger>();
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 5 * Dollar);

        var granted = await Task.WhenAll(ReserveAsync(Ledger, payer, Dime, 500), ReserveAsync(other, payer, Dime, 500));

        Assert.Equal(50, granted.Sum(ones => ones.Count));
    }

    [Fact]
    public async Task Redis_that_was_emptied_in_the_middle_gives_nothing_back()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 5 * Dollar);

        var before = await ReserveAsync(Ledger, payer, Dime, 30);
        foreach (var one in before.Take(10))
        {
            Ledger.Settle(one, [AttemptOf(Dime / 2)]);
        }

        await Redis.RemoveAsync(BudgetScope.KeyOf(payer.Tenant));
        var after = await ReserveAsync(Ledger, payer, Dime, 200);

        // Ten cost a nickel each, twenty are held: two dollars and a half are left.
        Assert.Equal(30, before.Count);
        Assert.Equal(25, after.Count);
    }

    [Fact]
    public async Task What_a_call_did_not_cost_can_be_spent_again_and_a_second_end_does_nothing()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dime);
        var first = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 3));

        Ledger.Settle(first, [AttemptOf(Dime / 4)]);
        Ledger.Settle(first, [AttemptOf(0)]);
        Ledger.Release(first);
        var again = await ReserveAsync(Ledger, payer, 3 * Dime / 4, 3);

        Assert.Single(again);
        Assert.Equal((Dime / 4, 3 * Dime / 4), await chancery.BookedAsync(payer));
        Assert.Equal([$"reserved {Dime}", $"settled {Dime / 4}"], await chancery.EventsAsync(first.Id));
    }

    [Fact]
    public async Task A_call_that_was_released_costs_nothing()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dime);
        var first = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 2));

        Ledger.Release(first);

        Assert.Single(await ReserveAsync(Ledger, payer, Dime, 2));
        Assert.Equal((0, Dime), await chancery.BookedAsync(payer));
    }

    [Fact]
    public async Task A_call_that_cost_more_than_was_held_is_booked_as_it_was_and_the_next_is_refused()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dollar);
        var first = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 1));

        Ledger.Settle(first, [AttemptOf(2 * Dollar, estimated: true)]);
        var next = await Ledger.ReserveAsync(RequestOf(payer, 1), Cancel);

        var refusal = Assert.IsType<ReserveOutcome.Refused>(next).Refusal;
        Assert.Equal(("tenant", "month", 2 * Dollar), (refusal.Level, refusal.Period, refusal.Used.Value));
        Assert.Equal((2 * Dollar, 0), await chancery.BookedAsync(payer));
    }

    [Fact]
    public async Task Every_attempt_is_a_row_and_what_was_not_billed_counts_against_nothing()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dollar);
        var call = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 1));

        Ledger.Settle(
            call,
            [AttemptOf(100, outcome: "failed"), AttemptOf(7_000) with { Billed = false }, AttemptOf(50)]
        );

        Assert.Equal((150, 0), await chancery.BookedAsync(payer));
        Assert.Equal(4, (await chancery.EventsAsync(call.Id)).Count);
    }

    [Fact]
    public async Task All_levels_hold_and_a_refusal_on_one_takes_nothing_on_the_others()
    {
        var key = Guid.CreateVersion7();
        var payer = await chancery.GivenPayerAsync(key);
        await chancery.GivenCapAsync(payer, 10 * Dime);
        await chancery.GivenCapAsync(payer, 6 * Dime, "user", payer.UserId, "day");
        await chancery.GivenCapAsync(payer, 2 * Dime, "key", key, "day");

        var byKey = await ReserveAsync(Ledger, payer, Dime, 20);
        var byPerson = await ReserveAsync(Ledger, payer with { KeyId = null }, Dime, 20);
        var byColleague = await ReserveAsync(
            Ledger,
            payer with
            {
                KeyId = null,
                UserId = Guid.CreateVersion7(),
            },
            Dime,
            20
        );

        Assert.Equal((2, 4, 4), (byKey.Count, byPerson.Count, byColleague.Count));
        var refused = Assert.IsType<ReserveOutcome.Refused>(await Ledger.ReserveAsync(RequestOf(payer, Dime), Cancel));
        Assert.Equal(("key", "day"), (refused.Refusal.Level, refused.Refusal.Period));
        Assert.True(refused.Refusal.ResetsAt > chancery.Clock.GetUtcNow());
    }

    [Fact]
    public async Task A_call_that_the_installation_refuses_holds_nothing_of_its_organisations_and_is_not_taken_for_ended_when_it_comes_again()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 2 * Dime);
        var (again, never) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await InstallationCapAsync(
            "INSERT INTO installation_budgets (period, cap_nano, changed_at) VALUES ('day', 1, now())"
        );
        foreach (var id in new[] { again, never })
        {
            var refused = await Ledger.ReserveAsync(RequestOf(payer, Dime, id), Cancel);
            Assert.Equal("installation", Assert.IsType<ReserveOutcome.Refused>(refused).Refusal.Level);
        }

        await InstallationCapAsync("DELETE FROM installation_budgets");
        Assert.IsType<ReserveOutcome.Granted>(await Ledger.ReserveAsync(RequestOf(payer, Dime, again), Cancel));
        Assert.Single(await ReserveAsync(Ledger, payer, Dime, 5));

        // Counted anew, the call that was given back and taken again is running.
        await Redis.RemoveAsync(BudgetScope.KeyOf(payer.Tenant));
        Assert.Empty(await ReserveAsync(Ledger, payer, Dime, 5));
    }

    private async Task InstallationCapAsync(string sql)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(sql);
        await chancery.Services.GetRequiredService<BudgetBook>().ReadAsync(null, Cancel);
    }

    [Fact]
    public async Task The_lower_of_the_operators_and_the_tenants_cap_holds_and_the_tenant_cannot_touch_the_operators()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 3 * Dime);
        await chancery.GivenCapAsync(payer, 9 * Dime, by: "tenant");

        Assert.Equal(3, (await ReserveAsync(Ledger, payer, Dime, 10)).Count);
        await using var session = await chancery
            .Services.GetRequiredService<TenantDatabase>()
            .OpenAsync(payer.Tenant, Cancel);
        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            session.ExecuteAsync(
                "UPDATE budgets SET cap_nano = 4000000000 WHERE tenant_id = @tenant",
                new { tenant = payer.Tenant.Value },
                Cancel
            )
        );
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_cap_that_is_set_while_calls_run_counts_them_within_two_seconds()
    {
        var payer = await chancery.GivenPayerAsync();
        var before = await ReserveAsync(Ledger, payer, Dime, 30);
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO budgets (tenant_id, level, subject_id, period, set_by, cap_nano, changed_at)
                VALUES (@tenant, 'tenant', @tenant, 'month', 'operator', @cap, now())
                """,
                new { tenant = payer.Tenant.Value, cap = 4 * Dollar }
            );
        }

        await Task.Delay(TimeSpan.FromSeconds(2), Cancel);
        var after = await ReserveAsync(Ledger, payer, Dime, 100);

        Assert.Equal((30, 10), (before.Count, after.Count));
    }

    [Fact]
    public async Task The_same_call_again_takes_nothing_more()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, 2 * Dime);
        var id = Guid.CreateVersion7();

        for (var i = 0; i < 5; i++)
        {
            Assert.IsType<ReserveOutcome.Granted>(await Ledger.ReserveAsync(RequestOf(payer, Dime, id), Cancel));
        }

        Assert.Equal((0, Dime), await chancery.BookedAsync(payer));
        Assert.Single(await ReserveAsync(Ledger, payer, Dime, 5));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task An_amount_beyond_all_sense_is_refused(long amount)
    {
        var payer = await chancery.GivenPayerAsync();

        Assert.IsType<ReserveOutcome.Refused>(await Ledger.ReserveAsync(RequestOf(payer, amount), Cancel));
    }

    [Fact]
    public async Task Spent_and_held_money_never_exceed_the_cap_whatever_happens_between()
    {
        var payer = await chancery.GivenPayerAsync();
        const long cap = 3 * Dollar;
        await chancery.GivenCapAsync(payer, cap);
        var (known, spent, worst) = (0L, 0L, 0L);

        await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(seed =>
                    Task.Run(
                        async () =>
                        {
                            var random = new Random(seed);
                            for (var i = 0; i < 40; i++)
                            {
                                var amount = random.NextInt64(1, Dime);
                                var outcome = await Ledger.ReserveAsync(RequestOf(payer, amount), Cancel);
                                if (outcome is not ReserveOutcome.Granted { Reservation: var reservation })
                                {
                                    continue;
                                }

                                // Added after it was taken and removed before it is given back: never more than what is true.
                                var now = Interlocked.Add(ref known, amount);
                                InterlockedMax(ref worst, now);
                                await Task.Delay(random.Next(3), Cancel);
                                var cost = random.Next(3) == 0 ? 0 : random.NextInt64(amount + 1);
                                Interlocked.Add(ref known, cost - amount);
                                Interlocked.Add(ref spent, cost);
                                if (cost == 0)
                                {
                                    Ledger.Release(reservation);
                                }
                                else
                                {
                                    Ledger.Settle(reservation, [AttemptOf(cost)]);
                                }

                                if (random.Next(60) == 0)
                                {
                                    await Redis.RemoveAsync(BudgetScope.KeyOf(payer.Tenant));
                                }
                            }
                        },
                        Cancel
                    )
                )
        );

        Assert.InRange(worst, 1, cap);
        Assert.Equal((spent, 0), await chancery.BookedAsync(payer));
        await chancery.AssertSumsAsync(payer);
    }

    [Fact]
    public async Task A_call_that_never_told_its_end_is_booked_at_what_was_held_and_corrected_when_it_does_after_all()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dollar);
        var lost = (
            (ReserveOutcome.Granted)
                await Ledger.ReserveAsync(RequestOf(payer, Dime, life: TimeSpan.FromMilliseconds(1)), Cancel)
        ).Reservation;
        await chancery.Writer.FlushAsync(Cancel);
        chancery.Clock.Ahead += TimeSpan.FromMinutes(3);

        await chancery.Upkeep.ReapAsync(Cancel);
        var booked = await chancery.BookedAsync(payer);
        Ledger.Settle(lost, [AttemptOf(Dime / 5)]);

        Assert.Equal((Dime, 0), booked);
        Assert.Equal((Dime / 5, 0), await chancery.BookedAsync(payer));
        await chancery.AssertSumsAsync(payer);
    }

    [Fact]
    public async Task Servers_that_find_the_journal_of_a_killed_one_book_what_it_holds_once()
    {
        var payer = await chancery.GivenPayerAsync();
        var other = Directory.CreateTempSubdirectory("chancery-killed-").FullName;
        var journal = new Journal(other);
        var (settled, open) = (
            new Reservation(RequestOf(payer, Dime), chancery.Clock.GetUtcNow()),
            new Reservation(RequestOf(payer, 3 * Dime), chancery.Clock.GetUtcNow())
        );
        journal.Append(LedgerEntry.Reserved(settled));
        journal.Append(LedgerEntry.Reserved(open));
        journal.Append(LedgerEntry.Settled(settled, 1, AttemptOf(Dime / 2), chancery.Clock.GetUtcNow()));
        var path = journal.CurrentPath;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Null(LeftJournal.TryOpen(path));
        journal.Dispose();

        // Killed in the middle of a record.
        var record = new byte[1024];
        var length = JournalRecord.Write(LedgerEntry.Released(open, chancery.Clock.GetUtcNow()), record);
        await File.AppendAllBytesAsync(path, record[..(length - 3)], Cancel);
        var left = Path.Combine(chancery.Storage.DataDirectory, "ledger", Path.GetFileName(path));
        for (var i = 0; i < 2; i++)
        {
            File.Copy(path, left, overwrite: true);
            await chancery.Upkeep.AdoptAsync(Cancel);
        }

        Assert.False(File.Exists(left));
        Assert.Equal((Dime / 2 + 3 * Dime, 0), await chancery.BookedAsync(payer));
        await chancery.AssertSumsAsync(payer);
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public async Task A_stream_over_midnight_of_the_first_is_booked_to_the_month_in_which_it_began()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dime);
        var now = chancery.Clock.GetUtcNow();
        var next = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        await chancery.Writer.FlushAsync(Cancel);
        chancery.Clock.Ahead += next - now - TimeSpan.FromMinutes(1);
        var before = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 3));
        await chancery.Writer.FlushAsync(Cancel);
        chancery.Clock.Ahead += TimeSpan.FromMinutes(2);

        var after = Assert.Single(await ReserveAsync(Ledger, payer, Dime, 3));
        Ledger.Settle(before, [AttemptOf(Dime)]);
        Ledger.Settle(after, [AttemptOf(Dime / 2)]);
        await chancery.Writer.FlushAsync(Cancel);
        var held = await ReserveAsync(Ledger, payer, Dime / 2, 3);

        Assert.Single(held);
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var days = await connection.QueryAsync<(int, long)>(
            "SELECT extract(month FROM day)::int, cost_nano FROM usage_days WHERE tenant_id = @tenant ORDER BY day",
            new { tenant = payer.Tenant.Value }
        );
        Assert.Equal([(next.AddDays(-1).Month, Dime), (next.Month, Dime / 2)], days);
    }

    [Fact]
    public async Task A_clock_that_is_put_back_opens_no_window_again()
    {
        var clock = new Chancery.Testing.MovedClock();
        var ledger = new LedgerClock(clock);
        var before = ledger.Now;

        clock.Ahead -= TimeSpan.FromMinutes(20);
        var held = ledger.Now;
        clock.Ahead -= TimeSpan.FromDays(30);
        var believed = ledger.Now;

        Assert.Equal(before, held);
        Assert.True(believed < before);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Shares_of_a_cap_that_are_reached_are_written_down_once()
    {
        var payer = await chancery.GivenPayerAsync();
        await chancery.GivenCapAsync(payer, Dollar);
        var alerts = chancery.Services.GetRequiredService<BudgetAlerts>();
        var call = Assert.Single(await ReserveAsync(Ledger, payer, 85 * Dollar / 100, 1));
        Ledger.Settle(call, [AttemptOf(85 * Dollar / 100)]);
        await chancery.Writer.FlushAsync(Cancel);

        await alerts.CheckAsync(Cancel);
        alerts.Booked(payer.Tenant);
        await alerts.CheckAsync(Cancel);

        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        Assert.Equal(
            [50, 80],
            await connection.QueryAsync<int>(
                "SELECT percent FROM budget_alerts WHERE tenant_id = @tenant ORDER BY percent",
                new { tenant = payer.Tenant.Value }
            )
        );
    }

    private static void InterlockedMax(ref long target, long value)
    {
        var known = Volatile.Read(ref target);
        while (value > known)
        {
            var seen = Interlocked.CompareExchange(ref target, value, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }
}
