using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Threading.Channels;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Evaluation.Judging;

/// <summary>
/// Judges a share of the answers of a rollout by a model, by faithfulness, after they were given: whatever version made them, the same share of either.
/// What it was shown is held in memory alone: what waits when a server stops is not judged. Safe for concurrent use.
/// </summary>
internal sealed class LiveJudging(
    Judges judges,
    JudgePrompts prompts,
    RunModels models,
    PromptUses uses,
    OrganizationStore organizations,
    TimeProvider time,
    ILogger<LiveJudging> logger
) : BackgroundService, IAnswerJudge
{
    // Answers with their passages: about a hundred kilobytes each at most.
    private const int MostWaiting = 200;
    private const int AtOnce = 2;

    private static readonly string[] Criteria = [Judges.NameOf(JudgeCriterion.Faithfulness)];

    private readonly Channel<JudgedAnswer> _waiting = Channel.CreateBounded<JudgedAnswer>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait }
    );

    public void Offer(JudgedAnswer answer)
    {
        // What does not fit is not judged, whichever version made it.
        if (IsDrawn(answer.Run, answer.Use.Judging.Sample))
        {
            _waiting.Writer.TryWrite(answer);
        }
    }

    /// <summary>By a hash of the use's id alone, so that both arms are drawn from alike.</summary>
    internal static bool IsDrawn(Guid run, double sample)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(run.ToByteArray(), hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash) < sample * ((double)uint.MaxValue + 1);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Parallel.ForEachAsync(
            _waiting.Reader.ReadAllAsync(stoppingToken),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
            async (answer, cancellationToken) =>
            {
                try
                {
                    await JudgeAsync(answer, cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    // One that cannot be judged keeps the next ones waiting no longer.
                    Log.NotJudged(logger, answer.Run, exception);
                }
            }
        );

    private async Task JudgeAsync(JudgedAnswer answer, CancellationToken cancellationToken)
    {
        var midnight = new DateTimeOffset(time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var spent = await uses.SpentOnJudgesAsync(
            answer.Principal.Tenant,
            answer.Use.Rollout!.Value,
            midnight,
            cancellationToken
        );
        if (spent >= answer.Use.Judging.CapNano)
        {
            return;
        }

        if (await models.JudgeOfAllAsync(answer.Principal, cancellationToken) is not { } judge)
        {
            return;
        }

        // One that cites nothing is faithful to nothing; no model has to say so.
        var judged = answer.IsSupported
            ? await AskAsync(answer, judge, cancellationToken)
            : JudgedScore.Free(Score.Of(isRight: false));
        if (judged is not null)
        {
            await uses.JudgedAsync(
                answer.Principal.Tenant,
                answer.Run,
                judged.Score.Value,
                judged.Cost.Value,
                cancellationToken
            );
        }
    }

    /// <summary>Null where there is no money left.</summary>
    private async Task<JudgedScore?> AskAsync(JudgedAnswer answer, ChatModel judge, CancellationToken cancellationToken)
    {
        var told = await prompts.ForRunAsync(
            answer.Principal,
            answer.Use.Rollout!.Value,
            Criteria,
            kept: null,
            cancellationToken
        );
        var shown = await ShownAsync(answer, cancellationToken);
        try
        {
            return await judges.JudgeAsync(
                answer.Principal,
                judge,
                JudgeCriterion.Faithfulness,
                told[JudgeCriterion.Faithfulness],
                shown.Question,
                shown.Answer,
                shown.Passages,
                isFresh: false,
                cancellationToken
            );
        }
        catch (RunStoppedException)
        {
            // The asker's budget is used up, or the organisation's.
            return null;
        }
    }

    /// <summary>What the judge is shown: where an organisation keeps personal data from models, this one is told placeholders as well.</summary>
    private async Task<JudgedAnswer> ShownAsync(JudgedAnswer answer, CancellationToken cancellationToken)
    {
        var rules = await organizations.RulesAsync(answer.Principal.Tenant, cancellationToken);
        if (!rules.HidesPersonalData)
        {
            return answer;
        }

        var hidden = new HiddenData([
            answer.Question,
            answer.Answer,
            .. answer.Passages.Select(passage => passage.Text),
        ]);
        return answer with
        {
            Question = hidden.Hide(answer.Question),
            Answer = hidden.Hide(answer.Answer),
            Passages = [.. answer.Passages.Select(passage => passage with { Text = hidden.Hide(passage.Text) })],
        };
    }
}
