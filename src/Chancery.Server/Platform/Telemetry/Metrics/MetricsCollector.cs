using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

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
/// Labels are taken from a short list, none of which can name a tenant, a person or a text; measurements that differ only in
/// others are added up. A server in the same process has its own meters and its own collector.
/// </remarks>
internal sealed class MetricsCollector(IServiceProvider services) : IHostedService, IDisposable
{
    // A label with unforeseen values must cost a bounded amount of memory.
    private const int MostSeries = 20_000;

    private static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Npgsql",
        "System.Runtime",
    ];

    private const string OwnMeters = "Chancery.";

    private static readonly HashSet<string> Labels =
    [
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "network.protocol.version",
        "gc.heap.generation",
        "gc.generation",
        "dotnet.gc.heap.generation",
        "db.client.connection.state",
        "state",
        "status",
        "engine",
        "kind",
        "model",
        "provider",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.token.type",
    ];

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

    private readonly ConcurrentDictionary<Key, Sum> _sums = new();
    private readonly MeterListener _listener = new();
    private IMeterFactory? _factory;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Now: other servers in the process publish instruments while this one is being disposed.
        _factory = services.GetService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsWanted(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<float>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    /// <summary>All series as they are now.</summary>
    public IReadOnlyList<Series> Read()
    {
        _listener.RecordObservableInstruments();
        return
        [
            .. _sums
                .Select(pair => pair.Value.Read(pair.Key))
                .OrderBy(series => series.Instrument.Name, StringComparer.Ordinal)
                .ThenBy(series => string.Join(',', series.Labels), StringComparer.Ordinal),
        ];
    }

    // The framework makes meters per container, and marks them with what made them.
    private bool IsWanted(Meter meter) =>
        (Meters.Contains(meter.Name) || meter.Name.StartsWith(OwnMeters, StringComparison.Ordinal))
        && (meter.Scope is null || ReferenceEquals(meter.Scope, _factory));

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<KeyValuePair<string, string>>(tags.Length);
        foreach (var (name, given) in tags)
        {
            if (Labels.Contains(name) && given?.ToString() is { } text)
            {
                labels.Add(new(name, text));
            }
        }

        labels.Sort((one, other) => string.CompareOrdinal(one.Key, other.Key));
        var key = new Key(instrument, labels);
        if (!_sums.TryGetValue(key, out var sum))
        {
            if (_sums.Count >= MostSeries)
            {
                return;
            }

            sum = _sums.GetOrAdd(key, _ => new Sum(BoundsOf(instrument)));
        }

        sum.Add(value, replaces: instrument.IsObservable);
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

    private sealed record Key(Instrument Instrument, IReadOnlyList<KeyValuePair<string, string>> Labels)
    {
        public bool Equals(Key? other) =>
            other is not null && ReferenceEquals(Instrument, other.Instrument) && Labels.SequenceEqual(other.Labels);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(Instrument);
            foreach (var label in Labels)
            {
                hash.Add(label);
            }

            return hash.ToHashCode();
        }
    }

    private sealed class Sum(IReadOnlyList<double>? bounds)
    {
        private readonly Lock _gate = new();
        private readonly long[]? _buckets = bounds is null ? null : new long[bounds.Count + 1];
        private double _value;
        private long _count;

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

        public Series Read(Key key)
        {
            lock (_gate)
            {
                return new Series(key.Instrument, key.Labels, _value, _count, bounds, _buckets?.ToArray());
            }
        }
    }
}
