namespace Chancery.Models;

/// <summary>Where one model is reached, how it is spoken to, and how much it can read.</summary>
/// <param name="BaseAddress">
/// The root of the interface including its version, such as <c>http://localhost:11434/v1</c>,
/// <c>https://api.anthropic.com/v1</c> or <c>https://generativelanguage.googleapis.com/v1beta</c>. With or without a final
/// slash.
/// </param>
/// <param name="Model">The model's id as that endpoint knows it.</param>
/// <param name="ApiKey">Sent as a header, never in an address; <see langword="null"/> or empty where none is wanted.</param>
/// <param name="ContextWindowTokens">Prompt and answer together, in tokens.</param>
public sealed record ModelEndpoint(Uri BaseAddress, string Model, string? ApiKey, int ContextWindowTokens = 4096)
{
    public ModelProtocol Protocol { get; init; }

    /// <summary>
    /// Whether a stream asks for its usage by <c>stream_options</c>; false for an OpenAI-compatible endpoint that refuses the
    /// parameter. The other protocols report usage unasked.
    /// </summary>
    public bool AsksForUsage { get; init; } = true;

    /// <summary>
    /// Whether an OpenAI-compatible endpoint takes the limit of the answer as <c>max_completion_tokens</c>, as OpenAI's
    /// reasoning models insist, and not as <c>max_tokens</c>, as most others do.
    /// </summary>
    public bool TakesMaxCompletionTokens { get; init; }

    /// <summary>
    /// Whether an OpenAI-compatible endpoint wants the reasoning of earlier turns back as <c>reasoning_content</c>, as DeepSeek
    /// does between the calls of tools. Others refuse it or pay for it.
    /// </summary>
    public bool TakesReasoningBack { get; init; }

    /// <summary>
    /// Most tokens of an answer where the caller names no limit and the protocol wants one, as Anthropic's does.
    /// </summary>
    public int DefaultOutputTokens { get; init; } = 4096;

    /// <summary>Names the endpoint and the model, never the key.</summary>
    public override string ToString() => $"{Model} at {BaseAddress}";

    internal Uri Route(string path) => new($"{BaseAddress.AbsoluteUri.TrimEnd('/')}/{path}");
}
