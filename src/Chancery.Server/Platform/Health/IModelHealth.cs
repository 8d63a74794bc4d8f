using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Platform.Health;

/// <summary>One language model with one of its keys, as this process sees it.</summary>
/// <param name="Credential">The first letters of the key's SHA-256; <c>none</c> without a key.</param>
/// <param name="State">
/// <c>closed</c>: it is asked. <c>open</c>: it failed and is left alone. <c>half-open</c>: one call tries it. <c>refused</c>: the
/// provider did not take the key.
/// </param>
/// <param name="OpenForSeconds">Until it is asked again; left out while it is asked.</param>
/// <param name="Calls">Attempts of the last quarter of an hour.</param>
/// <param name="Failures">Those of them that failed by the target's fault.</param>
/// <param name="LatencyMs">Of whole answers in that time, on average; left out without one.</param>
/// <param name="FirstPartMs">From the request to the first content of those.</param>
/// <param name="LastAnswerAt">When it last gave a whole answer, since this server started.</param>
/// <param name="LastFailure">Since this server started.</param>
internal sealed record ModelTarget(
    string Model,
    string Provider,
    string Credential,
    [property: OneOf("TargetState", "closed", "open", "half-open", "refused")] string State,
    double? OpenForSeconds,
    long Calls,
    long Failures,
    double? LatencyMs,
    double? FirstPartMs,
    DateTimeOffset? LastAnswerAt,
    TargetFailure? LastFailure
);

/// <summary>Why a target gave no whole answer.</summary>
/// <param name="Kind">
/// <c>transient</c>: no connection, a broken answer or a fault of the provider's. <c>timeout</c>: it took too long. <c>rate</c>: too
/// many requests. <c>credential</c>: the key was refused.
/// </param>
/// <param name="Status">Of the provider's answer, where there was one.</param>
internal sealed record TargetFailure(
    DateTimeOffset At,
    [property: OneOf("TargetFailureKind", "transient", "timeout", "rate", "credential")] string Kind,
    int? Status
);

/// <summary>Tells the operator about language models, and forgets their failures; safe for concurrent use.</summary>
internal interface IModelHealth
{
    public IReadOnlyList<ModelTarget> Tell();
}
