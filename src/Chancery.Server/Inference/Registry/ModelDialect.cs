using Chancery.Models;

namespace Chancery.Server.Inference.Registry;

/// <summary>Where servers of one protocol differ, as an operator may say it of a provider or of one model; null where nobody said.</summary>
/// <param name="AsksForUsage">Whether a stream asks for its usage by <c>stream_options</c>.</param>
/// <param name="TakesMaxCompletionTokens">Whether the limit of an answer goes as <c>max_completion_tokens</c>, not as <c>max_tokens</c>.</param>
/// <param name="TakesReasoningBack">Whether the reasoning of earlier turns goes along.</param>
/// <param name="DefaultOutputTokens">The limit of an answer where the request names none; at least 1.</param>
public sealed record ModelDialect(
    bool? AsksForUsage = null,
    bool? TakesMaxCompletionTokens = null,
    bool? TakesReasoningBack = null,
    int? DefaultOutputTokens = null
)
{
    public static ModelDialect Usual { get; } = new();

    /// <summary>Whether it says anything that only OpenAI's protocol has.</summary>
    public bool IsOfOpenAI => (AsksForUsage ?? TakesMaxCompletionTokens ?? TakesReasoningBack) is not null;

    /// <summary>This, and where it says nothing what <paramref name="other"/> says.</summary>
    public ModelDialect Over(ModelDialect other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            AsksForUsage ?? other.AsksForUsage,
            TakesMaxCompletionTokens ?? other.TakesMaxCompletionTokens,
            TakesReasoningBack ?? other.TakesReasoningBack,
            DefaultOutputTokens ?? other.DefaultOutputTokens
        );
    }

    /// <summary>The endpoint, spoken to in this way.</summary>
    public ModelEndpoint On(ModelEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint with
        {
            AsksForUsage = AsksForUsage ?? endpoint.AsksForUsage,
            TakesMaxCompletionTokens = TakesMaxCompletionTokens ?? endpoint.TakesMaxCompletionTokens,
            TakesReasoningBack = TakesReasoningBack ?? endpoint.TakesReasoningBack,
            DefaultOutputTokens = DefaultOutputTokens ?? endpoint.DefaultOutputTokens,
        };
    }
}
