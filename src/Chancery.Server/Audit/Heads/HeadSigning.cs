using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Audit.Heads;

/// <summary>Every ten minutes the ends of chains that grew are signed, kept and handed out; on whichever server comes first.</summary>
internal sealed class HeadSigning(
    HeadStore store,
    HeadFile file,
    HeadWebhook webhook,
    Doors doors,
    TimeProvider time,
    ILogger<HeadSigning> logger
) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    private const int MostAtOnce = 1_000;
    private const int MostSentAgain = 100;
    private const string UnsignedSql = "SELECT tenant_id FROM door_audit_unsigned(@before, @most)";
    private const string UnsentSql = "SELECT tenant_id, seq FROM door_audit_unsent(@most)";

    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    private sealed record Unsent(Guid TenantId, long Seq);

    /// <summary>Signs what grew and was not signed for so long, and sends what was not taken; answers how many were signed.</summary>
    public async Task<int> RunAsync(TimeSpan notSignedFor, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - notSignedFor;
        var signed = 0;
        foreach (
            var tenant in await doors.QueryAsync<Guid>(
                UnsignedSql,
                new { before, most = MostAtOnce },
                cancellationToken
            )
        )
        {
            try
            {
                if (await store.SignAsync(tenant, before, cancellationToken) is { } head)
                {
                    signed++;
                    await file.AppendAsync(head, cancellationToken);
                }
            }
            // Of one chain: the others are signed all the same.
            catch (PostgresException exception)
            {
                Log.NotSigned(logger, exception);
            }
        }

        if (webhook.IsOn)
        {
            await SendAsync(cancellationToken);
        }

        return signed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RunAsync(Every, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotSigned(logger, exception);
            }
        }
    }

    /// <summary>
    /// The oldest of each chain, then the next ones. Where one is refused, the newest of its chain goes before the rest, since that vouches
    /// for all before it; a chain whose newest is refused waits for the next time, and all do when nobody answers.
    /// </summary>
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var skippedTo = new Dictionary<Guid, HeadDelivery>();
        foreach (
            var unsent in await doors.QueryAsync<Unsent>(UnsentSql, new { most = MostSentAgain }, cancellationToken)
        )
        {
            if (
                skippedTo.GetValueOrDefault(unsent.TenantId) == HeadDelivery.Refused
                || await store.FindUnsentAsync(unsent.TenantId, unsent.Seq, cancellationToken) is not { } head
            )
            {
                continue;
            }

            var delivery = await SendAsync(head, cancellationToken);
            if (delivery == HeadDelivery.Refused && !skippedTo.ContainsKey(head.TenantId))
            {
                if (await store.FindUnsentAsync(head.TenantId, null, cancellationToken) is { } newest)
                {
                    delivery = newest.Seq == head.Seq ? delivery : await SendAsync(newest, cancellationToken);
                }

                skippedTo[head.TenantId] = delivery;
            }

            if (delivery == HeadDelivery.Unanswered)
            {
                return;
            }
        }
    }

    private async Task<HeadDelivery> SendAsync(SignedHead head, CancellationToken cancellationToken)
    {
        var delivery = await webhook.SendAsync(head, cancellationToken);
        if (delivery == HeadDelivery.Taken)
        {
            await store.SentAsync(head.TenantId, head.Seq, cancellationToken);
        }

        return delivery;
    }
}
