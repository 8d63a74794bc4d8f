using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Has a contract drafted from a question: what is expected is wording that must stand in it. Safe for concurrent use.</summary>
internal sealed class DraftAsker(ContractDrafting drafting)
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
        var tried = await drafting.TryAsync(
            principal,
            question.Question,
            given: [],
            models,
            areOpen: target.Model is null,
            target.PromptVersion,
            cancellationToken
        );
        if (tried.Problem is { } problem)
        {
            QuestionAsker.StopWhereAllWouldEndSo(problem);
        }

        return new AskedQuestion(
            tried.Text ?? "",
            tried.Text is null ? AnswerOutcome.Failed : AnswerOutcome.Answered,
            tried.Work.Model ?? models[0].Id,
            [],
            [],
            [],
            tried.Problem is { } why ? $"{why.Title}. {why.Detail}".Trim() : null
        )
        {
            Cost = new NanoDollars(tried.Work.CostNanoDollars),
            InputTokens = tried.Work.InputTokens,
            OutputTokens = tried.Work.OutputTokens,
        };
    }
}
