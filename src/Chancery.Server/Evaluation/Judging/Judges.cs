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
using Npgsql;

namespace Chancery.Server.Evaluation.Judging;

/// <summary>What a judge said, and what that took.</summary>
/// <param name="Reasoning">Why, in the judge's words; empty where it gave no score.</param>
internal sealed record JudgedScore(Score Score, string Reasoning, NanoDollars Cost, long InputTokens, long OutputTokens)
{
    /// <summary>Whether nobody was asked, because the same judge had said it of the same before.</summary>
    public bool IsCached { get; init; }

    /// <summary>A score that took nothing.</summary>
    public static JudgedScore Free(Score score) => new(score, "", NanoDollars.Zero, 0, 0);
}

/// <summary>
/// Has a model judge answers. What it says counts only in the form that was asked for, with quotes that stand in what it was shown.
/// Safe for concurrent use.
/// </summary>
internal sealed class Judges(
    ModelCalls calls,
    PromptUses uses,
    JudgementStore known,
    ShutdownGrace grace,
    TimeProvider time,
    ILogger<Judges> logger
)
{
    private const int MostTokens = 800;

    // Room for any answer with its passages; what judging may cost is not to be that of a window of a million tokens.
    private const int MostWindow = 32_768;

    // No language takes fewer tokens for so many characters over more than a few words: who writes more keeps to no limit of tokens.
    private const int MostCharactersOfToken = 8;
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

    /// <summary>
    /// About what judging an answer costs at most, whatever the judge writes: its tokens are estimated on the high side. Null where nothing can be
    /// judged, as nothing that it is shown fits its window.
    /// </summary>
    public NanoDollars? MostCost(
        ChatModel judge,
        JudgeCriterion criterion,
        PromptUse version,
        string question,
        string answer,
        IReadOnlyList<Passage> passages
    )
    {
        var shown = Fitting(passages, judge);
        if (criterion is JudgeCriterion.Faithfulness && shown.Count == 0)
        {
            return null;
        }

        var prompt = JudgePrompt.ForAnswer(criterion, question, answer, shown, version.Content.System);
        return MostCost(judge, EstimateOf(MessagesOf(prompt)));
    }

    /// <summary>What judging any answer costs at most: all that a judge is shown.</summary>
    public NanoDollars MostCost(ChatModel judge) => MostCost(judge, WindowOf(judge));

    private static int WindowOf(ChatModel judge) => Math.Min(judge.Endpoint!.ContextWindowTokens, MostWindow);

    private NanoDollars MostCost(ChatModel judge, long inputTokens) =>
        judge.PricesOn(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime))?.WorstCase(inputTokens, MostOutput(judge))
        ?? NanoDollars.Zero;

    /// <summary>Judges, and writes down how the prompt's version did. What the same judge said of the same before is not asked again.</summary>
    /// <param name="version">Of the criterion's prompt.</param>
    /// <param name="freshSince">
    /// What it said before then does not count; null for whenever it was. While the version is rolled out beside another it is always asked.
    /// </param>
    /// <param name="mayBeKnown">Whether what it said before counts at all.</param>
    /// <exception cref="RunStoppedException">There is no money left to ask it.</exception>
    public async Task<JudgedScore> JudgeAsync(
        Principal principal,
        ChatModel judge,
        JudgeCriterion criterion,
        PromptUse version,
        string question,
        string answer,
        IReadOnlyList<Passage> passages,
        DateTimeOffset? freshSince,
        bool mayBeKnown,
        CancellationToken cancellationToken
    )
    {
        var shown = Fitting(passages, judge);
        if (criterion is JudgeCriterion.Faithfulness && shown.Count == 0)
        {
            return JudgedScore.Free(Score.None);
        }

        var prompt = JudgePrompt.ForAnswer(criterion, question, answer, shown, version.Content.System);
        var hash = JudgementStore.HashOf(
            judge,
            ScoreOf(criterion),
            prompt,
            criterion is JudgeCriterion.Faithfulness ? [question, answer, .. shown] : [question, answer]
        );
        // Only failures would be asked for again, and a rollout would compare nothing but how warm either arm is.
        if (
            mayBeKnown
            && version.Rollout is null
            && await known.FindAsync(principal.Tenant, hash, freshSince, cancellationToken) is { } before
        )
        {
            return JudgedScore.Free(before) with { IsCached = true };
        }

        var started = time.GetTimestamp();
        var said = await AskAsync(
            principal,
            judge,
            new UsagePurpose(UsageComponent.Judge, ScoreOf(criterion)) { Prompt = version.Used },
            prompt,
            cancellationToken
        );
        var judgement = said.Fault is null ? JudgeAnswer.Read(said.Text, prompt) : null;
        var judged = said.Of(judgement?.Score ?? new Score.Failed(said.Fault!), judgement?.Reasoning ?? "");
        var outcome =
            judgement is null ? RunOutcome.Failed
            : judgement.Score is Score.Failed ? RunOutcome.Faulty
            : RunOutcome.Succeeded;
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
        await KeepAsync(principal, hash, judged.Score, cancellationToken);
        return judged;
    }

    /// <summary>Which of two answers to one question gets the person further, asked in both orders.</summary>
    /// <param name="freshSince">What it said of the same two before then does not count; null for whenever it was.</param>
    /// <returns>1 for <paramref name="answer"/>, 0 for the other, 0.5 for neither; without reasons, which would quote the other.</returns>
    /// <exception cref="RunStoppedException">There is no money left to ask it.</exception>
    public async Task<JudgedScore> PreferAsync(
        Principal principal,
        ChatModel judge,
        string question,
        string answer,
        string other,
        DateTimeOffset? freshSince,
        CancellationToken cancellationToken
    )
    {
        var purpose = new UsagePurpose(UsageComponent.Judge, ScoreName.Preference);
        var straight = JudgePrompt.ForPair(question, answer, other);
        var swapped = JudgePrompt.ForPair(question, other, answer);
        var hash = JudgementStore.HashOf(judge, ScoreName.Preference, straight, [question, answer, other]);
        if (await known.FindAsync(principal.Tenant, hash, freshSince, cancellationToken) is { } before)
        {
            return JudgedScore.Free(before) with { IsCached = true };
        }

        var first = await AskAsync(principal, judge, purpose, straight, cancellationToken);
        if (first.Fault is { } fault)
        {
            return first.Of(new Score.Failed(fault));
        }

        Said second;
        try
        {
            second = await AskAsync(principal, judge, purpose, swapped, cancellationToken);
        }
        catch (RunStoppedException stopped)
        {
            // The first was paid for. The next question stops the run.
            return first.Of(new Score.Failed(stopped.Message));
        }

        var score = second.Fault is { } brokeOff
            ? new Score.Failed(brokeOff)
            : PairJudgement.Combine(
                JudgeAnswer.ReadPair(first.Text, straight),
                JudgeAnswer.ReadPair(second.Text, swapped)
            );
        await KeepAsync(principal, hash, score, cancellationToken);
        return first.And(second).Of(score);
    }

    /// <summary>What was paid for counts, whether or not it can be kept for the next time.</summary>
    private async Task KeepAsync(Principal principal, byte[] hash, Score score, CancellationToken cancellationToken)
    {
        try
        {
            await known.KeepAsync(principal.Tenant, hash, score, cancellationToken);
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException || cancellationToken.IsCancellationRequested)
        {
            Log.JudgementNotKept(logger, exception);
        }
    }

    private async Task<Said> AskAsync(
        Principal principal,
        ChatModel judge,
        UsagePurpose purpose,
        JudgePrompt prompt,
        CancellationToken cancellationToken
    )
    {
        var messages = MessagesOf(prompt);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grace.Expired);
        try
        {
            var outcome = await calls.OpenAsync(
                Payer.Of(principal),
                purpose,
                [judge],
                model => new ChatRequest(
                    messages,
                    new ChatOptions { Temperature = 0, MaxOutputTokens = MostOutput(model) },
                    EstimateOf(messages)
                ),
                either.Token
            );
            return outcome switch
            {
                RouteOutcome<ChatResponseUpdate>.Answering { Answer: var said } => await ReadAsync(
                    said,
                    MostOutput(judge) * MostCharactersOfToken,
                    cancellationToken
                ),
                RouteOutcome<ChatResponseUpdate>.OverBudget => throw new RunStoppedException(
                    "There is no money left for the judge."
                ),
                RouteOutcome<ChatResponseUpdate>.Uncounted => Said.Nothing(
                    "What the judge costs cannot be counted just now."
                ),
                _ => Said.Nothing("The judge did not answer."),
            };
        }
        catch (ModelException)
        {
            return Said.Nothing(BrokeOff);
        }
        catch (OperationCanceledException) when (IsTooLong(cancellationToken))
        {
            return Said.Nothing(TooLong);
        }
    }

    private static List<ChatMessage> MessagesOf(JudgePrompt prompt) =>
        [new(ChatRole.System, prompt.System), new(ChatRole.User, prompt.User)];

    private static long EstimateOf(List<ChatMessage> messages) =>
        messages.Sum(message => (long)TokenEstimate.Of(message.Text) + MessageTokens);

    private static int MostOutput(ChatModel judge) => Math.Min(MostTokens, judge.MaxOutputTokens ?? MostTokens);

    /// <param name="mostCharacters">What it writes beyond is not waited for: no more was set aside.</param>
    private async Task<Said> ReadAsync(
        RoutedAnswer<ChatResponseUpdate> said,
        int mostCharacters,
        CancellationToken cancellationToken
    )
    {
        var written = 0;
        var spoken = new SpokenText();
        var text = new StringBuilder();
        string? fault = null;
        await using (said)
        {
            try
            {
                while (written <= mostCharacters && await said.MoveNextAsync())
                {
                    written += said.Current.Text.Length;
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
        return new Said(text.ToString(), fault, said.Cost, said.Tokens.TotalInput, said.Tokens.Output);
    }

    private bool IsTooLong(CancellationToken caller) =>
        !caller.IsCancellationRequested && !grace.Expired.IsCancellationRequested;

    /// <summary>The best passages, as many as fit into half of what a judge is shown.</summary>
    private static List<string> Fitting(IReadOnlyList<Passage> passages, ChatModel judge)
    {
        var room = WindowOf(judge) / 2;
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

    /// <summary>What a judge wrote, or why there is nothing of it to be read, and what it took.</summary>
    private sealed record Said(string Text, string? Fault, NanoDollars Cost, long InputTokens, long OutputTokens)
    {
        public static Said Nothing(string why) => new("", why, NanoDollars.Zero, 0, 0);

        public Said And(Said later) =>
            later with
            {
                Cost = Cost + later.Cost,
                InputTokens = InputTokens + later.InputTokens,
                OutputTokens = OutputTokens + later.OutputTokens,
            };

        public JudgedScore Of(Score score, string reasoning = "") =>
            new(score, reasoning, Cost, InputTokens, OutputTokens);
    }
}
