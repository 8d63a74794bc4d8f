using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Threading.Channels;
using Chancery.Evaluation.Judging;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Running;
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
    UseJudgements judgements,
    OrganizationStore organizations,
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
        if (await models.JudgeOfAllAsync(answer.Principal, cancellationToken) is not { } judge)
        {
            return;
        }

        var told = await prompts.ForRunAsync(
            answer.Principal,
            answer.Use.Rollout!.Value,
            Criteria,
            kept: null,
            cancellationToken
        );
        var words = told[JudgeCriterion.Faithfulness];
        var shown = await ShownAsync(answer, cancellationToken);
        var tenant = answer.Principal.Tenant;
        var most = judges.MostCost(
            judge,
            JudgeCriterion.Faithfulness,
            words,
            shown.Question,
            shown.Answer,
            shown.Passages
        );
        if (
            most is not { } aside
            || !await judgements.BeginAsync(tenant, answer.Use, answer.Run, aside.Value, cancellationToken)
        )
        {
            return;
        }

        try
        {
            // Every answer that is drawn, whatever it cites: what a version leaves out would be missing in its arm alone.
            var judged = await judges.JudgeAsync(
                answer.Principal,
                judge,
                JudgeCriterion.Faithfulness,
                words,
                shown.Question,
                shown.Answer,
                shown.Passages,
                freshSince: null,
                cancellationToken
            );
            // Paid for: it is written down also where the server stops just now.
            await judgements.SettleAsync(
                tenant,
                answer.Run,
                judged.Score.Value,
                judged.Cost.Value,
                CancellationToken.None
            );
        }
        catch (RunStoppedException)
        {
            // The asker's budget is used up, or the organisation's: nobody was asked.
            await judgements.DropAsync(tenant, answer.Run, cancellationToken);
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
