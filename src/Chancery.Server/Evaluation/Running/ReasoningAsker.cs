using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Using;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Evaluation.Running;

/// <summary>What reached whoever had a model reason.</summary>
/// <param name="Pieces">Steps, text and raw response, as far as they came.</param>
/// <param name="Length">Of the text alone, in characters.</param>
/// <param name="Answer">Null where it broke off.</param>
/// <param name="Problem">Why it broke off; null where it did not.</param>
internal sealed record HeardReasoning(
    IReadOnlyList<string> Pieces,
    int Length,
    ReasonedAnswer? Answer,
    ProblemDetails? Problem
);

/// <summary>Has models reason as <c>POST /api/v1/reasoning</c> does, with one version of its prompt. Safe for concurrent use.</summary>
internal sealed class ReasoningAsker(ReasoningService reasoning, ReasoningSettings settings, PromptUses uses)
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
        var (heard, asked) = await HearAsync(principal, target, models, question.Question, cancellationToken);
        if (heard.Problem is { } problem)
        {
            QuestionAsker.StopWhereAllWouldEndSo(problem);
        }

        return new AskedQuestion(
            heard.Answer?.FinalAnswer ?? "",
            heard.Answer is null ? AnswerOutcome.Failed : AnswerOutcome.Answered,
            heard.Answer?.Model ?? models[0].Id,
            [],
            [],
            [],
            heard.Problem is { } why ? $"{why.Title}. {why.Detail}".Trim() : null
        )
        {
            Cost = asked.Bill.Cost,
            InputTokens = heard.Answer?.Usage.InputTokens ?? 0,
            OutputTokens = heard.Answer?.Usage.OutputTokens ?? 0,
        };
    }

    /// <summary>Listens to the end. What it cost, and what guards did, stands in the question.</summary>
    /// <exception cref="RunStoppedException">The version is not there any more.</exception>
    public async Task<(HeardReasoning Heard, ReasoningQuestion Question)> HearAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        string text,
        CancellationToken cancellationToken
    )
    {
        PromptUse? prompt = null;
        if (models.Any(model => model.Reasons is ModelReasoning.Prompted))
        {
            prompt =
                await uses.PickFixedAsync(
                    principal,
                    ReasoningPrompt.Shipped.Id,
                    target.PromptVersion,
                    cancellationToken
                ) ?? throw new RunStoppedException("The version of the prompt is not there any more.");
        }

        var question = new ReasoningQuestion(
            [new ChatMessage(ChatRole.User, text)],
            models,
            new ReasoningWish(settings.ShowsSteps, settings.MostSteps, prompt?.Content.System),
            prompt,
            target.Temperature,
            target.MaxTokens
        )
        {
            Component = UsageComponent.Evaluation,
        };
        // As the endpoint refuses it.
        if (models[0] is var first && ReasoningService.TokensOf(question, first) >= first.Endpoint!.ContextWindowTokens)
        {
            var tooLong = Problem.Of(
                400,
                "invalid",
                "Too long to be asked",
                $"{first.Name} reads at most {first.Endpoint.ContextWindowTokens} tokens."
            );
            return (new HeardReasoning([], 0, null, tooLong.ProblemDetails), question);
        }

        var pieces = new List<string>();
        var said = new StringBuilder();
        ReasonedAnswer? answer = null;
        ProblemDetails? problem = null;
        await foreach (var happened in reasoning.AskAsync(principal, question, cancellationToken))
        {
            switch (happened)
            {
                case ReasoningEvent.Reasoned { Step: var step }:
                    pieces.Add($"{step.Thought}\n{step.Action}");
                    break;
                case ReasoningEvent.Text { Delta: var delta }:
                    said.Append(delta);
                    break;
                case ReasoningEvent.Done { Answer: var whole }:
                    answer = whole;
                    break;
                case ReasoningEvent.Broken { Problem: var broken }:
                    problem = broken;
                    break;
            }
        }

        pieces.AddRange([said.ToString(), answer?.RawResponse ?? ""]);
        return (
            new HeardReasoning([.. pieces.Where(piece => piece.Length > 0)], said.Length, answer, problem),
            question
        );
    }
}
