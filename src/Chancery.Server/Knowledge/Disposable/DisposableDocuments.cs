using System.Text;
using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Collections;
using Chancery.Server.Knowledge.Granting;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Disposable;

/// <param name="Tag">The last of its tags: what whoever laid it out calls it.</param>
/// <param name="State">Of <see cref="VersionState"/>.</param>
internal sealed record DisposableDocument(Guid Id, string Tag, string State);

/// <summary>
/// Documents that the server lays out in an organisation for a while, in collections of their own, and takes away for good. They are read,
/// cut and indexed as all are. Everything may be done again after a crash. Safe for concurrent use.
/// </summary>
internal sealed class DisposableDocuments(
    TenantDatabase database,
    CollectionStore collections,
    GrantStore grants,
    UploadStore uploads,
    BlobStore blobs,
    TimeProvider time
)
{
    private const string FindSql = """
        SELECT collection_id FROM collections WHERE tenant_id = @tenant AND name = @name AND deleted_at IS NULL
        """;

    private const string HoldSql = """
        SELECT collection_id FROM collections WHERE tenant_id = @tenant AND name = @name AND deleted_at IS NULL FOR UPDATE
        """;

    private const string DocumentsSql = """
        SELECT d.document_id AS id, d.tags[array_upper(d.tags, 1)] AS tag, v.state
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        WHERE d.tenant_id = @tenant AND d.collection_id = @collection
        ORDER BY d.document_id
        LIMIT 10000
        """;

    private const string ChunksSql = """
        SELECT document_id, chunk_id FROM chunks
        WHERE tenant_id = @tenant AND document_id = ANY (@documents) AND current
        ORDER BY chunk_id
        """;

    private const string EraseSql =
        "DELETE FROM documents WHERE tenant_id = @tenant AND document_id = ANY (@documents)";

    private const string CloseSql =
        "UPDATE collections SET deleted_at = @now WHERE tenant_id = @tenant AND collection_id = @collection";

    /// <summary>The collection of a name, for these readers and owners and admins alone; made where there is none.</summary>
    /// <param name="keeper">An owner of the organisation.</param>
    /// <param name="readers">Null of a collection that everybody may read.</param>
    public async Task<Guid> EnsureAsync(
        Principal keeper,
        string name,
        IReadOnlyCollection<Guid>? readers,
        CancellationToken cancellationToken
    )
    {
        if (await FindAsync(keeper, name, cancellationToken) is not { } collection)
        {
            var made = await collections.CreateAsync(keeper, name, "Laid out for a while.", cancellationToken);
            collection = made is CollectionOutcome.Done done
                ? done.Collection.Id
                : await FindAsync(keeper, name, cancellationToken)
                    ?? throw new InvalidOperationException($"The collection {name} could not be made.");
        }

        // Before anything is in it.
        if (
            readers is not null
            && await grants.SetAsync(keeper, GrantTarget.Collection, collection, readers, cancellationToken)
                is not GrantOutcome.Done
        )
        {
            throw new InvalidOperationException($"The collection {name} could not be closed.");
        }

        return collection;
    }

    /// <summary>As an upload of a person's would be.</summary>
    /// <param name="tag">What it is called in <see cref="ListAsync"/>; of letters, digits and hyphens.</param>
    /// <returns>Why there is no place for it; null where it was taken.</returns>
    public async Task<string?> AddAsync(
        Principal keeper,
        Guid collection,
        string tag,
        string fileName,
        string text,
        CancellationToken cancellationToken
    )
    {
        var content = Encoding.UTF8.GetBytes(text);
        if (
            await blobs.WriteAsync(keeper.Tenant, content, Stream.Null, content.Length, cancellationToken)
            is not BlobOutcome.Stored blob
        )
        {
            return "The disk is full.";
        }

        var name = FileNames.Clean(fileName);
        var type = MediaTypes.Detect(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)), name);
        var file = new ReceivedFile(name, type, blob.Sha256, blob.Size) { Tags = [tag], CollectionId = collection };
        return await uploads.CreateAsync(keeper, file, cancellationToken) switch
        {
            UploadOutcome.Accepted => null,
            UploadOutcome.Full full => full.Why.ToProblem().ProblemDetails.Detail ?? "The plan has no room for it.",
            _ => "It could not be kept.",
        };
    }

    /// <summary>What lies in a collection; nothing where there is none of the name.</summary>
    public async Task<IReadOnlyList<DisposableDocument>> ListAsync(
        Principal keeper,
        string name,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(keeper, cancellationToken);
        return
            await session.FindAsync<Guid?>(FindSql, new { tenant = keeper.Tenant.Value, name }, cancellationToken)
                is { } collection
            ? await DocumentsAsync(session, collection, cancellationToken)
            : [];
    }

    /// <summary>Takes everything in a collection away for good, and the collection with it.</summary>
    public async Task RemoveAsync(Principal keeper, string name, CancellationToken cancellationToken)
    {
        // Nobody works on what is going to be gone.
        foreach (
            var document in (await ListAsync(keeper, name, cancellationToken)).Where(one =>
                one.State != VersionState.Ready
            )
        )
        {
            await uploads.StopAsync(keeper, document.Id, cancellationToken);
        }

        await using var session = await database.OpenAsync(keeper, cancellationToken);
        var tenant = keeper.Tenant.Value;
        if (await session.FindAsync<Guid?>(HoldSql, new { tenant, name }, cancellationToken) is not { } collection)
        {
            return;
        }

        var now = time.GetUtcNow();
        var documents = (await DocumentsAsync(session, collection, cancellationToken))
            .Select(document => document.Id)
            .ToArray();
        await session.AllowLongStatementsAsync(cancellationToken);
        var chunks = await session.QueryAsync<DocumentChunk>(ChunksSql, new { tenant, documents }, cancellationToken);
        await session.ExecuteAsync(EraseSql, new { tenant, documents }, cancellationToken);
        await session.ExecuteAsync(
            CloseSql,
            new
            {
                tenant,
                collection,
                now,
            },
            cancellationToken
        );
        await RevisionLog.RecordManyAsync(session, ChangeKind.Deleted, documents, [], chunks, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private async Task<Guid?> FindAsync(Principal keeper, string name, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(keeper, cancellationToken);
        return await session.FindAsync<Guid?>(FindSql, new { tenant = keeper.Tenant.Value, name }, cancellationToken);
    }

    private static Task<IReadOnlyList<DisposableDocument>> DocumentsAsync(
        TenantSession session,
        Guid collection,
        CancellationToken cancellationToken
    ) =>
        session.QueryAsync<DisposableDocument>(
            DocumentsSql,
            new { tenant = session.Tenant.Value, collection },
            cancellationToken
        );
}
