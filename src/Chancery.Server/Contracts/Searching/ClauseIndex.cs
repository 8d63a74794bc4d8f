using Chancery.Contracts.Analysis;
using Chancery.Search.Engine;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// One organisation's clauses in memory, those of the latest revisions. Brought up to what is committed before each search. Safe for
/// concurrent use.
/// </summary>
/// <param name="model">The embedding model whose vectors it holds; null for none.</param>
#pragma warning disable CA1001 // Nobody takes the semaphore's wait handle, so that there is nothing to dispose; an index that gave way may still be in use.
internal sealed class ClauseIndex(TenantId tenant, string? model, TenantDatabase database)
#pragma warning restore CA1001
{
    // What a change reads: whole contracts, since few of a contract's clauses keep their place in its words.
    private const int ContractsAtOnce = 200;

    private const string ChangeSql =
        "SELECT coalesce((SELECT change FROM contract_changes WHERE tenant_id = @tenant), 0)";

    private const string ChangedSql = """
        SELECT contract_id AS id, title, tags, updated_at, deleted_at IS NOT NULL AS is_gone, change
        FROM contracts
        WHERE tenant_id = @tenant AND change > @since
        ORDER BY change, contract_id
        LIMIT @most
        """;

    // A heading without words of its own, such as a line of a table of contents, fits a short query better than any clause and says
    // nothing; clauses under it carry it in their path.
    private const string ClausesSql = """
        SELECT k.contract_id, k.clause_id, k.ordinal, k.path, k.type, k.body, v.embedding
        FROM contract_clauses AS k
        LEFT JOIN contract_vectors AS v
          ON v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256 AND v.model = @model
        WHERE k.tenant_id = @tenant AND k.contract_id = ANY (@ids) AND k.body <> ''
        ORDER BY k.contract_id, k.ordinal
        """;

    private readonly SemaphoreSlim _following = new(1, 1);
    private SearchIndex? _index;
    private long _change;
    private long _usedAt;

    public string? Model => model;

    /// <summary>When it was asked for last, in the ticks of <see cref="Environment.TickCount64"/>.</summary>
    public long UsedAt => Interlocked.Read(ref _usedAt);

    /// <summary>The index with everything that was committed before the call.</summary>
    /// <param name="dimensions">Of the model's vectors; 0 where there is none.</param>
    public async Task<SearchIndex> FollowAsync(int dimensions, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _usedAt, Environment.TickCount64);
        await _following.WaitAsync(cancellationToken);
        try
        {
            if (_index is null || (dimensions > 0 && _index.Options.Dimensions != dimensions))
            {
                _index = new SearchIndex(new SearchIndexOptions { Owner = tenant.Value, Dimensions = dimensions });
                _change = 0;
            }

            await using var session = await database.OpenAsync(tenant, cancellationToken);
            var now = await session.FindAsync<long>(ChangeSql, new { tenant = tenant.Value }, cancellationToken);
            while (_change < now)
            {
                var reached = await ReadAsync(session, _index, cancellationToken);
                _change = reached ?? now;
            }

            return _index;
        }
        finally
        {
            _following.Release();
        }
    }

    /// <returns>Up to which change it has read; null when nothing is left.</returns>
    private async Task<long?> ReadAsync(TenantSession session, SearchIndex index, CancellationToken cancellationToken)
    {
        var changed = await session.QueryAsync<ContractState>(
            ChangedSql,
            new
            {
                tenant = tenant.Value,
                since = _change,
                most = ContractsAtOnce,
            },
            cancellationToken
        );
        if (changed.Count == 0)
        {
            return null;
        }

        var rows = await session.QueryAsync<ClauseRow>(
            ClausesSql,
            new
            {
                tenant = tenant.Value,
                ids = changed.Where(contract => !contract.IsGone).Select(contract => contract.Id).ToArray(),
                model = model ?? "",
            },
            cancellationToken
        );
        var contracts = changed.ToDictionary(
            contract => contract.Id,
            contract => (contract.Title, Document: new IndexedDocument(contract.Id) { Date = contract.UpdatedAt })
        );
        index.Apply(
            new IndexChanges(new IndexRevision(changed[^1].Change, Guid.Empty))
            {
                RemovedDocuments = [.. contracts.Keys],
                Documents = [.. contracts.Values.Select(contract => contract.Document)],
                Passages =
                [
                    .. rows.Select(row => new IndexedPassage(
                        row.ClauseId,
                        contracts[row.ContractId].Document,
                        row.Ordinal,
                        row.Body
                    )
                    {
                        Title = contracts[row.ContractId].Title,
                        Heading = HeadingOf(row),
                        Vector =
                            row.Embedding is { } bytes && bytes.Length == index.Options.Dimensions * sizeof(float)
                                ? ClauseVectorStore.Read(bytes)
                                : ReadOnlyMemory<float>.Empty,
                    }),
                ],
            },
            cancellationToken
        );
        return changed.Count < ContractsAtOnce ? null : changed[^1].Change;
    }

    /// <summary>With what the clause deals with: "termination" finds one that stands under "End of the collaboration".</summary>
    private static string HeadingOf(ClauseRow row) =>
        ClauseTypeName.Find(row.Type) is { } type ? $"{row.Path} › {ClauseTypes.NameOf(type)}" : row.Path;

    private sealed class ContractState
    {
        public Guid Id { get; init; }

        public string Title { get; init; } = "";

        public string[] Tags { get; init; } = [];

        public DateTimeOffset UpdatedAt { get; init; }

        public bool IsGone { get; init; }

        public long Change { get; init; }
    }

    private sealed class ClauseRow
    {
        public Guid ContractId { get; init; }

        public Guid ClauseId { get; init; }

        public int Ordinal { get; init; }

        public string Path { get; init; } = "";

        public string? Type { get; init; }

        public string Body { get; init; } = "";

        public byte[]? Embedding { get; init; }
    }
}
