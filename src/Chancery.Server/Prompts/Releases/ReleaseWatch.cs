using Npgsql;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// Looks every two seconds at the releases of this server's own words that are rolled out. Words that no server ships any more are not
/// looked at, and go neither on nor back. Whichever server holds a release's row at that moment acts; the others pass over it.
/// </summary>
internal sealed class ReleaseWatch(
    NpgsqlDataSource source,
    ReleaseWords words,
    ReleaseSteps steps,
    TimeProvider time,
    ILogger<ReleaseWatch> logger
) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(10);

    private DateTimeOffset _told;

    /// <summary>Looks at all of them once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> running;
        await using (var connection = await source.OpenConnectionAsync(cancellationToken))
        {
            running = await ReleaseStore.RunningAsync(connection, words.Own, cancellationToken);
        }

        foreach (var release in running)
        {
            await steps.LookAsync(release, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(BetweenLooks, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception exception)
                when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // The next look is two seconds away; until then both arms go on as they are.
                var now = time.GetUtcNow();
                if (now - _told >= BetweenWarnings)
                {
                    _told = now;
                    Log.ReleasesNotSeen(logger, exception);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
