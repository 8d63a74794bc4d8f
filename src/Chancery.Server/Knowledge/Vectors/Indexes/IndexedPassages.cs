using System.Globalization;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Vectors.Indexes;

/// <summary>The nearest passages by an organisation's own index in PostgreSQL, under row-level security as everything.</summary>
internal sealed class IndexedPassages(TenantDatabase database, IOptions<VectorIndexOptions> options) : INearestPassages
{
    private const string FindSql = """
        SELECT c.relname::text
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = to_regclass('chunk_vectors') AND i.indisvalid AND starts_with(c.relname, @group)
        ORDER BY c.relname
        LIMIT 1
        """;

    // Iterative: it goes on where it stopped until there are as many as are asked for. Without sorting there is no plan but the
    // index that could answer in order, so that what `explain` says is so.
    private const string SettingsSql = """
        SELECT set_config('hnsw.ef_search', @candidates, true), set_config('hnsw.iterative_scan', 'strict_order', true),
               set_config('enable_sort', 'off', true)
        """;

    public string Scan => DenseScan.Indexed;

    public async Task<NearestIds?> FindAsync(
        TenantId tenant,
        string model,
        string vector,
        Guid[]? documents,
        int most,
        CancellationToken cancellationToken
    )
    {
        // A graph of all passages is a detour to a few documents: those are looked at one by one.
        var index = new VectorIndex(tenant, model, LengthOf(vector));
        if (documents is not null || !index.IsPossible)
        {
            return null;
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (await session.FindAsync<string>(FindSql, new { group = index.Group }, cancellationToken) is null)
        {
            return null;
        }

        var candidates = options.Value.EfSearch.ToString(CultureInfo.InvariantCulture);
        await session.ExecuteAsync(SettingsSql, new { candidates }, cancellationToken);
        var ids = await session.QueryAsync<Guid>(
            NearestSql(index),
            new
            {
                tenant = tenant.Value,
                model,
                vector,
                most,
            },
            cancellationToken
        );
        return new NearestIds(ids, IsAll: false);
    }

    // Type and length are ours, and have to stand there as the index has them.
    internal static string NearestSql(VectorIndex index) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT v.chunk_id
            FROM chunk_vectors AS v
            WHERE v.tenant_id = @tenant AND v.model = @model AND vector_dims(v.embedding) = {index.Dimensions}
            ORDER BY v.embedding::{index.Type} <=> @vector::{index.Type}
            LIMIT @most
            """
        );

    // [0.1,-0.2,…]
    private static int LengthOf(string vector) => vector.AsSpan().Count(',') + 1;
}
