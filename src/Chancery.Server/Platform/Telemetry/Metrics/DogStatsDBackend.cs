using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Tells a Datadog agent, by UDP, what was counted since the last time.</summary>
/// <remarks>
/// Histograms are three counters, as Datadog's agent makes of Prometheus' ones: <c>….count</c>, <c>….sum</c>, and
/// <c>….bucket</c> with <c>upper_bound</c>. The key of Datadog is the agent's: it is not sent from here.
/// </remarks>
internal sealed class DogStatsDBackend(
    IConfiguration configuration,
    MetricsCollector collector,
    DroppedTelemetry dropped,
    TimeProvider time
) : IMetricsBackend, IDisposable
{
    // What gets through any network in one piece.
    private const int LongestPacket = 1432;

    private readonly string _host = configuration["DD_AGENT_HOST"]?.Trim() is { Length: > 0 } host ? host : "localhost";
    private readonly int _port = Numbers.Read(configuration, "DD_DOGSTATSD_PORT", 8125, 1, 65_535);

    private readonly TimeSpan _interval = TimeSpan.FromMilliseconds(
        Numbers.Read(configuration, "OTEL_METRIC_EXPORT_INTERVAL", 10_000, 1, 3_600_000)
    );

    private readonly Dictionary<string, double> _told = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public string Name => "datadog";

    public bool IsConfigured =>
        !string.IsNullOrWhiteSpace(configuration["DD_AGENT_HOST"])
        || SecretSetting.Read(configuration, "DATADOG_API_KEY") is not null;

    public void Start()
    {
        collector.Start();
        _running = RunAsync();
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await TellAsync();
            }
        }
        catch (OperationCanceledException)
        {
            await TellAsync();
        }
    }

    private async Task TellAsync()
    {
        var packets = Packets(collector.Read());
        try
        {
            using var socket = new UdpClient();
            foreach (var packet in packets)
            {
                await socket.SendAsync(packet, _host, _port);
            }
        }
        catch (SocketException)
        {
            // No such host, or nobody there: most of the time UDP does not even say so.
            dropped.Count("dogstatsd", "send_failed");
        }
    }

    /// <summary>What changed since the last time, as lines, as many in one packet as fit.</summary>
    internal List<byte[]> Packets(IReadOnlyList<Series> series)
    {
        var packets = new List<byte[]>();
        var packet = new StringBuilder();
        foreach (var line in series.SelectMany(Lines))
        {
            if (packet.Length + line.Length + 1 > LongestPacket && packet.Length > 0)
            {
                packets.Add(Encoding.UTF8.GetBytes(packet.ToString()));
                packet.Clear();
            }

            packet.Append(line).Append('\n');
        }

        if (packet.Length > 0)
        {
            packets.Add(Encoding.UTF8.GetBytes(packet.ToString()));
        }

        return packets;
    }

    private IEnumerable<string> Lines(Series one)
    {
        var name = one.Instrument.Name;
        var tags = string.Join(',', one.Labels.Select(label => $"{Safe(label.Key)}:{Safe(label.Value)}"));
        if (one is { Bounds: { } bounds, Buckets: { } buckets })
        {
            for (var i = 0; i < buckets.Count; i++)
            {
                var bound = i < bounds.Count ? bounds[i].ToString("R", CultureInfo.InvariantCulture) : "inf";
                var all = tags.Length == 0 ? $"upper_bound:{bound}" : $"{tags},upper_bound:{bound}";
                if (Rise($"{name}.bucket", all, buckets[i]) is { } bucket)
                {
                    yield return bucket;
                }
            }

            if (Rise($"{name}.count", tags, one.Count) is { } count)
            {
                yield return count;
            }

            if (Rise($"{name}.sum", tags, one.Value) is { } sum)
            {
                yield return sum;
            }
        }
        else if (!PrometheusText.IsCounter(one.Instrument))
        {
            yield return Line(name, one.Value, 'g', tags);
        }
        else if (Rise(name, tags, one.Value) is { } line)
        {
            yield return line;
        }
    }

    private string? Rise(string name, string tags, double value)
    {
        var key = $"{name}|{tags}";
        var rise = value - _told.GetValueOrDefault(key);
        _told[key] = value;
        return rise > 0 ? Line(name, rise, 'c', tags) : null;
    }

    private static string Line(string name, double value, char type, string tags) =>
        $"{name}:{value.ToString("R", CultureInfo.InvariantCulture)}|{type}{(tags.Length == 0 ? "" : "|#" + tags)}";

    // What the protocol itself is made of.
    private static string Safe(string text) =>
        string.Concat(text.Select(letter => letter is '|' or ',' or '#' or ':' or '\n' or '\r' ? '_' : letter));
}
