using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Chancery.Evaluation.Judging;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Prompts.Using;
using Npgsql;

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
    TimeProvider time,
    ILogger<LiveJudging> logger
) : BackgroundService, IAnswerJudge
{
    // Answers with their passages: about a hundred kilobytes each at most.
    private const int MostWaiting = 200;
    private const int AtOnce = 2;

    private const int MostTries = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly string[] Criteria = [Judges.NameOf(JudgeCriterion.Faithfulness)];

    // Of which rollouts it was said that their cap buys nothing.
    private readonly ConcurrentDictionary<Guid, bool> _tooLow = new();

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

    /// <summary>By a hash of the use's id alone: what an answer is like has no part in it.</summary>
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
        if (most is not { } aside)
        {
            return;
        }

        // By what any answer may cost: near the cap, a version that writes more would be judged less often otherwise.
        var any = Math.Max(judges.MostCost(judge).Value, aside.Value);
        if (any > answer.Use.Judging.CapNano)
        {
            if (_tooLow.TryAdd(answer.Use.Rollout!.Value, true))
            {
                Log.CapTooLow(logger, answer.Use.Rollout!.Value, answer.Use.Judging.CapNano / 1e9, judge.Id, any / 1e9);
            }

            return;
        }

        if (!await judgements.BeginAsync(tenant, answer.Use, answer.Run, aside.Value, any, cancellationToken))
        {
            return;
        }

        JudgedScore judged;
        try
        {
            // Every answer that is drawn, whatever it cites: what a version leaves out would be missing in its arm alone.
            judged = await judges.JudgeAsync(
                answer.Principal,
                judge,
                JudgeCriterion.Faithfulness,
                words,
                shown.Question,
                shown.Answer,
                shown.Passages,
                freshSince: null,
                // What is known never failed: how warm either arm is must not count.
                mayBeKnown: false,
                cancellationToken
            );
        }
        catch (RunStoppedException)
        {
            // The asker's budget is used up, or the organisation's: nobody was asked.
            await WriteAsync(() => judgements.DropAsync(tenant, answer.Run, CancellationToken.None), cancellationToken);
            return;
        }
        catch (Exception)
        {
            // Whether it was paid for is not known: it counts as a failure, and as all that was set aside.
            await WriteAsync(
                () => judgements.SettleAsync(tenant, answer.Run, score: null, aside.Value, CancellationToken.None),
                cancellationToken
            );
            throw;
        }

        // Paid for: it is written down also where the server stops just now.
        await WriteAsync(
            () =>
                judgements.SettleAsync(
                    tenant,
                    answer.Run,
                    judged.Score.Value,
                    judged.Cost.Value,
                    CancellationToken.None
                ),
            cancellationToken
        );
    }

    /// <summary>Writes down what became of money that was set aside: also where the database is away for some seconds.</summary>
    private async Task WriteAsync(Func<Task> write, CancellationToken stopping)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception exception)
                when (exception is NpgsqlException or TimeoutException
                    && attempt < MostTries
                    && !stopping.IsCancellationRequested
                )
            {
                await Task.Delay(Pause * attempt, time, stopping)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
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
