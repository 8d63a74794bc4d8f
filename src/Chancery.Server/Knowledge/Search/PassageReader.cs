using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Reads a tenant's passages by id, each once, in one session from the first that is asked for. Not safe for concurrent use; nobody
/// waits for anything else while it is open.
/// </summary>
internal sealed class PassageReader(TenantDatabase database, TenantId tenant, Reader reader) : IAsyncDisposable
{
    private readonly Dictionary<Guid, PassageRow?> _rows = [];
    private TenantSession? _session;

    /// <summary>What was read; null for a passage that is not, or no longer, to be seen.</summary>
    public PassageRow? this[Guid chunk] => _rows.GetValueOrDefault(chunk);

    public async Task ReadAsync(IEnumerable<Guid> chunks, CancellationToken cancellationToken)
    {
        Guid[] missing = [.. chunks.Where(chunk => _rows.TryAdd(chunk, null))];
        if (missing.Length == 0)
        {
            return;
        }

        _session ??= await database.OpenAsync(tenant, reader, cancellationToken);
        foreach (var row in await PassageStore.RowsAsync(_session, missing, cancellationToken))
        {
            _rows[row.ChunkId] = row;
        }
    }

    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;
}
