using Chancery.Evaluation.Rollouts;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Npgsql;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// Compares, before the server takes its first request, the words that it ships with those that were shipped here before: the first are in
/// use at once, words that were here before stand as they stood, and new ones begin their way from few to all. Servers that start together
/// do it once.
/// </summary>
internal sealed class ReleaseStart(
    NpgsqlDataSource source,
    ShippedPrompts shipped,
    ReleaseWords words,
    ReleasePolicy policy,
    PromptMeter meter,
    TimeProvider time,
    ILogger<ReleaseStart> logger
) : IHostedService
{
    private const string BySetting = "PROMPT_RELEASES says so.";

    /// <exception cref="NpgsqlException">PostgreSQL cannot be reached: without it the server has nothing to answer from either.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var stepped = new List<PromptRelease>();
        await using (var connection = await source.OpenConnectionAsync(cancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await ReleaseStore.LockAsync(transaction, cancellationToken);
            foreach (var own in words.Own)
            {
                if (await CompareAsync(transaction, own, cancellationToken) is { } release)
                {
                    stepped.Add(release);
                }
            }

            await transaction.CommitAsync(cancellationToken);
        }

        foreach (var release in stepped)
        {
            var name = shipped.Find(release.PromptId)!.Name;
            meter.Released(
                release.PromptId,
                release.State == ReleaseState.Running ? "started" : release.State,
                isByRule: true
            );
            Log.ReleaseShipped(logger, name, release.Id, release.State);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What began or ended here by this start; null where everything stands as it stood.</summary>
    private async Task<PromptRelease?> CompareAsync(
        NpgsqlTransaction transaction,
        ShippedWords own,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var all = await ReleaseStore.OfPromptAsync(transaction, own.PromptId, cancellationToken);
        if (all.FirstOrDefault(release => release.Sha256 == own.Sha256) is { } known)
        {
            if (known.Id != all[0].Id)
            {
                await ReleaseStore.ShippedAsync(transaction, known.Id, now, cancellationToken);
            }

            return policy.IsStaged || known.State != ReleaseState.Running
                ? null
                : await CompleteAsync(transaction, known.Id, now, cancellationToken);
        }

        var former = ReleaseState.PathOf(all) is [.., var last] ? last : null;
        var state =
            former is null ? ReleaseState.First
            : policy.IsStaged ? ReleaseState.Running
            : ReleaseState.AtOnce;
        var release = new PromptRelease(
            Guid.CreateVersion7(now),
            own.PromptId,
            own.Sha256,
            own.Canonical,
            former?.Sha256,
            former?.Content,
            state,
            policy.Plan,
            state == ReleaseState.Running ? policy.Plan.Stages[0].Exposure : RolloutAssignment.Buckets,
            RolloutProgress.Start(policy.Plan, now),
            RolloutLimits.Unknown,
            Decision: null,
            now,
            now,
            now,
            now,
            state == ReleaseState.Running ? null : now,
            EndedBy: null,
            state == ReleaseState.AtOnce ? BySetting : null
        );
        await ReleaseStore.AddAsync(transaction, release, cancellationToken);
        return state == ReleaseState.First ? null : release;
    }

    private static async Task<PromptRelease?> CompleteAsync(
        NpgsqlTransaction transaction,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        // Another server may have ended it since it was read.
        if (
            await ReleaseStore.FindAsync(transaction, id, cancellationToken) is not { State: ReleaseState.Running } held
        )
        {
            return null;
        }

        var complete = held with
        {
            State = ReleaseState.Complete,
            Exposure = RolloutAssignment.Buckets,
            LookedAt = now,
            EndedAt = now,
            Reason = BySetting,
        };
        await ReleaseStore.SaveAsync(transaction, complete, cancellationToken);
        return complete;
    }
}
