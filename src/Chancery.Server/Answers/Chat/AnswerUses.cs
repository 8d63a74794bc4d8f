using Chancery.Server.Access;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Answers.Chat;

/// <summary>What became of the versions of prompts that made an answer: written down, and offered to whoever judges answers of rollouts. Safe for concurrent use.</summary>
internal sealed class AnswerUses(PromptUses prompting, IAnswerJudge judge)
{
    /// <summary>A caller who left says nothing of a version, and neither does an answer that was given before.</summary>
    /// <param name="outcome">One of <see cref="AnswerOutcome"/>.</param>
    public async Task RecordAsync(
        Principal principal,
        ChatQuestion question,
        AnswerDraft draft,
        string outcome,
        Guid answerId,
        DateTimeOffset answeredAt,
        CancellationToken cancellationToken
    )
    {
        if (
            !question.JoinsRollouts
            || draft.Prompt is not { } use
            || draft.Cached
            || draft.IsUnasked
            || (outcome == AnswerOutcome.Partial && !draft.IsBroken)
        )
        {
            return;
        }

        var result = new RunResult(
            outcome == AnswerOutcome.Blocked ? RunOutcome.Guarded
                : draft.IsBroken || outcome == AnswerOutcome.Failed ? RunOutcome.Failed
                : RunOutcome.Succeeded,
            draft.Degraded ? null : draft.Model,
            draft.Usage.InputTokens,
            draft.Usage.OutputTokens,
            question.Bill.Cost.Value,
            LatencyMs: (answeredAt - draft.AskedAt).TotalMilliseconds,
            Score: draft.Support
        );
        // Whoever rates the answer rates the version by its id.
        await prompting.RecordAsync(principal, use, result, cancellationToken, run: answerId);
        if (draft.Thinking is { } thinking)
        {
            var thought =
                result.Outcome == RunOutcome.Succeeded && !draft.HasThought
                    ? result with
                    {
                        Outcome = RunOutcome.Faulty,
                    }
                    : result;
            await prompting.RecordAsync(principal, thinking, thought, cancellationToken);
        }

        // Who brings a key of their own chose who sees what they ask; else what counts as an answer, made now by the model that was asked.
        if (
            !question.Model.IsOwnKey
            && use.Rollout is not null
            && draft is { Shown.Count: > 0, Degraded: false, IsBroken: false }
            && outcome is AnswerOutcome.Answered or AnswerOutcome.Unsupported
        )
        {
            judge.Offer(new JudgedAnswer(principal, use, answerId, question.Text, draft.Text, draft.Shown));
        }
    }
}
