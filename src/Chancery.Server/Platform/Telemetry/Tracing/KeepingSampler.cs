using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>
/// The operator's sampler; what it decides against is still recorded where something later may want it: errors and fallbacks
/// (<see cref="TailProcessor"/>), and calls to models where Langfuse samples by itself.
/// </summary>
/// <remarks>
/// Calls of the database or of others that belong to no request, as background work makes them all the time, are no traces.
/// </remarks>
internal sealed class KeepingSampler(Sampler asked, bool keepsWhatMatters, bool keepsModelCalls) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var callsModel = IsModelCall(samplingParameters);
        if (
            samplingParameters.ParentContext.TraceId == default
            && samplingParameters.Kind is ActivityKind.Client
            && !callsModel
        )
        {
            return new(SamplingDecision.Drop);
        }

        var result = asked.ShouldSample(samplingParameters);
        return result.Decision is SamplingDecision.Drop && (keepsWhatMatters || (keepsModelCalls && callsModel))
            ? new(SamplingDecision.RecordOnly)
            : result;
    }

    private static bool IsModelCall(in SamplingParameters parameters)
    {
        foreach (var (name, _) in parameters.Tags ?? [])
        {
            if (name == SpanNames.ModelOperation)
            {
                return true;
            }
        }

        return false;
    }
}
