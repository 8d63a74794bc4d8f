using Chancery.Server.Access;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Storing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Which models a run asks, and which one judges. Safe for concurrent use.</summary>
internal sealed class RunModels(ModelChoice choice, PromptStore prompts, ReasoningSettings reasoning)
{
    /// <param name="Asked">One after the other where one fails; none of a search.</param>
    /// <param name="Judge">Null where nobody judges.</param>
    public sealed record Chosen(IReadOnlyList<ChatModel> Asked, ChatModel? Judge)
    {
        /// <summary>Who judges, as the run keeps it: the judge stays the same, whatever becomes of the organisation's order.</summary>
        public EvalJudging? Name(EvalJudging? judging) =>
            judging is null || Judge is null
                ? null
                : judging with
                {
                    Model = Judge.Id,
                    SameFamily = Asked is [{ IsExtractive: false } first, ..]
                        ? ModelFamily.AreRelated(first, Judge)
                        : null,
                };
    }

    /// <summary>What a request calls the fields that a problem names.</summary>
    /// <param name="Target">Of the target; null where its members are the request's own.</param>
    /// <param name="Judging">Of who judges.</param>
    public sealed record Fields(string? Target, string Judging)
    {
        public static readonly Fields OfRun = new("target", "judging");

        /// <summary>Of attacks, which name a model and no more.</summary>
        public static readonly Fields OfAttacks = new(null, "judging");

        public string OfTarget(string member) => Target is null ? member : $"{Target}.{member}";
    }

    /// <summary>The models; or the problem to answer with, whose detail is for people.</summary>
    /// <param name="fields">By whose names a problem says what is wrong.</param>
    public async Task<(Chosen? Models, ProblemHttpResult? Problem)> ChooseAsync(
        Principal principal,
        EvalTarget target,
        EvalJudging? judging,
        Fields fields,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<ChatModel> asked = [];
        if (target.Kind is EvalTargetKind.Reasoning && !reasoning.IsEnabled)
        {
            return (null, Problem.ReasoningOff());
        }

        if (target.Kind is not EvalTargetKind.Search)
        {
            var (named, unknown) = await ModelOfAsync(principal, target, fields, cancellationToken);
            if (unknown is not null)
            {
                return (null, unknown);
            }

            var (model, problem) = await FindAsync(
                principal,
                fields.OfTarget("model"),
                named,
                cancellationToken,
                target.Kind is EvalTargetKind.Reasoning ? reasoning.Model : null
            );
            if (problem is not null)
            {
                return (null, problem);
            }

            if (model!.IsExtractive && EvalTargetKind.IsOfWordsAlone(target.Kind))
            {
                return (
                    null,
                    Problem.Invalid(fields.OfTarget("model"), "Quotes follow no prompt. Connect a language model.")
                );
            }

            // As of a question: whoever names a model wants that one.
            asked =
                target.Model is not null || model!.IsExtractive
                    ? [model!]
                    : [model, .. (await ChainAsync(principal, cancellationToken)).Where(other => other.Id != model.Id)];
            if (target.Kind is EvalTargetKind.Reasoning)
            {
                asked = [.. asked.Where(one => Reasons(one, target))];
                if (asked.Count == 0)
                {
                    return (
                        null,
                        Problem.Invalid(
                            fields.OfTarget("model"),
                            target.PromptVersion is null
                                ? "The registry says of it that it cannot reason. Name another."
                                : "Versions of the prompt are followed by models that do not think by themselves, and can be asked to. Name one."
                        )
                    );
                }
            }
        }

        if (judging is null)
        {
            return (new Chosen(asked, null), null);
        }

        var (judge, refused) = await JudgeAsync(principal, judging, asked, fields.Judging, cancellationToken);
        return refused is not null ? (null, refused) : (new Chosen(asked, judge), null);
    }

    /// <summary>A problem in a sentence, for a run that has nobody to answer.</summary>
    public static string WhyOf(ProblemHttpResult problem) =>
        problem.ProblemDetails is HttpValidationProblemDetails { Errors: { Count: > 0 } errors }
            ? string.Join(" ", errors.Values.SelectMany(why => why))
            : problem.ProblemDetails.Detail ?? problem.ProblemDetails.Title ?? "It cannot be done any more.";

    /// <summary>What a target names, or what the version of its prompt names; and whether that version is there.</summary>
    private async Task<(string? Model, ProblemHttpResult? Problem)> ModelOfAsync(
        Principal principal,
        EvalTarget target,
        Fields fields,
        CancellationToken cancellationToken
    )
    {
        if (target.PromptVersion is not { } number)
        {
            return (target.Model, null);
        }

        var prompt = target.AskedPrompt()!.Value;
        if (
            await prompts.FindVersionAsync(principal, prompt, number, cancellationToken) is not { Content: var content }
        )
        {
            return (null, Problem.NotFound(target.Kind is EvalTargetKind.Prompt ? "prompt" : "version"));
        }

        return target.Kind is EvalTargetKind.Prompt && PromptAsker.VariableOf(content, target.Variable) is null
            ? (
                null,
                Problem.Invalid(fields.OfTarget("variable"), "Name the one of its variables that a question fills.")
            )
            : (target.Model ?? (target.Kind is EvalTargetKind.Prompt ? content.Model : null), null);
    }

    private async Task<(ChatModel? Judge, ProblemHttpResult? Problem)> JudgeAsync(
        Principal principal,
        EvalJudging judging,
        IReadOnlyList<ChatModel> asked,
        string field,
        CancellationToken cancellationToken
    )
    {
        if (judging.Model is null)
        {
            var chain = await ChainAsync(principal, cancellationToken);
            return JudgeOf(chain, asked.Count == 0 ? null : asked[0]) is { } found
                ? (found, null)
                : (null, Problem.Invalid(field, "It takes a language model, and none is connected."));
        }

        var (model, problem) = await FindAsync(principal, $"{field}.model", judging.Model, cancellationToken);
        return problem is not null ? (null, problem)
            : model!.IsExtractive ? (null, Problem.Invalid($"{field}.model", "Quotes judge nothing. Name a model."))
            : (model, null);
    }

    /// <summary>
    /// Who judges answers that are compared, whichever model gave them: one and the same, as judges differ in how strict they are. Null where no
    /// language model is connected.
    /// </summary>
    public async Task<ChatModel?> JudgeOfAllAsync(Principal principal, CancellationToken cancellationToken)
    {
        var chain = await ChainAsync(principal, cancellationToken);
        return JudgeOf(chain, chain.Count > 0 ? chain[0] : null);
    }

    /// <summary>Whether it thinks as is asked for: a version of the prompt is nothing to models that think by themselves.</summary>
    private static bool Reasons(ChatModel model, EvalTarget target) =>
        target.PromptVersion is null
            ? model.Reasons is not ModelReasoning.None
            : model.Reasons is ModelReasoning.Prompted;

    // A model thinks well of its own answers, and of those of its like.
    private static ChatModel? JudgeOf(IReadOnlyList<ChatModel> chain, ChatModel? asked)
    {
        var first = chain.Count > 0 ? chain[0] : null;
        return asked is null
            ? first
            : chain.FirstOrDefault(model => ModelFamily.AreRelated(model, asked) is false)
                ?? chain.FirstOrDefault(model => ModelFamily.AreRelated(model, asked) is null)
                ?? chain.FirstOrDefault(model => model.Id != asked.Id)
                ?? first;
    }

    private async Task<(ChatModel? Model, ProblemHttpResult? Problem)> FindAsync(
        Principal principal,
        string field,
        string? id,
        CancellationToken cancellationToken,
        ChatModel? reasoner = null
    )
    {
        var (model, why, isForbidden) = await choice.ChooseAsync(principal, id, cancellationToken, reasoner);
        return model switch
        {
            null => (null, isForbidden ? Problem.ModelNotAllowed(why) : Problem.Invalid(field, why)),
            { IsOwnKey: true } => (
                null,
                Problem.Invalid(field, "A run goes on without you, and your own key does not. Choose another model.")
            ),
            _ => (model, null),
        };
    }

    private async Task<IReadOnlyList<ChatModel>> ChainAsync(Principal principal, CancellationToken cancellationToken) =>
        [.. (await choice.ChainAsync(principal.Tenant, cancellationToken)).Where(model => !model.IsExtractive)];
}
