using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// How much each tenant searches at present: every search counts one, and of what was counted half is forgotten in each half-life.
/// Safe for concurrent use.
/// </summary>
/// <param name="most">Tenants that are remembered; of more those that search least are forgotten.</param>
internal sealed class IndexPopularity(TimeProvider time, int most = IndexPopularity.MostTenants)
{
    public const int MostTenants = 50_000;

    public static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(10);

    // What two tenants do that search alike differs by chance: without a distance they would push each other out by turns.
    private const double Lead = 1.25;
    private const double LeastLead = 1;

    private readonly record struct Mark(double Score, long At);

    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, Mark> _marks = [];

    /// <summary>To be called at each search.</summary>
    public void Count(TenantId tenant)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _marks[tenant] = new Mark(Present(_marks.GetValueOrDefault(tenant), now) + 1, now);
            if (_marks.Count > most)
            {
                ForgetHalf(now);
            }
        }
    }

    /// <summary>0 for a tenant that has not searched, or not for long.</summary>
    public double Of(TenantId tenant)
    {
        lock (_lock)
        {
            return Present(_marks.GetValueOrDefault(tenant), time.GetTimestamp());
        }
    }

    public void Forget(TenantId tenant)
    {
        lock (_lock)
        {
            _marks.Remove(tenant);
        }
    }

    /// <summary>Whether one is so much above the other that it is more than chance.</summary>
    public static bool IsClearlyMore(double one, double other) => one > (Lead * other) + LeastLead;

    private double Present(Mark mark, long now) =>
        mark.Score * Math.Pow(2, -(time.GetElapsedTime(mark.At, now) / HalfLife));

    private void ForgetHalf(long now)
    {
        foreach (var (tenant, _) in _marks.OrderBy(entry => Present(entry.Value, now)).Take(_marks.Count / 2).ToList())
        {
            _marks.Remove(tenant);
        }
    }
}
