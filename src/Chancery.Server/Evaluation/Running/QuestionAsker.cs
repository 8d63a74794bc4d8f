using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Knowledge.Search;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Puts a question to what is evaluated, by the services that answer people, and past every cache. Safe for concurrent use.</summary>
internal sealed class QuestionAsker(
    IPassageSearch search,
    ChatService chat,
    PromptAsker prompts,
    UpgradeAsker upgrades,
    DraftAsker drafts,
    ReasoningAsker reasoning,
    TimeProvider time
)
{
    private const int Depth = 10;
    private const int LongestQuote = 300;

    /// <param name="models">Asked one after the other where one fails before it says anything; none of a search.</param>
    /// <exception cref="RunStoppedException">Further questions would end the same.</exception>
    public async Task<AskedQuestion> AskAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var asked =
            target.Kind is EvalTargetKind.Search ? await SearchAsync(principal, target, question, cancellationToken)
            : target.Kind is EvalTargetKind.Prompt
                ? await prompts.AskAsync(principal, target, models, question, cancellationToken)
            : target.Kind is EvalTargetKind.Upgrade
                ? await upgrades.AskAsync(principal, target, models, question, cancellationToken)
            : target.Kind is EvalTargetKind.Draft
                ? await drafts.AskAsync(principal, target, models, question, cancellationToken)
            : target.Kind is EvalTargetKind.Reasoning
                ? await reasoning.AskAsync(principal, target, models, question, cancellationToken)
            : await AnswerAsync(principal, target, models, question, cancellationToken);
        return asked with { DurationMs = (int)time.GetElapsedTime(started).TotalMilliseconds };
    }

    private async Task<AskedQuestion> SearchAsync(
        Principal principal,
        EvalTarget target,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        var query = new PassageQuery(
            question.Question,
            Depth,
            Documents: target.Documents,
            Tags: target.Tags,
            Collections: target.Collections
        )
        {
            Reader = principal.Reader,
        };
        var found = await search.SearchAsync(principal.Tenant, query, cancellationToken);
        return new AskedQuestion(
            "",
            AskedQuestion.Searched,
            null,
            found.Passages,
            [],
            [.. found.Passages.Select(passage => PlaceOf(question, passage, Short(passage.Text)))],
            null
        );
    }

    private async Task<AskedQuestion> AnswerAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        var put = new ChatQuestion(
            question.Question,
            SessionId: null,
            models[0],
            target.Documents,
            target.Tags,
            target.Collections,
            HoldCharacters: int.MaxValue,
            target.Temperature,
            target.MaxTokens
        )
        {
            Fallbacks = [.. models.Skip(1)],
            // What was answered before says nothing of what would be answered now.
            Freshness = CacheFreshness.None,
            IsKept = false,
            PromptVersion = target.PromptVersion,
            JoinsRollouts = false,
            Component = UsageComponent.Evaluation,
        };
        IReadOnlyList<Passage> passages = [];
        AskedQuestion? asked = null;
        await foreach (var happened in chat.AskAsync(principal, put, traceId: "", cancellationToken))
        {
            switch (happened)
            {
                case AnswerEvent.Retrieved retrieved:
                    passages = retrieved.Passages;
                    break;
                case AnswerEvent.Done { Answer: var answer }:
                    asked = Of(question, answer, passages);
                    break;
                case AnswerEvent.Broken { Problem: var problem }:
                    StopWhereAllWouldEndSo(problem);
                    asked = Failed(models[0].Id, passages, $"{problem.Title}. {problem.Detail}");
                    break;
            }
        }

        return (asked ?? Failed(models[0].Id, passages, "The answer had no end.")) with
        {
            Cost = put.Bill.Cost,
        };
    }

    private static AskedQuestion Of(EvalQuestion question, ChatAnswer answer, IReadOnlyList<Passage> passages)
    {
        var error =
            answer.Degraded is true ? "The model failed, and quotes took its place."
            : answer.Outcome == AnswerOutcome.Failed ? "No answer could be put together."
            : null;
        var found = passages.ToDictionary(passage => passage.ChunkId);
        return new AskedQuestion(
            CitationMarkers.Remove(answer.Answer),
            error is null ? answer.Outcome : AnswerOutcome.Failed,
            answer.Model,
            passages,
            [.. answer.Citations.Select(citation => citation.PassageId).Distinct()],
            [
                .. answer.Citations.Select(citation => new FoundPlace(
                    citation.DocumentId,
                    citation.Title,
                    citation.Path,
                    citation.Page,
                    Short(citation.Quote),
                    found.TryGetValue(citation.PassageId, out var passage) ? IsExpected(question, passage) : null
                )),
            ],
            error
        )
        {
            InputTokens = answer.Usage.InputTokens,
            OutputTokens = answer.Usage.OutputTokens,
        };
    }

    private static AskedQuestion Failed(string model, IReadOnlyList<Passage> passages, string why) =>
        new("", AnswerOutcome.Failed, model, passages, [], [], why);

    /// <exception cref="RunStoppedException">Money is gone.</exception>
    /// <exception cref="OperationCanceledException">The server is stopping.</exception>
    internal static void StopWhereAllWouldEndSo(ProblemDetails problem)
    {
        var code = problem.Extensions.TryGetValue("code", out var named)
            ? named as string
            : problem.Type?.Split(':')[^1];
        switch (code)
        {
            case "shutting-down":
                throw new OperationCanceledException(problem.Title);
            case "budget-exhausted":
                throw new RunStoppedException($"{problem.Title}. {problem.Detail}");
        }
    }

    private static FoundPlace PlaceOf(EvalQuestion question, Passage passage, string quote) =>
        new(passage.DocumentId, passage.Title, passage.Path, passage.Page, quote, IsExpected(question, passage));

    private static bool? IsExpected(EvalQuestion question, Passage passage) =>
        question.ExpectedPlaces is { } places ? places.Any(place => PlaceMatch.Fits(place, passage)) : null;

    private static string Short(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";
}
