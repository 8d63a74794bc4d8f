using System.Text;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Models;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Prompts.Using;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Evaluation.Judging;

/// <summary>What a judge said, and what that took.</summary>
/// <param name="Reasoning">Why, in the judge's words; empty where it gave no score.</param>
internal sealed record JudgedScore(
    Score Score,
    string Reasoning,
    NanoDollars Cost,
    long InputTokens,
    long OutputTokens
);

/// <summary>
/// Has a model judge answers. What it says counts only in the form that was asked for, with quotes that stand in what it was shown.
/// Safe for concurrent use.
/// </summary>
internal sealed class Judges(ModelCalls calls, PromptUses uses, ShutdownGrace grace, TimeProvider time)
{
    private const int MostTokens = 800;
    private const int MostCharacters = 20_000;
    private const int MessageTokens = 8;
    private const string BrokeOff = "The judge broke off.";
    private const string TooLong = "The judge took too long.";

    /// <summary>Of a criterion, by the name that the API has for it; null for none.</summary>
    public static JudgeCriterion? Find(string name) =>
        name switch
        {
            "relevance" => JudgeCriterion.Relevance,
            "faithfulness" => JudgeCriterion.Faithfulness,
            "helpfulness" => JudgeCriterion.Helpfulness,
            _ => null,
        };

    /// <summary>The name that the API has for it.</summary>
    public static string NameOf(JudgeCriterion criterion) =>
        criterion switch
        {
            JudgeCriterion.Relevance => "relevance",
            JudgeCriterion.Faithfulness => "faithfulness",
            _ => "helpfulness",
        };

    public static string ScoreOf(JudgeCriterion criterion) =>
        criterion switch
        {
            JudgeCriterion.Relevance => ScoreName.Relevance,
            JudgeCriterion.Faithfulness => ScoreName.Faithfulness,
            _ => ScoreName.Helpfulness,
        };

    /// <summary>Judges, and writes down how the prompt's version did.</summary>
    /// <param name="version">Of the criterion's prompt.</param>
    /// <exception cref="RunStoppedException">There is no money left to ask it.</exception>
    public async Task<JudgedScore> JudgeAsync(
        Principal principal,
        ChatModel judge,
        JudgeCriterion criterion,
        PromptUse version,
        string question,
        string answer,
        IReadOnlyList<Passage> passages,
        CancellationToken cancellationToken
    )
    {
        var shown = Fitting(passages, judge);
        if (criterion is JudgeCriterion.Faithfulness && shown.Count == 0)
        {
            return new JudgedScore(Score.None, "", NanoDollars.Zero, 0, 0);
        }

        var prompt = JudgePrompt.ForAnswer(criterion, question, answer, shown, version.Content.System);
        var started = time.GetTimestamp();
        var (judged, outcome) = await AskAsync(principal, judge, criterion, version, prompt, cancellationToken);
        await uses.RecordAsync(
            principal,
            version,
            new RunResult(
                outcome,
                judge.Id,
                judged.InputTokens,
                judged.OutputTokens,
                judged.Cost.Value,
                time.GetElapsedTime(started).TotalMilliseconds
            ),
            CancellationToken.None
        );
        return judged;
    }

    private async Task<(JudgedScore Judged, string Outcome)> AskAsync(
        Principal principal,
        ChatModel judge,
        JudgeCriterion criterion,
        PromptUse version,
        JudgePrompt prompt,
        CancellationToken cancellationToken
    )
    {
        List<ChatMessage> messages = [new(ChatRole.System, prompt.System), new(ChatRole.User, prompt.User)];
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grace.Expired);
        try
        {
            var outcome = await calls.OpenAsync(
                Payer.Of(principal),
                new UsagePurpose(UsageComponent.Judge, ScoreOf(criterion)) { Prompt = version.Used },
                [judge],
                model => new ChatRequest(
                    messages,
                    new ChatOptions
                    {
                        Temperature = 0,
                        MaxOutputTokens = Math.Min(MostTokens, model.MaxOutputTokens ?? MostTokens),
                    },
                    messages.Sum(message => (long)TokenEstimate.Of(message.Text) + MessageTokens)
                ),
                either.Token
            );
            return outcome switch
            {
                RouteOutcome<ChatResponseUpdate>.Answering { Answer: var said } => await ReadAsync(
                    said,
                    prompt,
                    cancellationToken
                ),
                RouteOutcome<ChatResponseUpdate>.OverBudget => throw new RunStoppedException(
                    "There is no money left for the judge."
                ),
                RouteOutcome<ChatResponseUpdate>.Uncounted => Failed(
                    "What the judge costs cannot be counted just now."
                ),
                _ => Failed("The judge did not answer."),
            };
        }
        catch (ModelException)
        {
            return Failed(BrokeOff);
        }
        catch (OperationCanceledException) when (IsTooLong(cancellationToken))
        {
            return Failed(TooLong);
        }
    }

    private async Task<(JudgedScore Judged, string Outcome)> ReadAsync(
        RoutedAnswer<ChatResponseUpdate> said,
        JudgePrompt prompt,
        CancellationToken cancellationToken
    )
    {
        var spoken = new SpokenText();
        var text = new StringBuilder();
        string? fault = null;
        await using (said)
        {
            try
            {
                while (text.Length <= MostCharacters && await said.MoveNextAsync())
                {
                    text.Append(spoken.Feed(said.Current.Text));
                }

                text.Append(spoken.Finish());
            }
            catch (ModelException)
            {
                fault = BrokeOff;
            }
            catch (OperationCanceledException) when (IsTooLong(cancellationToken))
            {
                fault = TooLong;
            }
        }

        // Known once it is done with; what broke off was paid for, too.
        var (cost, input, output) = (said.Cost, said.Tokens.TotalInput, said.Tokens.Output);
        if (fault is not null)
        {
            return (new JudgedScore(new Score.Failed(fault), "", cost, input, output), RunOutcome.Failed);
        }

        var judgement = JudgeAnswer.Read(text.ToString(), prompt);
        return (
            new JudgedScore(judgement.Score, judgement.Reasoning, cost, input, output),
            judgement.Score is Score.Failed ? RunOutcome.Faulty : RunOutcome.Succeeded
        );
    }

    private bool IsTooLong(CancellationToken caller) =>
        !caller.IsCancellationRequested && !grace.Expired.IsCancellationRequested;

    /// <summary>The best passages, as many as fit into half of the judge's window.</summary>
    private static List<string> Fitting(IReadOnlyList<Passage> passages, ChatModel judge)
    {
        var room = judge.Endpoint!.ContextWindowTokens / 2;
        var shown = new List<string>();
        foreach (var passage in passages)
        {
            room -= TokenEstimate.Of(passage.Text);
            if (room < 0)
            {
                break;
            }

            shown.Add(passage.Text);
        }

        return shown;
    }

    private static (JudgedScore Judged, string Outcome) Failed(string why) =>
        (new JudgedScore(new Score.Failed(why), "", NanoDollars.Zero, 0, 0), RunOutcome.Failed);
}
