using System.Threading.Channels;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>
/// Writes queries down behind the answers, many at a time. A search never waits for it: what it cannot take is lost, and
/// counted. What waits when the server stops is still written. Safe for concurrent use.
/// </summary>
internal sealed class QueryRecorder(
    QueryStore store,
    OrganizationStore organizations,
    IOptions<KnowledgeOptions> options,
    TimeProvider time,
    ILogger<QueryRecorder> logger
) : BackgroundService
{
    public const int MostWaiting = 4096;
    private const int MostAtOnce = 500;

    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PauseBeforeLastTry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);

    private readonly Channel<Entry> _waiting = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true }
    );

    private volatile TaskCompletionSource _hurry = New();
    private long _dropped;
    private long _reported;
    private long? _reportedAt;

    /// <summary>Queries that were lost since the server started: there were too many, or the database was away.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes a query to write it down; at once, whatever happens to it.</summary>
    public void Record(LoggedQuery query)
    {
        if (options.Value.QueryLog && !_waiting.Writer.TryWrite(new Entry(query, null)))
        {
            Drop(1);
        }
    }

    /// <summary>Waits, two seconds at most, until what this server took so far is written or lost.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var written = New();
        if (!_waiting.Writer.TryWrite(new Entry(null, written)))
        {
            return;
        }

        _hurry.TrySetResult();
        try
        {
            await written.Task.WaitAsync(LongestFlush, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The database is slow; whoever looks sees what there is.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        // Requests have ended by then; what they left is read to its end.
        using var stop = stoppingToken.Register(() => _waiting.Writer.TryComplete());
        var entries = new List<Entry>(MostAtOnce);
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            await Task.WhenAny(_hurry.Task, Task.Delay(GatherFor, time, stoppingToken));
            _hurry = New();
            entries.Clear();
            while (entries.Count < MostAtOnce && _waiting.Reader.TryRead(out var entry))
            {
                entries.Add(entry);
            }

            foreach (var queries in entries.Select(entry => entry.Query).OfType<LoggedQuery>().GroupBy(Tenant))
            {
                await WriteAsync(queries.Key, [.. queries], stoppingToken);
            }

            foreach (var entry in entries)
            {
                entry.Written?.TrySetResult();
            }

            Report();
        }
    }

    private async Task WriteAsync(TenantId tenant, LoggedQuery[] queries, CancellationToken stoppingToken)
    {
        for (var isLastTry = false; ; isLastTry = true)
        {
            try
            {
                // Here and not with the search: an organisation may have switched it off a moment ago.
                if ((await organizations.GetAsync(tenant, CancellationToken.None)).QueryLog)
                {
                    await store.AddAsync(tenant, queries, CancellationToken.None);
                }

                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient && queries.Length > 1)
            {
                // One of them cannot be stored; the others need not suffer for it.
                foreach (var query in queries)
                {
                    await WriteAsync(tenant, [query], stoppingToken);
                }

                return;
            }
            catch (NpgsqlException exception) when (exception.IsTransient && !isLastTry)
            {
                await Task.WhenAny(Task.Delay(PauseBeforeLastTry, time, stoppingToken));
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The database is away, or the organisation is gone: the next ones are no worse for it.
                Log.QueriesNotWritten(logger, queries.Length, exception);
                Drop(queries.Length);
                return;
            }
        }
    }

    private void Drop(int count) => Interlocked.Add(ref _dropped, count);

    private void Report()
    {
        var dropped = Dropped;
        if (dropped > _reported && (_reportedAt is not { } at || time.GetElapsedTime(at) >= BetweenReports))
        {
            Log.QueriesDropped(logger, dropped - _reported);
            (_reported, _reportedAt) = (dropped, time.GetTimestamp());
        }
    }

    private static TenantId Tenant(LoggedQuery query) => new(query.TenantId);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="Written">Told when everything before it is written; then there is no query.</param>
    private sealed record Entry(LoggedQuery? Query, TaskCompletionSource? Written);
}
