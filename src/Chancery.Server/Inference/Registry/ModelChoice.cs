using Chancery.Server.Access;
using Chancery.Server.Inference.Keys;
using Chancery.Server.Inference.Registry.Policies;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Registry;

/// <summary>Which models somebody can ask: with the installation's keys and with their own, as far as their organisation allows.</summary>
public sealed class ModelChoice(ModelRegistry catalogue, ProviderKeys keys, ModelPolicies policies)
{
    /// <param name="Usable">In the order in which they are offered; the extractive one last.</param>
    /// <param name="Others">What takes something first.</param>
    /// <param name="Default">Of the usable ones: what is asked when nothing is named.</param>
    public sealed record Offer(IReadOnlyList<ChatModel> Usable, IReadOnlyList<OfferedModel> Others, ChatModel Default);

    /// <summary>What became of a name.</summary>
    /// <param name="Model">Null when it cannot be asked.</param>
    /// <param name="Why">Why not, and what to do.</param>
    /// <param name="IsForbidden">Whether it is the organisation, or the operator for it, that does not allow it.</param>
    public sealed record Choice(ChatModel? Model, string Why, bool IsForbidden);

    /// <summary>The model of that id, or the default one for none; or why not and what to do.</summary>
    /// <param name="reasoner">What the installation would have reason where nothing is named; null where nobody is to reason.</param>
    public async Task<Choice> ChooseAsync(
        Principal principal,
        string? id,
        CancellationToken cancellationToken,
        ChatModel? reasoner = null
    )
    {
        ArgumentNullException.ThrowIfNull(principal);
        var policy = await policies.OfAsync(principal.Tenant, cancellationToken);
        if (string.IsNullOrEmpty(id))
        {
            var usual = reasoner is null ? DefaultOf(policy) : ReasonerOf(policy, reasoner);
            return Chosen(await WithOwnKeyAsync(principal, usual, cancellationToken));
        }

        if (catalogue.TryFind(id, out var model))
        {
            return policy.Allows(model)
                ? Chosen(await WithOwnKeyAsync(principal, model, cancellationToken))
                : Forbidden(model.Name, policy);
        }

        var other = catalogue.Others.FirstOrDefault(candidate =>
            string.Equals(candidate.Id, id, StringComparison.OrdinalIgnoreCase)
        );
        if (other is null)
        {
            return new Choice(
                null,
                $"There is no such model. There is: {string.Join(", ", NamesOf(policy))}.",
                IsForbidden: false
            );
        }

        if (!policy.Allows(other.Id))
        {
            return Forbidden(other.Name, policy);
        }

        return other.Preset.TakesKey && await keys.FindAsync(principal, other.Preset.Id, cancellationToken) is { } key
            ? Chosen(Own(other, key))
            : new Choice(null, $"{other.Name} cannot be asked yet. {WhatToDo(other)}", IsForbidden: false);
    }

    public async Task<Offer> OfferAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var policy = await policies.OfAsync(principal.Tenant, cancellationToken);
        var own = await keys.ProvidersAsync(principal, cancellationToken);
        var others = catalogue.Others.Where(other => policy.Allows(other.Id)).ToList();
        var mine = others.Where(other => own.Contains(other.Preset.Id)).ToList();
        return new Offer(
            [
                .. catalogue
                    .Models.Where(model => !model.IsExtractive && policy.Allows(model))
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
            [.. others.Except(mine)],
            DefaultOf(policy)
        );
    }

    /// <summary>
    /// What is asked one after the other for an organisation when a request names nothing: its default and then the installation's
    /// chain, as far as it allows them. The extractive answerer is in none.
    /// </summary>
    public async ValueTask<IReadOnlyList<ChatModel>> ChainAsync(TenantId tenant, CancellationToken cancellationToken) =>
        ChainOf(await policies.OfAsync(tenant, cancellationToken));

    /// <summary>The models of a chain that the organisation allows, in the order of this request.</summary>
    public async ValueTask<IReadOnlyList<ChatModel>> ChainAsync(
        TenantId tenant,
        ModelChain chain,
        CancellationToken cancellationToken
    )
    {
        var policy = await policies.OfAsync(tenant, cancellationToken);
        return Allowed(policy, catalogue.Resolve(chain, Random.Shared));
    }

    /// <summary>The same of those that reason; the installation's own for that comes first, unless the organisation has a default.</summary>
    public async ValueTask<IReadOnlyList<ChatModel>> ReasoningChainAsync(
        TenantId tenant,
        ChatModel reasoner,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(reasoner);
        var policy = await policies.OfAsync(tenant, cancellationToken);
        var chain = ChainOf(policy).Where(model => model.Reasons is not ModelReasoning.None);
        return
            policy.Default is null && !reasoner.IsExtractive && reasoner != catalogue.Default && policy.Allows(reasoner)
            ? [reasoner, .. chain.Where(model => model.Id != reasoner.Id)]
            : [.. chain];
    }

    /// <summary>For a person: what has to happen before the model answers.</summary>
    public static string WhatToDo(OfferedModel model) =>
        model.Preset.TakesKey
            ? $"Enter your own {model.Preset.Name} key in the settings, or ask the operator to set {model.Preset.Setting}."
            : $"It runs on a machine of your own: ask the operator to set {model.Preset.Setting}.";

    private static Choice Chosen(ChatModel model) => new(model, "", IsForbidden: false);

    private Choice Forbidden(string name, ModelPolicy policy) =>
        new(
            null,
            $"{name} is not among the models that your organisation allows. There is: {string.Join(", ", NamesOf(policy))}.",
            IsForbidden: true
        );

    private IEnumerable<string> NamesOf(ModelPolicy policy) =>
        catalogue.Models.Where(policy.Allows).Select(model => model.Id);

    /// <summary>What the organisation chose, as long as it is there and allowed; else the installation's; else the first that is allowed.</summary>
    private ChatModel DefaultOf(ModelPolicy policy) =>
        OwnDefaultOf(policy)
        ?? (
            policy.Allows(catalogue.Default)
                ? catalogue.Default
                // The extractive one is the last, and always allowed.
                : catalogue.Models.First(policy.Allows)
        );

    private ChatModel? OwnDefaultOf(ModelPolicy policy) =>
        policy.Default is not { } id ? null
        : catalogue.TryFind(id, out var model)
            ? policy.Allows(model) ? model
                : null
        : catalogue.TryFindChain(id, out var chain)
            ? catalogue.Resolve(chain, Random.Shared).FirstOrDefault(policy.Allows)
        : null;

    private ChatModel ReasonerOf(ModelPolicy policy, ChatModel reasoner) =>
        OwnDefaultOf(policy) is { Reasons: not ModelReasoning.None } own ? own
        : policy.Allows(reasoner) ? reasoner
        : ChainOf(policy).FirstOrDefault(model => model.Reasons is not ModelReasoning.None) ?? DefaultOf(policy);

    private IReadOnlyList<ChatModel> ChainOf(ModelPolicy policy)
    {
        var usual = catalogue.DefaultChain(Random.Shared);
        if (policy.Default is { } id)
        {
            if (catalogue.TryFindChain(id, out var chain))
            {
                usual = catalogue.Resolve(chain, Random.Shared);
            }
            else if (catalogue.TryFind(id, out var model) && !model.IsExtractive)
            {
                usual = [model, .. usual.Where(other => other.Id != model.Id)];
            }
        }

        return Allowed(policy, usual);
    }

    private static IReadOnlyList<ChatModel> Allowed(ModelPolicy policy, IReadOnlyList<ChatModel> models) =>
        policy.AllowsAll ? models : [.. models.Where(policy.Allows)];

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
