using System.Buffers.Binary;
using System.Diagnostics;
using OpenTelemetry;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>
/// Calls to models on their way to Langfuse, and nothing else; their parents' ids stay on them, so that the two traces can be
/// laid side by side.
/// </summary>
internal sealed class LangfuseQueue(
    LangfuseSettings langfuse,
    BaseExporter<Activity> exporter,
    TracingSettings settings,
    DroppedTelemetry dropped
) : SpanQueue("langfuse", exporter, settings, dropped)
{
    public override void OnEnd(Activity data)
    {
        if (Wants(data))
        {
            Correlate(data);
            base.OnEnd(data);
        }
    }

    protected override bool Wants(Activity span) =>
        span.GetTagItem(SpanNames.ModelOperation) is not null && IsSampled(span.TraceId, langfuse.SampleRate);

    /// <summary>The same answer for all spans of a trace.</summary>
    internal static bool IsSampled(ActivityTraceId trace, double rate)
    {
        Span<byte> bytes = stackalloc byte[16];
        trace.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) / (double)ulong.MaxValue < rate || rate >= 1;
    }

    private static void Correlate(Activity span)
    {
        span.SetTag("langfuse.session.id", span.GetTagItem(SpanNames.Conversation));
        span.SetTag("langfuse.user.id", FirstOf(span, SpanNames.User));
        span.SetTag("langfuse.trace.metadata.request_id", FirstOf(span, SpanNames.RequestId));
        span.SetTag("langfuse.trace.metadata.tenant_id", FirstOf(span, SpanNames.Tenant));
        span.SetTag("langfuse.trace.metadata.trace_id", span.TraceId.ToHexString());
    }

    private static object? FirstOf(Activity span, string name)
    {
        for (var at = span; at is not null; at = at.Parent)
        {
            if (at.GetTagItem(name) is { } value)
            {
                return value;
            }
        }

        return null;
    }
}
