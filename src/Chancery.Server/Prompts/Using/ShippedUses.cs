using System.Threading.Channels;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Telemetry;
using Chancery.Server.Prompts.Templates;
using Npgsql;

namespace Chancery.Server.Prompts.Using;

/// <summary>A use of a prompt as it was shipped, which ended.</summary>
internal sealed record ShippedUse(
    TenantId Tenant,
    Guid Run,
    PromptUse Use,
    RunResult Result,
    Guid Principal,
    DateTimeOffset At
);

/// <summary>
/// Writes uses of prompts as they were shipped, of each organisation many in one statement, up to a second after they ended: no answer waits for
/// them. What does not fit into the queue, or cannot be written, is lost and counted. Safe for concurrent use.
/// </summary>
internal sealed class ShippedUses(
    TenantDatabase database,
    PromptMeter meter,
    TimeProvider time,
    ILogger<ShippedUses> logger
) : BackgroundService
{
    private const int MostWaiting = 10_000;
    private const int MostAtOnce = 500;

    private const string AddSql = """
        INSERT INTO prompt_runs (tenant_id, run_id, prompt_id, version, outcome, model, input_tokens, output_tokens, cost_nano, latency_ms,
                                 score, principal_id, created_at, ended_at, content_sha256, rollout_id, is_treated)
        SELECT @tenant, u.run, u.prompt, u.version, u.outcome, u.model, u.input, u.output, u.cost, u.latency, u.score, u.principal, u.at, u.at,
               u.sha256, u.rollout, u.treated
        FROM unnest(@runs::uuid[], @prompts::uuid[], @versions::int[], @outcomes::text[], @models::text[], @inputs::int8[], @outputs::int8[],
                    @costs::int8[], @latencies::float8[], @scores::float8[], @principals::uuid[], @times::timestamptz[], @hashes::bytea[],
                    @rollouts::uuid[], @treated::boolean[])
          AS u (run, prompt, version, outcome, model, input, output, cost, latency, score, principal, at, sha256, rollout, treated)
        ORDER BY u.run
        """;

    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private readonly Channel<ShippedUse> _waiting = Channel.CreateBounded<ShippedUse>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait }
    );

    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Puts a use in the queue; at once, whatever waits.</summary>
    public void Add(ShippedUse use)
    {
        if (!_waiting.Writer.TryWrite(use))
        {
            meter.Lost(1);
        }
    }

    /// <summary>Writes what is in the queue now, or waits until it is written.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // What comes meanwhile is for the next time: this ends.
            for (var most = _waiting.Reader.Count; most > 0; )
            {
                var taken = new List<ShippedUse>();
                while (taken.Count < Math.Min(most, MostAtOnce) && _waiting.Reader.TryRead(out var use))
                {
                    taken.Add(use);
                }

                if (taken.Count == 0)
                {
                    return;
                }

                most -= taken.Count;
                foreach (var ofTenant in taken.GroupBy(use => use.Tenant))
                {
                    await WriteAsync(ofTenant.Key, [.. ofTenant]);
                }
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _writing.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Gathering, time, stoppingToken);
                await FlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What waits is written when the server stops.
        }
    }

    // What was taken out of the queue is written whoever leaves meanwhile.
    private async Task WriteAsync(TenantId tenant, IReadOnlyList<ShippedUse> uses)
    {
        try
        {
            await using var session = await database.OpenAsync(tenant, CancellationToken.None);
            await session.ExecuteAsync(
                AddSql,
                new
                {
                    tenant = tenant.Value,
                    runs = Each(use => use.Run),
                    prompts = Each(use => use.Use.PromptId),
                    versions = Each(use => use.Use.Version),
                    outcomes = Each(use => use.Result.Outcome),
                    models = Each(use => use.Result.Model),
                    inputs = Each(use => use.Result.InputTokens),
                    outputs = Each(use => use.Result.OutputTokens),
                    costs = Each(use => use.Result.CostNanoDollars),
                    latencies = Each(use => use.Result.LatencyMs),
                    scores = Each(use => use.Result.Score),
                    principals = Each(use => use.Principal),
                    times = Each(use => use.At),
                    hashes = Each(use => PromptContent.HashOf(use.Use.Content.ToCanonical())),
                    rollouts = Each(use => use.Use.Rollout),
                    treated = Each(use => use.Use.IsTreated),
                },
                CancellationToken.None
            );
            await session.CommitAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            meter.Lost(uses.Count);
            Log.RunNotRecorded(logger, uses[0].Use.Reference, exception);
        }

        T[] Each<T>(Func<ShippedUse, T> of) => [.. uses.Select(of)];
    }
}
