using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>
/// Looks every two seconds, on every server, at the rollouts of which a use ended since the last look, and once a minute at the others.
/// Whichever server holds a rollout's row at that moment acts; the others pass over it.
/// </summary>
internal sealed class RolloutWatch(Doors doors, RolloutSteps steps, TimeProvider time, ILogger<RolloutWatch> logger)
    : BackgroundService
{
    private const string RunningSql = "SELECT tenant_id, rollout_id FROM door_running_rollouts(@before)";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(10);

    // When a rollout was last said not to have been looked at.
    private readonly Dictionary<Guid, DateTimeOffset> _told = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(BetweenLooks, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var running = await doors.QueryAsync<(Guid Tenant, Guid Rollout)>(
                RunningSql,
                new { before = time.GetUtcNow() - RolloutSteps.LongestUnseen },
                cancellationToken
            );
            foreach (var (tenant, rollout) in running)
            {
                await LookAsync(new TenantId(tenant), rollout, cancellationToken);
            }
        }
        catch (Exception exception) when (!IsStop(exception, cancellationToken))
        {
            // The next look is two seconds away; until then both arms go on as they are.
            Log.RolloutsNotSeen(logger, exception);
        }
    }

    private async Task LookAsync(TenantId tenant, Guid rollout, CancellationToken cancellationToken)
    {
        try
        {
            await steps.LookAsync(tenant, rollout, cancellationToken);
        }
        catch (Exception exception) when (!IsStop(exception, cancellationToken))
        {
            // One that cannot be read, as an edited row, must not stop the others, nor the server, nor fill the log at each look.
            var now = time.GetUtcNow();
            if (now - _told.GetValueOrDefault(rollout) >= BetweenWarnings)
            {
                _told[rollout] = now;
                Log.RolloutNotSeen(logger, rollout, exception);
            }
        }
    }

    private static bool IsStop(Exception exception, CancellationToken stopping) =>
        exception is OperationCanceledException && stopping.IsCancellationRequested;
}
