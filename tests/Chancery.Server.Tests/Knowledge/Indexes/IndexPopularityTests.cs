using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>Who searches much is told from who does not, and what was long ago counts for little.</summary>
public sealed class IndexPopularityTests
{
    private readonly MovedClock _clock = new();

    [Fact]
    public void What_was_counted_is_half_forgotten_in_each_half_life()
    {
        var popularity = new IndexPopularity(_clock);
        var (busy, other) = (NewTenant(), NewTenant());
        Count(popularity, busy, 8);

        _clock.Ahead += 2 * IndexPopularity.HalfLife;
        Count(popularity, busy, 1);

        Assert.Equal(3, popularity.Of(busy), 0.1);
        Assert.Equal(0, popularity.Of(other));
        popularity.Forget(busy);
        Assert.Equal(0, popularity.Of(busy));
    }

    [Fact]
    public void A_search_more_or_a_few_percent_are_not_clearly_more()
    {
        Assert.False(IndexPopularity.IsClearlyMore(1, 0));
        Assert.False(IndexPopularity.IsClearlyMore(110, 100));
        Assert.True(IndexPopularity.IsClearlyMore(2, 0.5));
        Assert.True(IndexPopularity.IsClearlyMore(130, 100));
    }

    [Fact]
    public void Of_more_tenants_than_are_remembered_those_that_search_least_are_forgotten()
    {
        var popularity = new IndexPopularity(_clock, most: 10);
        var busy = Enumerable.Range(0, 4).Select(_ => NewTenant()).ToArray();
        foreach (var tenant in busy)
        {
            Count(popularity, tenant, 3);
        }

        var strangers = Enumerable.Range(0, 100).Select(_ => NewTenant()).ToArray();
        foreach (var tenant in strangers)
        {
            Count(popularity, tenant, 1);
        }

        Assert.All(busy, tenant => Assert.Equal(3, popularity.Of(tenant), 0.1));
        Assert.InRange(strangers.Count(tenant => popularity.Of(tenant) > 0), 1, 10);
    }

    [Fact]
    public void Searches_at_the_same_time_are_all_counted()
    {
        var popularity = new IndexPopularity(_clock);
        var tenant = NewTenant();

        Parallel.For(0, 1_000, _ => popularity.Count(tenant));

        Assert.Equal(1_000, popularity.Of(tenant), 10.0);
    }

    private static TenantId NewTenant() => new(Guid.CreateVersion7());

    private static void Count(IndexPopularity popularity, TenantId tenant, int times)
    {
        for (var i = 0; i < times; i++)
        {
            popularity.Count(tenant);
        }
    }
}
