using System.Threading.Channels;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// Does what indexes need and nobody waits for, one thing after the other: joins their segments, and writes them to disk. Safe for
/// concurrent use.
/// </summary>
internal sealed class IndexKeeper(
    IndexSnapshots snapshots,
    Doors doors,
    IndexLimits limits,
    ILogger<IndexKeeper> logger
) : BackgroundService
{
    private const int TenantsPerPage = 1000;
    private const string TenantsSql = "SELECT tenant_id FROM door_tenants_after(@previous, @most)";

    private readonly record struct Chore(TenantIndex Entry, bool IsEvicted);

    private readonly Channel<Chore> _chores = Channel.CreateUnbounded<Chore>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly CancellationTokenSource _ending = new();

    /// <summary>To be called when an index has changed.</summary>
    public void Tidy(TenantIndex entry)
    {
        if (entry.TryWaitForTidying())
        {
            _chores.Writer.TryWrite(new Chore(entry, IsEvicted: false));
        }
    }

    /// <summary>To be called when an index has left: its memory is free once it is on disk.</summary>
    public void SaveEvicted(TenantIndex entry) => _chores.Writer.TryWrite(new Chore(entry, IsEvicted: true));

    /// <summary>Writes the index to disk where that is worth it and it has changed since.</summary>
    public void SaveChanged(TenantIndex entry, CancellationToken cancellationToken)
    {
        var changes = entry.Unsaved;
        if (
            changes == 0
            // What it found out of the vectors would not be in the file.
            || entry.HasOtherVectors
            || entry.State is IndexState.Loading or IndexState.Failed
            || entry.Index is not { } index
            || index.Statistics.Passages < limits.SavedPassages
        )
        {
            return;
        }

        try
        {
            if (snapshots.Save(entry.Tenant, index, cancellationToken))
            {
                entry.Count(-changes);
            }
        }
        catch (OperationCanceledException)
        {
            // The one of before is still there.
        }
    }

    /// <summary>Stops what is being done and leaves the rest.</summary>
    public async Task EndAsync()
    {
        _chores.Writer.TryComplete();
        await _ending.CancelAsync();
        if (ExecuteTask is { } running)
        {
            await running.WaitAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _ending.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, _ending.Token);
        await Task.Yield();
        try
        {
            await RemoveStrangersAsync(either.Token);
            await foreach (var chore in _chores.Reader.ReadAllAsync(either.Token))
            {
                try
                {
                    Do(chore, either.Token);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    Log.IndexNotTidied(logger, chore.Entry.Tenant.Value, exception);
                }
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // What changed is written at the end of the server.
        }
    }

    private void Do(Chore chore, CancellationToken cancellationToken)
    {
        var entry = chore.Entry;
        if (chore.IsEvicted)
        {
            SaveChanged(entry, cancellationToken);
            return;
        }

        // Before the work: what changes during it asks again.
        entry.Tidied();
        while (entry.State == IndexState.Loaded && entry.Index.Merge(everything: false, cancellationToken)) { }

        if (entry.State == IndexState.Loaded && entry.Unsaved >= limits.UnsavedChanges)
        {
            SaveChanged(entry, cancellationToken);
        }
    }

    /// <summary>Snapshots that were never finished, and those of tenants that are no more.</summary>
    private async Task RemoveStrangersAsync(CancellationToken cancellationToken)
    {
        try
        {
            snapshots.RemoveUnfinished();
            var strangers = snapshots.Tenants().ToHashSet();
            Guid? previous = null;
            while (strangers.Count > 0)
            {
                var page = await doors.QueryAsync<Guid>(
                    TenantsSql,
                    new { previous, most = TenantsPerPage },
                    cancellationToken
                );
                strangers.ExceptWith(page.Select(tenant => new TenantId(tenant)));
                if (page.Count < TenantsPerPage)
                {
                    break;
                }

                previous = page[^1];
            }

            foreach (var tenant in strangers)
            {
                snapshots.Remove(tenant);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next start does it.
            Log.SnapshotsNotChecked(logger, exception);
        }
    }
}
