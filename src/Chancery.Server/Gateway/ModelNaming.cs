using Chancery.Server.Access;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Gateway;

/// <summary>What the <c>model</c> of a request stands for.</summary>
/// <remarks>
/// A model's id is that model alone: whoever names one wants it. A chain's id is its models, each of which may take over from
/// the one before. Nothing, or <c>default</c>, is the organisation's default and the installation's chain. Whatever
/// the organisation does not allow is in none of them.
/// </remarks>
internal sealed class ModelNaming(ModelRegistry registry, ModelChoice choice)
{
    /// <summary>Whom to ask, in order; or why nobody.</summary>
    public async Task<(IReadOnlyList<ChatModel> Targets, OpenAIError? Error)> ResolveAsync(
        Principal principal,
        string name,
        string? provider,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<ChatModel> targets;
        if (name is "" or ModelChain.DefaultId)
        {
            targets = await choice.ChainAsync(principal.Tenant, cancellationToken);
            if (targets.Count == 0 && registry.DefaultChain(Random.Shared).Count > 0)
            {
                return ([], OpenAIError.ModelNotAllowed("Your organisation allows none of the models that there are."));
            }
        }
        else if (registry.TryFindChain(name, out var chain))
        {
            targets = await choice.ChainAsync(principal.Tenant, chain, cancellationToken);
            if (targets.Count == 0 && registry.Resolve(chain, Random.Shared).Count > 0)
            {
                return ([], OpenAIError.ModelNotAllowed($"Your organisation allows no model of the chain {chain.Id}."));
            }
        }
        else
        {
            var (model, why, isForbidden) = await choice.ChooseAsync(principal, name, cancellationToken);
            if (model is null)
            {
                return ([], isForbidden ? OpenAIError.ModelNotAllowed(why) : OpenAIError.NoSuchModel(why));
            }

            if (model.IsExtractive)
            {
                return (
                    [],
                    OpenAIError.NoSuchModel(
                        "extractive quotes from documents and takes no other request: name knowledge/all, or a collection."
                    )
                );
            }

            targets = [model];
        }

        if (provider is not null)
        {
            targets = [.. targets.Where(model => model.Provider == provider)];
        }

        return targets.Count > 0
            ? (targets, null)
            : (
                [],
                OpenAIError.NoSuchModel(
                    provider is null
                        ? "No language model is set up here. Ask the operator for one; knowledge/… answers from documents without."
                        : $"{provider} serves no such model here."
                )
            );
    }
}
