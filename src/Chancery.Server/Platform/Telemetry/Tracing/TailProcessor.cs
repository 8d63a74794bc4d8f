using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>
/// Holds back spans that the sampler decided against until their request ends, and keeps all of them if one failed, was a
/// fallback, or says that it is worth it (<see cref="SpanNames.Keep"/>).
/// </summary>
/// <remarks>
/// It sees this process only: another service that was told "not sampled" stays silent about the same trace. What ends after
/// its request is lost to it. What it holds is bounded: beyond <see cref="MostTraces"/> requests at a time, or
/// <see cref="MostSpans"/> spans of one, spans are counted as dropped.
/// </remarks>
internal sealed class TailProcessor(bool keepsWhatMatters, DroppedTelemetry dropped, TimeProvider time)
    : BaseProcessor<Activity>
{
    private const int MostTraces = 2000;
    private const int MostSpans = 200;

    // Longer than any request; what is older belongs to one that never ended.
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<ActivityTraceId, Held> _held = new();

    /// <summary>Whoever gets the spans of a request that is kept after all.</summary>
    public BaseProcessor<Activity>? Next { get; set; }

    public override void OnStart(Activity data)
    {
        if (data.Kind is ActivityKind.Client && data.Parent?.GetCustomProperty(SpanNames.Resent) is int times)
        {
            data.SetTag("http.request.resend_count", times);
        }
    }

    public override void OnEnd(Activity data)
    {
        if (data.Recorded || !keepsWhatMatters || Next is not { } next)
        {
            return;
        }

        var isWorthIt = IsWorthIt(data);
        if (data.Parent is not null)
        {
            Hold(data, isWorthIt);
            return;
        }

        var held = _held.TryRemove(data.TraceId, out var found) ? found : null;
        if (!isWorthIt && held is not { IsWorthIt: true })
        {
            return;
        }

        foreach (var span in held?.Take() ?? [])
        {
            Keep(span);
            next.OnEnd(span);
        }

        // The next ones in the provider's row take it from here.
        Keep(data);
    }

    internal static bool IsWorthIt(Activity span) =>
        span.Status is ActivityStatusCode.Error
        || span.GetTagItem(SpanNames.Keep) is not null
        || span.GetTagItem(SpanNames.FallbackIndex) is > 0 or > 0L;

    private static void Keep(Activity span) => span.ActivityTraceFlags |= ActivityTraceFlags.Recorded;

    private void Hold(Activity span, bool isWorthIt)
    {
        if (!_held.TryGetValue(span.TraceId, out var held))
        {
            if (_held.Count >= MostTraces && !MakeRoom())
            {
                dropped.Count("tail", "queue_full");
                return;
            }

            held = _held.GetOrAdd(span.TraceId, _ => new Held(time.GetTimestamp()));
        }

        if (!held.Add(span, isWorthIt))
        {
            dropped.Count("tail", "queue_full");
        }
    }

    private bool MakeRoom()
    {
        var made = false;
        foreach (var (id, held) in _held)
        {
            if (time.GetElapsedTime(held.Since) > Forgotten)
            {
                made |= _held.TryRemove(id, out _);
            }
        }

        return made;
    }

    private sealed class Held(long since)
    {
        private readonly Lock _gate = new();
        private readonly List<Activity> _spans = [];

        public long Since => since;

        public bool IsWorthIt { get; private set; }

        public bool Add(Activity span, bool isWorthIt)
        {
            lock (_gate)
            {
                IsWorthIt |= isWorthIt;
                if (_spans.Count >= MostSpans)
                {
                    return false;
                }

                _spans.Add(span);
                return true;
            }
        }

        public Activity[] Take()
        {
            lock (_gate)
            {
                return [.. _spans];
            }
        }
    }
}
