using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Chancery.Search;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Search.Recall;

/// <summary>
/// Answers a share of the searches once more behind their back, by looking at every vector as it was made, and tells as
/// <c>vector_search_recall</c> how many of the nearest passages had been served. One at a time, and nine times as long at rest as at work, so
/// that it never takes more than a tenth of one connection; what comes meanwhile is left out. Safe for concurrent use.
/// </summary>
internal sealed class RecallProbe : BackgroundService
{
    /// <summary>The values of the label <c>k</c>.</summary>
    public static readonly IReadOnlyList<int> Depths = [10, 100];

    /// <summary>The gauge is the mean of so many searches, the last ones.</summary>
    public const int Remembered = 200;

    private const int MostWaiting = 16;
    private const int RestForWork = 9;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromMinutes(1);

    private readonly PassageStore _store;
    private readonly double _share;
    private readonly TimeProvider _time;
    private readonly ILogger<RecallProbe> _logger;
    private readonly Counter<long> _samples;
    private readonly Channel<Sample> _waiting = Channel.CreateBounded<Sample>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true }
    );

    private readonly Dictionary<int, Queue<double>> _last = Depths.ToDictionary(
        depth => depth,
        _ => new Queue<double>(Remembered)
    );

    private long _seen;

    public RecallProbe(
        PassageStore store,
        IOptions<KnowledgeOptions> options,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<RecallProbe> logger
    )
    {
        (_store, _share, _time, _logger) = (store, options.Value.SearchRecallSample, time, logger);
        var meter = meters.Create(MeasuredPassageSearch.MeterName);
        meter.CreateObservableGauge<double>(
            "vector_search_recall",
            Observe,
            description: $"Share of the k nearest passages that searches served: the mean of the last {Remembered} that were looked into."
        );
        _samples = meter.CreateCounter<long>(
            "vector_search_recall_samples_total",
            description: "Searches that were answered once more to measure recall."
        );
    }

    /// <summary>Takes the search into account, if it is its turn; at once, whatever becomes of it.</summary>
    /// <param name="served">Null where every vector was looked at: held against itself that would always be right.</param>
    public void Offer(TenantId tenant, PassageQuery query, ServedNearest? served)
    {
        if (served is null || _share <= 0 || !IsItsTurn())
        {
            return;
        }

        // What must and must not stand in a passage is judged by each engine's own analysis, which is not what is measured here.
        var parsed = QuerySyntax.Parse(query.Text);
        if (parsed.Phrases.Any() || parsed.Excluded.Any())
        {
            return;
        }

        if (!_waiting.Writer.TryWrite(new(tenant, query, served)))
        {
            Count("skipped");
        }
    }

    /// <summary>Searches that wait to be looked into.</summary>
    internal int Waiting => _waiting.Reader.Count;

    /// <summary>Null until something was measured.</summary>
    internal double? RecallAt(int depth)
    {
        lock (_last)
        {
            return _last[depth].Count == 0 ? null : _last[depth].Average();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var sample in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            var started = _time.GetTimestamp();
            var rest = ShortestRest;
            try
            {
                await MeasureAsync(sample, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.RecallNotMeasured(_logger, exception);
                Count("error");
                rest = RestAfterFailure;
            }

            var worked = _time.GetElapsedTime(started);
            await Task.Delay(
                TimeSpan.FromTicks(Math.Max(rest.Ticks, RestForWork * worked.Ticks)),
                _time,
                stoppingToken
            );
        }
    }

    private async Task MeasureAsync(Sample sample, CancellationToken cancellationToken)
    {
        var exact = await _store.ExactAsync(
            sample.Tenant,
            sample.Query,
            sample.Served,
            Depths.Max(),
            cancellationToken
        );
        if (exact is null)
        {
            // Something changed since: what was right then may be wrong now.
            Count("outdated");
            return;
        }

        lock (_last)
        {
            foreach (var depth in Depths)
            {
                if (exact.RecallAt(depth) is { } recall)
                {
                    Remember(_last[depth], recall);
                }
            }
        }

        Count("success");
    }

    private static void Remember(Queue<double> last, double recall)
    {
        if (last.Count == Remembered)
        {
            last.Dequeue();
        }

        last.Enqueue(recall);
    }

    /// <summary>Every so manieth search, the first of them included.</summary>
    private bool IsItsTurn()
    {
        var number = Interlocked.Increment(ref _seen);
        return Math.Ceiling(number * _share) > Math.Ceiling((number - 1) * _share);
    }

    private IEnumerable<Measurement<double>> Observe() =>
        from depth in Depths
        let recall = RecallAt(depth)
        where recall is not null
        select new Measurement<double>(recall.Value, new KeyValuePair<string, object?>("k", depth));

    private void Count(string status) => _samples.Add(1, new KeyValuePair<string, object?>("status", status));

    private sealed record Sample(TenantId Tenant, PassageQuery Query, ServedNearest Served);
}
