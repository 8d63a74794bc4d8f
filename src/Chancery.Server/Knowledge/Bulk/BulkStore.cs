using System.Diagnostics;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Fetching;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Stock;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Knowledge.Bulk;

/// <summary>Changes many documents in one transaction and raises the revision once, at its end. Safe for concurrent use.</summary>
internal sealed class BulkStore(
    TenantDatabase database,
    WorkQueue queue,
    FetchStore fetches,
    StockLimits stock,
    VectorQueue vectors,
    TimeProvider time
)
{
    // In one order for everybody, so that two who change the same documents wait for each other instead of deadlocking.
    private const string LockSql = """
        SELECT document_id, collection_id, tags, latest_version, deleted_at IS NOT NULL AS is_deleted
        FROM documents
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        ORDER BY document_id
        FOR UPDATE
        """;

    private const string DeleteSql = """
        UPDATE documents SET deleted_at = @now, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        """;

    private const string HideSql = """
        UPDATE chunks SET current = false
        WHERE tenant_id = @tenant AND document_id = ANY (@ids) AND current
        RETURNING document_id, chunk_id
        """;

    private const string RestoreSql = """
        UPDATE documents SET deleted_at = NULL, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        """;

    private const string ShowSql = """
        UPDATE chunks AS c SET current = true
        FROM documents AS d
        WHERE c.tenant_id = @tenant AND c.document_id = ANY (@ids) AND NOT c.current
          AND d.tenant_id = c.tenant_id AND d.document_id = c.document_id
          AND EXISTS (
            SELECT 1 FROM chunk_places AS p
            WHERE p.tenant_id = c.tenant_id AND p.chunk_id = c.chunk_id AND p.version = d.current_version)
        RETURNING c.document_id, c.chunk_id
        """;

    private const string MoveSql = """
        UPDATE documents SET collection_id = @collectionId, updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        """;

    // New ones stand behind those that are there, in the order given.
    private const string TagSql = """
        UPDATE documents
        SET tags = tags || ARRAY(
              SELECT given.tag FROM unnest(@tags::text[]) WITH ORDINALITY AS given(tag, place)
              WHERE NOT given.tag = ANY (tags) ORDER BY given.place),
            updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        """;

    private const string UntagSql = """
        UPDATE documents
        SET tags = ARRAY(
              SELECT old.tag FROM unnest(tags) WITH ORDINALITY AS old(tag, place)
              WHERE NOT old.tag = ANY (@tags::text[]) ORDER BY old.place),
            updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@ids)
        """;

    private const string RequeueSql = """
        UPDATE document_versions AS v
        SET state = 'queued', failure_code = NULL, failure_reason = NULL, finished_at = NULL
        FROM documents AS d
        WHERE v.tenant_id = @tenant AND v.document_id = ANY (@ids)
          AND d.tenant_id = v.tenant_id AND d.document_id = v.document_id AND d.latest_version = v.version
          AND v.state IN ('stored', 'failed') AND v.blob_sha256 IS NOT NULL
        RETURNING v.document_id
        """;

    // As for a single document: a fetch that failed is tried again, and what is ready gets the vectors that it lacks.
    private const string OthersSql = """
        SELECT v.document_id, v.state, coalesce(v.vectors_missing, 0) > 0 AS lacks_vectors
        FROM document_versions AS v
        JOIN documents AS d
          ON d.tenant_id = v.tenant_id AND d.document_id = v.document_id AND d.latest_version = v.version
        WHERE v.tenant_id = @tenant AND v.document_id = ANY (@ids)
          AND ((v.state = 'failed' AND v.blob_sha256 IS NULL) OR v.state = 'ready')
        ORDER BY v.document_id
        LIMIT @most
        """;

    /// <summary>Null when there is no such collection to move to.</summary>
    /// <param name="request">Checked: the action is known, and what it takes is there.</param>
    public async Task<BulkAnswer?> RunAsync(
        Principal principal,
        BulkRequest request,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);

        // Before the documents, as everybody locks them in this order.
        if (
            request is { Action: BulkAction.Move, CollectionId: { } collection }
            && !await DocumentStore.HoldCollectionAsync(session, collection, cancellationToken)
        )
        {
            return null;
        }

        var given = request.Ids!.Distinct().ToArray();
        var locked = await session.QueryAsync<LockedRow>(
            LockSql,
            new { tenant = principal.Tenant.Value, ids = given },
            cancellationToken
        );
        var rows = locked.ToDictionary(row => row.DocumentId);
        var outcomes = given.ToDictionary(id => id, id => OutcomeFor(rows.GetValueOrDefault(id), request));
        var ids = Of(outcomes, BulkOutcome.Done);
        if (
            request.Action == BulkAction.Restore
            && await stock.CheckAsync(session, ids.Length, 0, cancellationToken) is not null
        )
        {
            foreach (var id in ids)
            {
                outcomes[id] = BulkOutcome.Full;
            }

            ids = [];
        }

        if (ids.Length > 0)
        {
            var done = await ApplyAsync(session, principal, request, ids, rows, cancellationToken);
            foreach (var id in ids.Except(done))
            {
                outcomes[id] = BulkOutcome.Unchanged;
            }

            await session.CommitAsync(cancellationToken);
            if (request.Action == BulkAction.Process && done.Count > 0)
            {
                await queue.WakeAsync();
            }
        }

        var changed = Of(outcomes, BulkOutcome.Done).Select(id => rows[id]).ToList();
        return new BulkAnswer(
            [.. given.Select(id => new BulkResult(id, outcomes[id]))],
            changed.Count,
            UndoOf(request, changed)
        );
    }

    private static string OutcomeFor(LockedRow? row, BulkRequest request)
    {
        switch (request.Action)
        {
            case var _ when row is null:
                return BulkOutcome.NotFound;
            case BulkAction.Restore:
                return row.IsDeleted ? BulkOutcome.Done : BulkOutcome.Unchanged;
            case BulkAction.Delete:
                return row.IsDeleted ? BulkOutcome.Unchanged : BulkOutcome.Done;
            case var _ when row.IsDeleted:
                return BulkOutcome.IsDeleted;
            case BulkAction.Move:
                return row.CollectionId == request.CollectionId ? BulkOutcome.Unchanged : BulkOutcome.Done;
            case BulkAction.Tag:
                var more = request.Tags!.Except(row.Tags).Count();
                return more == 0 ? BulkOutcome.Unchanged
                    : row.Tags.Length + more > TagNames.MaxTags ? BulkOutcome.TooManyTags
                    : BulkOutcome.Done;
            case BulkAction.Untag:
                return request.Tags!.Intersect(row.Tags).Any() ? BulkOutcome.Done : BulkOutcome.Unchanged;
            default:
                return BulkOutcome.Done;
        }
    }

    /// <summary>Which of <paramref name="ids"/> were changed. The revision is raised by its last statement.</summary>
    private async Task<IReadOnlyCollection<Guid>> ApplyAsync(
        TenantSession session,
        Principal principal,
        BulkRequest request,
        Guid[] ids,
        Dictionary<Guid, LockedRow> rows,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant = session.Tenant.Value,
            ids,
            collectionId = request.CollectionId,
            tags = request.Tags?.ToArray(),
            now,
        };
        switch (request.Action)
        {
            case BulkAction.Delete:
                await session.ExecuteAsync(DeleteSql, arguments, cancellationToken);
                var hidden = await session.QueryAsync<DocumentChunk>(HideSql, arguments, cancellationToken);
                await RecordAsync(ChangeKind.Deleted, removed: hidden);
                return ids;
            case BulkAction.Restore:
                await session.ExecuteAsync(RestoreSql, arguments, cancellationToken);
                var shown = await session.QueryAsync<DocumentChunk>(ShowSql, arguments, cancellationToken);
                await RecordAsync(ChangeKind.Restored, added: shown);
                return ids;
            case BulkAction.Move:
                await session.ExecuteAsync(MoveSql, arguments, cancellationToken);
                await RecordAsync(ChangeKind.Moved);
                return ids;
            case BulkAction.Tag:
                await session.ExecuteAsync(TagSql, arguments, cancellationToken);
                await RecordAsync(ChangeKind.Tags);
                return ids;
            case BulkAction.Untag:
                await session.ExecuteAsync(UntagSql, arguments, cancellationToken);
                await RecordAsync(ChangeKind.Tags);
                return ids;
            case BulkAction.Process:
                return await ProcessAsync(session, principal, ids, rows, cancellationToken);
            default:
                throw new UnreachableException($"Unhandled action {request.Action}.");
        }

        Task RecordAsync(
            string kind,
            IReadOnlyList<DocumentChunk>? added = null,
            IReadOnlyList<DocumentChunk>? removed = null
        ) => RevisionLog.RecordManyAsync(session, kind, ids, added ?? [], removed ?? [], now, cancellationToken);
    }

    private async Task<IReadOnlyCollection<Guid>> ProcessAsync(
        TenantSession session,
        Principal principal,
        Guid[] ids,
        Dictionary<Guid, LockedRow> rows,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            ids,
            most = ids.Length,
        };
        var others = await session.QueryAsync<OtherRow>(OthersSql, arguments, cancellationToken);
        var queued = await session.QueryAsync<Guid>(RequeueSql, arguments, cancellationToken);
        foreach (var id in queued)
        {
            var work = new IngestionWork(id, rows[id].LatestVersion);
            await queue.EnqueueAsync(session, IngestionWork.Kind, work, cancellationToken);
        }

        Guid[] unfetched = [.. others.Where(row => row.State == VersionState.Failed).Select(row => row.DocumentId)];
        if (unfetched.Length > 0)
        {
            await fetches.AskAsync(session, principal, unfetched, process: true, cancellationToken);
        }

        var isWanted = others.Count > unfetched.Length && await vectors.EnqueueAsync(session, cancellationToken);
        var blind = others.Where(row => isWanted && row.LacksVectors).Select(row => row.DocumentId);
        return [.. queued, .. unfetched, .. blind];
    }

    /// <summary>Each document goes back to where it came from, and only tags that came on come off again.</summary>
    private static BulkRequest[] UndoOf(BulkRequest request, IReadOnlyList<LockedRow> changed)
    {
        switch (request.Action)
        {
            case BulkAction.Delete when changed.Count > 0:
                return [new BulkRequest(BulkAction.Restore, Ids(changed))];
            case BulkAction.Restore when changed.Count > 0:
                return [new BulkRequest(BulkAction.Delete, Ids(changed))];
            case BulkAction.Move:
                return
                [
                    .. changed
                        .GroupBy(row => row.CollectionId)
                        .Select(from => new BulkRequest(BulkAction.Move, Ids(from), from.Key)),
                ];
            case BulkAction.Tag:
                return ByTags(BulkAction.Untag, row => request.Tags!.Except(row.Tags));
            case BulkAction.Untag:
                return ByTags(BulkAction.Tag, row => row.Tags.Intersect(request.Tags!));
            default:
                return [];
        }

        BulkRequest[] ByTags(string action, Func<LockedRow, IEnumerable<string>> tagsOf) =>
            [
                .. changed
                    .Select(row => (Row: row, Tags: tagsOf(row).ToArray()))
                    // No tag holds a comma.
                    .GroupBy(one => string.Join(',', one.Tags))
                    .Select(alike => new BulkRequest(
                        action,
                        Ids(alike.Select(one => one.Row)),
                        Tags: alike.First().Tags
                    )),
            ];

        static Guid[] Ids(IEnumerable<LockedRow> rows) => [.. rows.Select(row => row.DocumentId)];
    }

    private static Guid[] Of(Dictionary<Guid, string> outcomes, string outcome) =>
        [.. outcomes.Where(one => one.Value == outcome).Select(one => one.Key).Order()];

    private sealed record OtherRow(Guid DocumentId, string State, bool LacksVectors);

    private sealed record LockedRow
    {
        public required Guid DocumentId { get; init; }
        public required Guid CollectionId { get; init; }
        public required string[] Tags { get; init; }
        public required int LatestVersion { get; init; }
        public required bool IsDeleted { get; init; }
    }
}
