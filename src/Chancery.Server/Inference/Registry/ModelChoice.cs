using Chancery.Server.Access;
using Chancery.Server.Inference.Keys;

namespace Chancery.Server.Inference.Registry;

/// <summary>Which models somebody can ask, with the installation's keys and with their own.</summary>
public sealed class ModelChoice(ModelRegistry catalogue, ProviderKeys keys)
{
    /// <param name="Usable">In the order in which they are offered; the extractive one last.</param>
    /// <param name="Others">What takes something first.</param>
    public sealed record Offer(IReadOnlyList<ChatModel> Usable, IReadOnlyList<OfferedModel> Others);

    /// <summary>The model of that id, or the default one for none; or why not and what to do.</summary>
    public async Task<(ChatModel? Model, string Why)> ChooseAsync(
        Principal principal,
        string? id,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrEmpty(id))
        {
            return (await WithOwnKeyAsync(principal, catalogue.Default, cancellationToken), "");
        }

        if (catalogue.TryFind(id, out var model))
        {
            return (await WithOwnKeyAsync(principal, model, cancellationToken), "");
        }

        var other = catalogue.Others.FirstOrDefault(candidate =>
            string.Equals(candidate.Id, id, StringComparison.OrdinalIgnoreCase)
        );
        if (other is null)
        {
            return (null, $"There is no such model. There is: {catalogue.Names()}.");
        }

        return other.Preset.TakesKey && await keys.FindAsync(principal, other.Preset.Id, cancellationToken) is { } key
            ? (Own(other, key), "")
            : (null, $"{other.Name} cannot be asked yet. {WhatToDo(other)}");
    }

    public async Task<Offer> OfferAsync(Principal principal, CancellationToken cancellationToken)
    {
        var own = await keys.ProvidersAsync(principal, cancellationToken);
        var mine = catalogue.Others.Where(other => own.Contains(other.Preset.Id)).ToList();
        return new Offer(
            [
                .. catalogue
                    .Models.Where(model => !model.IsExtractive)
                    .Select(model =>
                        model.Provider is { } provider && own.Contains(provider)
                            ? model with
                            {
                                IsOwnKey = true,
                            }
                            : model
                    ),
                .. mine.Select(other => Own(other, key: null)),
                ChatModel.Extractive,
            ],
            [.. catalogue.Others.Except(mine)]
        );
    }

    /// <summary>For a person: what has to happen before the model answers.</summary>
    public static string WhatToDo(OfferedModel model) =>
        model.Preset.TakesKey
            ? $"Enter your own {model.Preset.Name} key in the settings, or ask the operator to set {model.Preset.Setting}."
            : $"It runs on a machine of your own: ask the operator to set {model.Preset.Setting}.";

    /// <summary>Whoever brought a key for a provider pays with it, also where the installation has one.</summary>
    private async Task<ChatModel> WithOwnKeyAsync(
        Principal principal,
        ChatModel model,
        CancellationToken cancellationToken
    ) =>
        model is { Provider: { } provider, Endpoint: { } endpoint }
        && catalogue.FindProvider(provider) is { TakesKey: true }
        && await keys.FindAsync(principal, provider, cancellationToken) is { } key
            ? model with
            {
                Endpoint = endpoint with { ApiKey = key },
                IsOwnKey = true,
            }
            : model;

    private static ChatModel Own(OfferedModel model, string? key) =>
        new(model.Id, model.Name, model.Endpoint! with { ApiKey = key }, model.Preset.Id, IsOwnKey: true)
        {
            Abilities = model.Known.Abilities,
            StatedMostOutput = model.Known.MostOutputTokens,
            DefaultOutputTokens = model.Known.Dialect.Over(model.Preset.Dialect).DefaultOutputTokens,
            Prices = model.Known.Prices,
        };
}
