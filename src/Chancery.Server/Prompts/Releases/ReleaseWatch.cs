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

    // When each was warned of last.
    private readonly Dictionary<string, DateTimeOffset> _told = [];

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
            try
            {
                await steps.LookAsync(release, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // One that cannot be looked at keeps none of the others from being turned back.
                Warn(release.ToString(), exception);
            }
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
                Warn("all", exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Warn(string release, Exception exception)
    {
        var now = time.GetUtcNow();
        if (!_told.TryGetValue(release, out var before) || now - before >= BetweenWarnings)
        {
            _told[release] = now;
            Log.ReleasesNotSeen(logger, release, exception);
        }
    }
}
