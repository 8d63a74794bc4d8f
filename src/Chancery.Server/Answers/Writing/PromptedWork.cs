using Chancery.Server.Access;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Answers.Writing;

/// <summary>Work that one version of a prompt is used for from its beginning to its end, which is written down. Safe for concurrent use.</summary>
internal sealed class PromptedWork(PromptUses prompts, TimeProvider time)
{
    /// <summary>A version of one of the product's prompts, whatever is in production; its use is nobody's.</summary>
    /// <param name="number">Null for the one in production.</param>
    /// <returns>Null when there is no such version.</returns>
    public Task<PromptUse?> FixedAsync(
        Principal principal,
        Guid prompt,
        int? number,
        CancellationToken cancellationToken
    ) => prompts.PickFixedAsync(principal, prompt, number, cancellationToken);

    /// <param name="prompt">The name of one of the product's prompts.</param>
    /// <param name="tally">What models did for it, filled by the work.</param>
    public async Task<T> DoAsync<T>(
        Principal principal,
        string prompt,
        WorkTally tally,
        Func<PromptUse, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        var use = await prompts.PickAsync(principal, prompt, conversation: null, cancellationToken);
        var started = time.GetTimestamp();
        try
        {
            var done = await work(use);
            await EndAsync(RunOutcome.Succeeded);
            return done;
        }
        catch (ProblemException failure)
        {
            if (failure.Problem.Status is not (402 or 429))
            {
                // Where there is no money nobody was asked, which says nothing of the words.
                await EndAsync(OutcomeOf(failure));
            }

            throw;
        }

        Task EndAsync(string outcome) =>
            prompts.RecordAsync(
                principal,
                use,
                new RunResult(
                    outcome,
                    tally.Work.Model,
                    tally.Work.InputTokens,
                    tally.Work.OutputTokens,
                    tally.Work.CostNanoDollars,
                    time.GetElapsedTime(started).TotalMilliseconds
                ),
                CancellationToken.None
            );
    }

    /// <summary>How a use of a prompt ended that came to a problem.</summary>
    public static string OutcomeOf(ProblemException failure) =>
        failure.Problem.Type switch
        {
            Problem.TypePrefix + "draft-unusable" => RunOutcome.Faulty,
            Problem.TypePrefix + "answer-blocked" => RunOutcome.Guarded,
            _ => RunOutcome.Failed,
        };
}
