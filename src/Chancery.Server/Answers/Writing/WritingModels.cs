using Chancery.Server.Access;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Answers.Writing;

/// <summary>Which models write for somebody. Safe for concurrent use.</summary>
internal sealed class WritingModels(ModelChoice choice)
{
    /// <summary>Those that are asked one after the other, or the problem to answer with.</summary>
    /// <param name="named">Null: the organisation's default, and after it the others of its chain.</param>
    public async Task<(IReadOnlyList<ChatModel> Models, ProblemHttpResult? Problem)> ChooseAsync(
        Principal principal,
        string? named,
        CancellationToken cancellationToken
    )
    {
        var (model, why, isForbidden) = await choice.ChooseAsync(principal, named, cancellationToken);
        if (model is null)
        {
            return ([], isForbidden ? Problem.ModelNotAllowed(why) : Problem.Invalid("model", why));
        }

        return named is not null || model.IsExtractive || model.IsOwnKey
            ? ([model], null)
            : (
                [
                    model,
                    .. (await choice.ChainAsync(principal.Tenant, cancellationToken)).Where(other =>
                        other.Id != model.Id && !other.IsExtractive
                    ),
                ],
                null
            );
    }

    /// <summary>
    /// The models with the one in front that a version of a prompt says; as they are where it says none, or one that whoever
    /// asks may not use or nobody set up.
    /// </summary>
    public async Task<IReadOnlyList<ChatModel>> WithOwnOfAsync(
        Principal principal,
        PromptContent version,
        IReadOnlyList<ChatModel> models,
        CancellationToken cancellationToken
    )
    {
        if (version.Model is not { } named || named == models[0].Id)
        {
            return models;
        }

        var own = (await choice.ChooseAsync(principal, named, cancellationToken)).Model;
        return own is null or { IsExtractive: true }
            ? models
            : [own, .. models.Where(other => other.Id != own.Id && !other.IsExtractive)];
    }
}
