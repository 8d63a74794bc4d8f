using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Upgrade.Pipeline;

namespace Chancery.Server.Evaluation.Running;

/// <summary>
/// Has the upgrade pipeline improve a question, and puts what it made to a model: an upgrade is as good as what it brings. Safe for concurrent use.
/// </summary>
internal sealed class UpgradeAsker(UpgradePipeline pipeline, PromptAsker prompts)
{
    /// <exception cref="RunStoppedException">Further questions would end the same.</exception>
    public async Task<AskedQuestion> AskAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        var tried = await pipeline.TryAsync(
            principal,
            question.Question,
            passages: [],
            models,
            areOpen: target.Model is null,
            target.PromptVersion,
            cancellationToken
        );
        if (tried.Prompt is not { } better)
        {
            QuestionAsker.StopWhereAllWouldEndSo(tried.Problem!);
            return With(
                tried,
                new AskedQuestion(
                    "",
                    AnswerOutcome.Failed,
                    models[0].Id,
                    [],
                    [],
                    [],
                    $"{tried.Problem!.Title}. {tried.Problem.Detail}".Trim()
                )
            );
        }

        return With(
            tried,
            await prompts.PutAsync(
                principal,
                target,
                models,
                new PromptContent("", better),
                better,
                used: null,
                cancellationToken
            )
        );
    }

    /// <summary>What it took until there was a better prompt belongs to its answer.</summary>
    private static AskedQuestion With(TriedUpgrade tried, AskedQuestion asked) =>
        asked with
        {
            Cost = asked.Cost + new NanoDollars(tried.Work.CostNanoDollars),
            InputTokens = asked.InputTokens + tried.Work.InputTokens,
            OutputTokens = asked.OutputTokens + tried.Work.OutputTokens,
        };
}
