using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>One series: an instrument under one set of labels.</summary>
/// <param name="Buckets">Counts up to each of <paramref name="Bounds"/> and beyond the last; null unless it is a histogram.</param>
internal sealed record Series(
    Instrument Instrument,
    IReadOnlyList<KeyValuePair<string, string>> Labels,
    double Value,
    long Count,
    IReadOnlyList<double>? Bounds,
    IReadOnlyList<long>? Buckets
);

/// <summary>Adds up what this server's instruments, and the runtime's, have measured. Safe for concurrent use.</summary>
/// <remarks>
/// Labels are taken from a short list (<see cref="MetricNames"/>); measurements that differ only in others are added up. A
/// server in the same process has its own meters and its own collector. A measurement of known labels allocates nothing.
/// </remarks>
internal sealed class MetricsCollector(IServiceProvider services) : IDisposable
{
    // A label with unforeseen values must cost a bounded amount of memory.
    private const int MostSeries = 20_000;

    private static readonly double[] Seconds =
    [
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
        60,
    ];

    private readonly ConcurrentBag<SumsOfInstrument> _instruments = [];
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private IMeterFactory? _factory;
    private bool _started;
    private int _series;

    /// <summary>Listens from now on; once is enough.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_started)
            {
                return;
            }

            _started = true;
        }

        // Now: other servers in the process publish instruments while this one is being disposed.
        _factory = services.GetService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsWanted(instrument.Meter))
            {
                var sums = new SumsOfInstrument(instrument, this);
                _instruments.Add(sums);
                listener.EnableMeasurementEvents(instrument, sums);
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Add(state, value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => Add(state, value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Add(state, value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Add(state, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>All series as they are now; one for each name and set of labels.</summary>
    public IReadOnlyList<Series> Read()
    {
        _listener.RecordObservableInstruments();
        return
        [
            .. _instruments
                .SelectMany(instrument => instrument.Read())
                // Two values may look alike once they are text, and two instruments bear one name.
                .GroupBy(series => (series.Instrument.Name, Text: string.Join(',', series.Labels)))
                .OrderBy(group => group.Key.Name, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Text, StringComparer.Ordinal)
                .Select(group => group.Aggregate(Together)),
        ];
    }

    private static Series Together(Series one, Series other) =>
        one with
        {
            Value = one.Value + other.Value,
            Count = one.Count + other.Count,
            Buckets =
                one.Buckets is { } buckets && other.Buckets is { } others && buckets.Count == others.Count
                    ? [.. buckets.Zip(others, (a, b) => a + b)]
                    : one.Buckets,
        };

    // The framework makes meters per container, and marks them with what made them.
    private bool IsWanted(Meter meter) =>
        (
            MetricNames.Meters.Contains(meter.Name)
            || meter.Name.StartsWith(MetricNames.OwnMeters, StringComparison.Ordinal)
        ) && (meter.Scope is null || ReferenceEquals(meter.Scope, _factory));

    private static void Add(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // One infinite measurement would spoil a sum for ever.
        if (double.IsFinite(value))
        {
            ((SumsOfInstrument)state!).Add(value, tags);
        }
    }

    private bool TakeSeries()
    {
        if (Interlocked.Increment(ref _series) <= MostSeries)
        {
            return true;
        }

        Interlocked.Decrement(ref _series);
        return false;
    }

    private static IReadOnlyList<double>? BoundsOf(Instrument instrument) =>
        instrument switch
        {
            Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries ?? Seconds,
            Histogram<long> histogram => histogram
                .Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound)
                .ToArray()
                ?? Seconds,
            _ => null,
        };

    private static bool IsWanted(ReadOnlySpan<KeyValuePair<string, object?>> tags, int at)
    {
        if (tags[at].Value is null || !MetricNames.Labels.Contains(tags[at].Key))
        {
            return false;
        }

        // Said twice, the first counts.
        for (var before = 0; before < at; before++)
        {
            if (tags[before].Key == tags[at].Key)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>All series of one instrument, found by their labels without making anything.</summary>
    private sealed class SumsOfInstrument(Instrument instrument, MetricsCollector collector)
    {
        private readonly ConcurrentDictionary<int, Sum> _byHash = new();
        private readonly IReadOnlyList<double>? _bounds = BoundsOf(instrument);

        private readonly bool _replaces =
            instrument.IsObservable
            || (
                instrument.GetType() is { IsGenericType: true } type
                && type.GetGenericTypeDefinition() == typeof(Gauge<>)
            );

        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            Find(tags)?.Add(value, _replaces);

        public IEnumerable<Series> Read()
        {
            foreach (var (_, first) in _byHash)
            {
                for (var sum = first; sum is not null; sum = sum.Next)
                {
                    yield return sum.Read(instrument);
                }
            }
        }

        private Sum? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Labels come in any order.
            var hash = 0;
            var count = 0;
            for (var i = 0; i < tags.Length; i++)
            {
                if (IsWanted(tags, i))
                {
                    hash += HashCode.Combine(tags[i].Key, tags[i].Value);
                    count++;
                }
            }

            _byHash.TryGetValue(hash, out var first);
            return Among(first, tags, count) ?? Make(hash, tags, count);
        }

        private static Sum? Among(Sum? first, ReadOnlySpan<KeyValuePair<string, object?>> tags, int count)
        {
            for (var sum = first; sum is not null; sum = sum.Next)
            {
                if (sum.Has(tags, count))
                {
                    return sum;
                }
            }

            return null;
        }

        private Sum? Make(int hash, ReadOnlySpan<KeyValuePair<string, object?>> tags, int count)
        {
            lock (_byHash)
            {
                _byHash.TryGetValue(hash, out var first);
                if (Among(first, tags, count) is { } made)
                {
                    return made;
                }

                if (!collector.TakeSeries())
                {
                    return null;
                }

                var labels = new List<KeyValuePair<string, object>>(count);
                for (var i = 0; i < tags.Length; i++)
                {
                    if (IsWanted(tags, i))
                    {
                        labels.Add(new(tags[i].Key, tags[i].Value!));
                    }
                }

                return _byHash[hash] = new Sum([.. labels], _bounds, first);
            }
        }
    }

    private sealed class Sum(KeyValuePair<string, object>[] labels, IReadOnlyList<double>? bounds, Sum? next)
    {
        private readonly Lock _gate = new();
        private readonly long[]? _buckets = bounds is null ? null : new long[bounds.Count + 1];
        private double _value;
        private long _count;

        /// <summary>One whose labels have the same hash.</summary>
        public Sum? Next => next;

        public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> tags, int count)
        {
            if (count != labels.Length)
            {
                return false;
            }

            foreach (var (name, value) in labels)
            {
                var found = false;
                foreach (var (tag, given) in tags)
                {
                    if (given is not null && tag == name)
                    {
                        found = value.Equals(given);
                        break;
                    }
                }

                if (!found)
                {
                    return false;
                }
            }

            return true;
        }

        public void Add(double value, bool replaces)
        {
            lock (_gate)
            {
                _value = replaces ? value : _value + value;
                _count++;
                if (_buckets is not null)
                {
                    var at = 0;
                    while (at < bounds!.Count && value > bounds[at])
                    {
                        at++;
                    }

                    _buckets[at]++;
                }
            }
        }

        public Series Read(Instrument instrument)
        {
            var texts = labels
                .Select(label => new KeyValuePair<string, string>(
                    label.Key,
                    Convert.ToString(label.Value, CultureInfo.InvariantCulture) ?? ""
                ))
                .OrderBy(label => label.Key, StringComparer.Ordinal)
                .ToList();
            lock (_gate)
            {
                return new Series(instrument, texts, _value, _count, bounds, _buckets?.ToArray());
            }
        }
    }
}
