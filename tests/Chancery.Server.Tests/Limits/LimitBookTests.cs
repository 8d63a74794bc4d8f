using Chancery.Server.Limits;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

/// <summary>What is known of limits while PostgreSQL does not tell.</summary>
public sealed class LimitBookTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static readonly LimitName Quota = LimitNames.EmbeddingsPerMonth;

    private readonly MovedClock _clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_last_known_goes_on_to_hold_however_old_it_is_and_whatever_was_changed_since()
    {
        var tenant = await GivenAsync(7);
        var book = Book();
        Assert.Equal(7, await MostAsync(book, tenant));

        await WithoutLimitsAsync(async () =>
        {
            _clock.Ahead += TimeSpan.FromHours(5);
            Assert.Equal(7, await MostAsync(book, tenant));
            await book.ChangedAsync(tenant);
            Assert.Equal(7, await MostAsync(book, tenant));
            await book.ChangedAsync(null);
            Assert.Equal(7, await MostAsync(book, tenant));
        });

        await chancery.GivenPlanAsync(tenant.Value, (Quota, 9));
        await book.ChangedAsync(null);
        Assert.Equal(9, await MostAsync(book, tenant));
    }

    [Fact]
    public async Task What_was_never_known_is_not_taken_for_no_limit()
    {
        var tenant = await GivenAsync(7);
        var book = Book();

        await WithoutLimitsAsync(async () => Assert.Null(await book.FindAsync(tenant, Cancel)));

        Assert.Equal(7, await MostAsync(book, tenant));
    }

    private async Task<TenantId> GivenAsync(long most)
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (Quota, most));
        return new TenantId(user.TenantId);
    }

    private LimitBook Book() => ActivatorUtilities.CreateInstance<LimitBook>(chancery.Services, _clock);

    private static async Task<long?> MostAsync(LimitBook book, TenantId tenant)
    {
        var limits = await book.FindAsync(tenant, Cancel);
        Assert.NotNull(limits);
        return limits.Of(Quota);
    }

    private async Task WithoutLimitsAsync(Func<Task> act)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync("ALTER TABLE limit_overrides RENAME TO limit_overrides_away");
        try
        {
            await act();
        }
        finally
        {
            await connection.ExecuteAsync("ALTER TABLE limit_overrides_away RENAME TO limit_overrides");
        }
    }
}
