using Chancery.Models;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Inference.Registry;

/// <summary>Something that answers.</summary>
/// <param name="Id">What a request names; unique without regard to case.</param>
/// <param name="Name">For people.</param>
/// <param name="Endpoint">Null for the built-in extractive answerer.</param>
/// <param name="Provider">The known provider that it is of; null for others.</param>
/// <param name="IsOwnKey">Whether the endpoint's key is the asking person's own.</param>
public sealed record ChatModel(
    string Id,
    string Name,
    ModelEndpoint? Endpoint,
    string? Provider = null,
    bool IsOwnKey = false
)
{
    /// <summary>The answer gets at most this share of a model's window, where nobody said how long it may be.</summary>
    private const int OutputShare = 4;

    public const string ExtractiveId = "extractive";

    /// <summary>Quotes sentences; needs no model, no key and no network.</summary>
    public static ChatModel Extractive { get; } = new(ExtractiveId, "Quotes from your documents", null);

    public bool IsExtractive => Endpoint is null;

    public ModelAbilities Abilities { get; init; } = ModelAbilities.Unknown;

    public ModelReasoning Reasons =>
        IsExtractive || Abilities.ChainOfThought == false ? ModelReasoning.None
        : Abilities.Reasoning == true ? ModelReasoning.Native
        : ModelReasoning.Prompted;

    /// <summary>By the day that each counts from, oldest first; empty where nobody said what it costs.</summary>
    public IReadOnlyList<TokenPrices> Prices { get; init; } = [];

    /// <summary>Other keys of the same provider, for when the endpoint's is refused or used up.</summary>
    public IReadOnlyList<string> OtherKeys { get; init; } = [];

    /// <summary>As the registry says; null where nobody said.</summary>
    public int? StatedMostOutput { get; init; }

    /// <summary>The limit of an answer whose request names none, as the registry says; null where nobody said.</summary>
    public int? DefaultOutputTokens { get; init; }

    /// <summary>The most tokens that an answer may be given; null where nothing counts them.</summary>
    public int? MaxOutputTokens =>
        Endpoint is null ? null
        : StatedMostOutput is { } stated ? Math.Min(stated, Endpoint.ContextWindowTokens)
        : Endpoint.ContextWindowTokens / OutputShare;

    /// <summary>
    /// As its chain says: how long it may show nothing before the next one is asked beside it, zero for never; null where the chain says
    /// nothing, and where it is asked alone.
    /// </summary>
    public TimeSpan? HedgeAfter { get; init; }

    public string Kind =>
        Endpoint?.Protocol switch
        {
            null => "extractive",
            ModelProtocol.Anthropic => "anthropic",
            ModelProtocol.Gemini => "gemini",
            _ => "openai-compatible",
        };

    /// <summary>The name of whoever serves it, as usage and telemetry tell it.</summary>
    public string ProviderName => Provider ?? (IsExtractive ? "chancery" : "custom");

    /// <summary>The prices that count on a day; null where nobody said what it costs then.</summary>
    public TokenPrices? PricesOn(DateOnly day) => Prices.LastOrDefault(prices => prices.From <= day);
}
