using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>Of more tenants than fit, those are searched in memory that search most, and nobody's index is loaded for nothing.</summary>
public sealed class IndexAdmissionTests(IndexAdmissionTests.Fixture chancery)
    : IClassFixture<IndexAdmissionTests.Fixture>
{
    private const string Model = "scripted";

    private readonly MovedClock _clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hot_indexes_stay_while_cold_ones_pass_through_postgres()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(6);
        TenantId[] hot = [tenants[0], tenants[1]];
        var loaded = new[]
        {
            await indexes.FindAsync(hot[0], Model, Cancel),
            await indexes.FindAsync(hot[1], Model, Cancel),
        };

        for (var round = 0; round < 10; round++)
        {
            _clock.Ahead += TimeSpan.FromSeconds(2);
            Assert.Same(loaded[0], await indexes.FindAsync(hot[0], Model, Cancel));
            Assert.Same(loaded[1], await indexes.FindAsync(hot[1], Model, Cancel));
            if (round % 2 == 1)
            {
                foreach (var cold in tenants[2..])
                {
                    Assert.Null(await indexes.FindAsync(cold, Model, Cancel));
                }
            }
        }

        Assert.All(loaded, index => Assert.NotNull(index));
        var told = indexes.Tell();
        Assert.Equal((2, 0, 4, 0), (told.Loaded, told.Loading, told.Waiting, told.Evictions));
    }

    [Fact]
    public async Task A_tenant_that_searches_more_than_a_loaded_one_gets_in_and_the_least_popular_leaves()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(3);
        var (most, least, newcomer) = (tenants[0], tenants[1], tenants[2]);
        await AskAsync(indexes, least, 3);
        await AskAsync(indexes, most, 20);

        var before = await AskAsync(indexes, newcomer, 3);
        var after = await AskAsync(indexes, newcomer, 5);
        var driven = await indexes.FindAsync(least, Model, Cancel);

        Assert.Null(before);
        Assert.NotNull(after);
        Assert.Null(driven);
        Assert.NotNull(await indexes.FindAsync(most, Model, Cancel));
        var told = indexes.Tell();
        Assert.Equal((2, 1, 1), (told.Loaded, told.Waiting, told.Evictions));
    }

    [Fact]
    public async Task An_index_that_nobody_asks_for_any_more_gives_way()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(3);
        await AskAsync(indexes, tenants[0], 40);
        await AskAsync(indexes, tenants[1], 20);
        Assert.Null(await AskAsync(indexes, tenants[2], 2));

        _clock.Ahead += 8 * IndexPopularity.HalfLife;
        var found = await AskAsync(indexes, tenants[2], 2);

        Assert.NotNull(found);
        Assert.NotNull(await indexes.FindAsync(tenants[0], Model, Cancel));
        Assert.Null(await indexes.FindAsync(tenants[1], Model, Cancel));
    }

    [Fact]
    public async Task Tenants_that_search_alike_do_not_push_each_other_out()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(4);

        for (var round = 0; round < 15; round++)
        {
            foreach (var tenant in tenants)
            {
                _clock.Ahead += TimeSpan.FromSeconds(1);
                await indexes.FindAsync(tenant, Model, Cancel);
            }
        }

        var told = indexes.Tell();
        Assert.Equal((2, 2, 2L, 0L), (told.Loaded, told.Waiting, told.Rebuilds, told.Evictions));
    }

    [Fact]
    public async Task Who_waits_is_not_measured_again_at_each_search()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(3);
        await AskAsync(indexes, tenants[0], 10);
        await AskAsync(indexes, tenants[1], 10);
        Assert.Null(await AskAsync(indexes, tenants[2], 1));
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await using var untilTheEnd = await connection.BeginTransactionAsync(Cancel);
        await using (var command = new NpgsqlCommand("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE", connection))
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        // Longer than a query would have to wait for the database here, and far from the patience of it.
        var found = await AskAsync(indexes, tenants[2], 5).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Null(found);
        Assert.Equal(0, indexes.Tell().Loading);
    }

    [Fact]
    public async Task A_tenant_that_ends_makes_room()
    {
        var indexes = NewIndexes();
        var tenants = await TenantsAsync(3);
        await AskAsync(indexes, tenants[0], 10);
        await AskAsync(indexes, tenants[1], 10);
        Assert.Null(await AskAsync(indexes, tenants[2], 1));

        indexes.ForgetTenant(tenants[0]);

        Assert.NotNull(await AskAsync(indexes, tenants[2], 1));
        Assert.Equal((2, 0, 0L), (indexes.Tell().Loaded, indexes.Tell().Waiting, indexes.Tell().Evictions));
    }

    /// <summary>Searches that come two seconds apart; the index that the last one had.</summary>
    private async Task<TenantIndex?> AskAsync(TenantIndexes indexes, TenantId tenant, int times)
    {
        TenantIndex? found = null;
        for (var i = 0; i < times; i++)
        {
            _clock.Ahead += TimeSpan.FromSeconds(2);
            found = await indexes.FindAsync(tenant, Model, Cancel);
        }

        return found;
    }

    private TenantIndexes NewIndexes()
    {
        var counts = new IndexCounts();
        var loader = ActivatorUtilities.CreateInstance<IndexLoader>(chancery.Services, counts);
        return ActivatorUtilities.CreateInstance<TenantIndexes>(chancery.Services, loader, counts, _clock);
    }

    private async Task<TenantId[]> TenantsAsync(int number)
    {
        var users = new TestUser[number];
        for (var i = 0; i < number; i++)
        {
            users[i] = await chancery.SignUpAsync();
        }

        return [.. users.Select(user => new TenantId(user.TenantId))];
    }

    public sealed class Fixture : IndexFixture
    {
        // Two with next to nothing in them, which count 64,000 bytes each.
        internal override IndexLimits Limits => Patient with { MemoryBytes = 140_000 };
    }
}
