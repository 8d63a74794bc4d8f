using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>The organisation's index in this process, and the file of it.</summary>
internal sealed class IndexRemains(TenantIndexes indexes, IndexSnapshots snapshots) : ITenantRemains
{
    public string Name => "index files";

    public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var (count, bytes) = snapshots.Measure(tenant);
        indexes.ForgetTenant(tenant);
        return snapshots.Measure(tenant).Files == 0
            ? Task.FromResult(new Remains(count, bytes))
            : throw new IOException("The index file of an organisation that is erased is still there.");
    }
}

/// <summary>The organisation's graphs of vectors, which are indexes of the database that hold its rows alone.</summary>
internal sealed class GraphRemains(VectorIndexBuilder builder) : ITenantRemains
{
    public string Name => "vector indexes";

    public bool IsOfEachServer => false;

    public async Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var prefix = VectorIndex.PrefixOf(tenant);
        var before = await builder.ListAsync(prefix, cancellationToken);
        await builder.DropAllAsync(tenant, cancellationToken);
        // Another server may be building one.
        return (await builder.ListAsync(prefix, cancellationToken)).Count == 0
            ? new Remains(before.Count)
            : throw new IOException("An index of an organisation that is erased is being built.");
    }
}
