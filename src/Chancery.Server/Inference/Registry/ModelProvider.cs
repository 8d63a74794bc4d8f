using Chancery.Models;

namespace Chancery.Server.Inference.Registry;

/// <summary>Whoever serves models, as data: the shipped list and the operator's MODELS_FILE are lists of these.</summary>
/// <param name="Id">Goes before its models' ids; names the provider in the API.</param>
/// <param name="Name">For people.</param>
/// <param name="Protocol">How it is spoken to.</param>
/// <param name="BaseAddress">With the version of the interface; null where only the operator knows it.</param>
/// <param name="KeySettings">Names of the settings that hold its keys; the first is used until the provider refuses it.</param>
/// <param name="AddressSetting">Names the setting that holds another address, or the only one.</param>
/// <param name="ModelsSetting">Names the setting that lists models to offer, comma separated.</param>
/// <param name="Models">What is known of its models.</param>
/// <param name="ContextWindowTokens">Of models that are not listed: the smallest of its current ones.</param>
/// <param name="IsOwnMachine">Whether it is a server of the operator's own, which asks for no money.</param>
public sealed record ModelProvider(
    string Id,
    string Name,
    ModelProtocol Protocol,
    string? BaseAddress,
    IReadOnlyList<string> KeySettings,
    string? AddressSetting,
    string? ModelsSetting,
    IReadOnlyList<ProvidedModel> Models,
    int ContextWindowTokens,
    bool IsOwnMachine
)
{
    public ModelDialect Dialect { get; init; } = ModelDialect.Usual;

    /// <summary>Whether it was said, and not taken for granted, how it is spoken to.</summary>
    public bool IsProtocolStated { get; init; }

    /// <summary>Whether it was said how much its models read.</summary>
    public bool IsWindowStated { get; init; }

    /// <summary>Whether a person can bring their own key.</summary>
    public bool TakesKey => BaseAddress is not null && KeySettings.Count > 0;

    /// <summary>The setting that an operator makes to have it.</summary>
    public string? Setting => KeySettings.Count > 0 ? KeySettings[0] : AddressSetting;
}

/// <summary>One model of a provider.</summary>
/// <param name="Name">As the provider knows it.</param>
/// <param name="Label">What people know it as.</param>
/// <param name="ContextWindowTokens">Null: the provider's.</param>
/// <param name="MostOutputTokens">The most that one answer may have; null where it is not known.</param>
/// <param name="Prices">By the day that each counts from, oldest first; empty where they are not known.</param>
/// <param name="IsOffered">Whether it is offered where the operator names no models.</param>
public sealed record ProvidedModel(
    string Name,
    string Label,
    int? ContextWindowTokens,
    int? MostOutputTokens,
    ModelAbilities Abilities,
    IReadOnlyList<Ledger.TokenPrices> Prices,
    bool IsOffered
)
{
    /// <summary>Where it says nothing its provider's counts.</summary>
    public ModelDialect Dialect { get; init; } = ModelDialect.Usual;

    public static ProvidedModel Unknown(string name) => new(name, name, null, null, ModelAbilities.Unknown, [], true);
}

/// <summary>What a model can do; null where nobody said.</summary>
/// <param name="Reasoning">Whether it thinks by itself before it answers, and tells so apart from the answer.</param>
/// <param name="ChainOfThought">Whether it can be asked to think step by step; null: it is tried.</param>
public sealed record ModelAbilities(
    bool? Tools,
    bool? Images,
    bool? StructuredOutput,
    bool? Reasoning,
    bool? ChainOfThought = null
)
{
    public static ModelAbilities Unknown { get; } = new(null, null, null, null);
}

/// <summary>How a model can be had think before it answers.</summary>
public enum ModelReasoning
{
    /// <summary>Not at all, as the registry says.</summary>
    None,

    /// <summary>It is asked to write its steps down.</summary>
    Prompted,

    /// <summary>It does so by itself.</summary>
    Native,
}

/// <summary>Several models under one name: the most preferred that can answer does.</summary>
/// <param name="Id">What a request names in place of a model.</param>
/// <param name="HedgeAfter">How long one of them may show nothing before the next is asked beside it; zero for never, null for LLM_HEDGE_AFTER.</param>
public sealed record ModelChain(string Id, IReadOnlyList<ChainLink> Links, TimeSpan? HedgeAfter = null)
{
    /// <summary>The chain of requests that name nothing.</summary>
    public const string DefaultId = "default";
}

/// <param name="Model">The id of a model.</param>
/// <param name="Priority">Lower is asked first.</param>
/// <param name="Weight">How often it comes first among those of its priority, in proportion; from 1.</param>
public sealed record ChainLink(string Model, int Priority, int Weight);
