using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>What is known of a call to a model before it is sent.</summary>
/// <param name="Operation">One of <see cref="GenAI.Operations"/>.</param>
/// <param name="Provider">The provider's id in the registry; its name in the conventions is found here.</param>
/// <param name="Model">The model that is asked, after chains and aliases are resolved.</param>
public readonly record struct ModelCallStart(string Operation, string Provider, string Model)
{
    /// <summary>Where the call goes; null where the model runs in this process.</summary>
    public Uri? Address { get; init; }

    /// <summary>The model runs in this process: then the span is no client's.</summary>
    public bool InProcess { get; init; }

    public bool Streamed { get; init; }

    public int? MaxTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public double? TopK { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public long? Seed { get; init; }

    public int? Choices { get; init; }

    public IReadOnlyList<string>? StopSequences { get; init; }

    /// <summary><c>text</c>, <c>json</c>, <c>image</c> or <c>speech</c>, where the request says so.</summary>
    public string? OutputType { get; init; }

    /// <summary>Of embeddings.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Of embeddings: <c>float</c>, <c>base64</c>.</summary>
    public string? EncodingFormat { get; init; }

    /// <summary><c>chat_completions</c> or <c>responses</c>, where the provider speaks OpenAI's protocol.</summary>
    public string? OpenAIApi { get; init; }

    public string? ConversationId { get; init; }

    public TenantId? Tenant { get; init; }

    public Guid? UserId { get; init; }

    public Guid? KeyId { get; init; }

    /// <summary>Which attempt of the request this is, from 1 on; 0 where nobody counts.</summary>
    public int Attempt { get; init; }

    /// <summary>How many targets were given up before this one.</summary>
    public int FallbackIndex { get; init; }

    /// <summary>Another target showed nothing for long, and this one is asked beside it.</summary>
    public bool IsHedge { get; init; }

    /// <summary>The stored prompt that the request was made from, with its version.</summary>
    public string? PromptName { get; init; }

    public string? PromptVersion { get; init; }

    /// <summary>How much the model was asked to think, such as <c>low</c>.</summary>
    public string? ReasoningLevel { get; init; }
}

/// <summary>What is known of a call to a model when it has ended.</summary>
/// <remarks>
/// The classes of tokens are disjoint but for reasoning, which is inside the output; the conventions' sums are made here.
/// Unknown stays null: what was not reported is not told as 0.
/// </remarks>
public readonly record struct ModelCallEnd
{
    /// <summary>Input that neither came from the provider's cache nor went into it.</summary>
    public long? InputTokens { get; init; }

    public long? CacheReadTokens { get; init; }

    public long? CacheWriteTokens { get; init; }

    /// <summary>Reasoning included.</summary>
    public long? OutputTokens { get; init; }

    public long? ReasoningTokens { get; init; }

    /// <summary>The tokens were counted here because the provider did not say: they are no measurement then.</summary>
    public bool Estimated { get; init; }

    public string? FinishReason { get; init; }

    public string? ResponseModel { get; init; }

    public string? ResponseId { get; init; }

    internal bool HasInput => InputTokens is not null || CacheReadTokens is not null || CacheWriteTokens is not null;

    internal long AllInput => (InputTokens ?? 0) + (CacheReadTokens ?? 0) + (CacheWriteTokens ?? 0);
}
