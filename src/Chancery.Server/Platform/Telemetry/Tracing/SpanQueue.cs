using System.Diagnostics;
using System.Threading.Channels;
using OpenTelemetry;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>
/// Spans that wait to be sent to one receiver, and the thread that sends them. A receiver that refuses, hangs or is not there
/// costs spans, which are counted, and never a request's time.
/// </summary>
internal class SpanQueue : BaseExportProcessor<Activity>
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(3);

    private readonly string _sink;
    private readonly TracingSettings _settings;
    private readonly DroppedTelemetry _dropped;
    private readonly Channel<Activity> _waiting;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _sender;
    private volatile bool _stopping;

    public SpanQueue(string sink, BaseExporter<Activity> exporter, TracingSettings settings, DroppedTelemetry dropped)
        : base(exporter)
    {
        (_sink, _settings, _dropped) = (sink, settings, dropped);
        _waiting = Channel.CreateBounded<Activity>(
            new BoundedChannelOptions(settings.MostWaiting) { SingleReader = true }
        );
        _sender = new Thread(Run) { IsBackground = true, Name = $"spans to {sink}" };
        _sender.Start();
    }

    protected virtual bool Wants(Activity span) => span.Recorded;

    protected override void OnExport(Activity data)
    {
        if (!Wants(data))
        {
            return;
        }

        if (!_waiting.Writer.TryWrite(data))
        {
            _dropped.Count(_sink, "queue_full");
        }
        else if (_waiting.Reader.Count >= _settings.Batch)
        {
            _wake.Set();
        }
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _stopping = true;
        _waiting.Writer.TryComplete();
        _wake.Set();
        var longest = (int)LongestStop.TotalMilliseconds;
        return _sender.Join(timeoutMilliseconds < 0 ? longest : Math.Min(longest, timeoutMilliseconds));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            OnShutdown(0);
        }

        base.Dispose(disposing);
    }

    private void Run()
    {
        var batch = new Activity[_settings.Batch];
        while (true)
        {
            var last = _stopping;
            while (Fill(batch) is var count and > 0)
            {
                Send(batch, count);
                Array.Clear(batch, 0, count);
            }

            if (last)
            {
                return;
            }

            _wake.WaitOne(_settings.Delay);
        }
    }

    private int Fill(Activity[] batch)
    {
        var count = 0;
        while (count < batch.Length && _waiting.Reader.TryRead(out var span))
        {
            if (SpanMask.Apply(span))
            {
                batch[count++] = span;
            }
            else
            {
                _dropped.Count(_sink, "secret");
            }
        }

        return count;
    }

    private void Send(Activity[] batch, int count)
    {
        if (TrySend(batch, count))
        {
            return;
        }

        if (!_stopping)
        {
            // The wake of a full queue may cut the pause short; then there is all the more reason to go on.
            _wake.WaitOne(_settings.Delay < LongestPause ? _settings.Delay : LongestPause);
            if (TrySend(batch, count))
            {
                return;
            }
        }

        _dropped.Count(_sink, "export_failed", count);
    }

    private bool TrySend(Activity[] batch, int count)
    {
        try
        {
            using var spans = new Batch<Activity>(batch, count);
            return exporter.Export(spans) == ExportResult.Success;
        }
#pragma warning disable CA1031 // Whatever it is, the thread has to go on: nobody else would send anything again.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }
}
