using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.Granting;

/// <summary>Whose list decides who may read a document.</summary>
public static class AccessSource
{
    public const string Document = "document";
    public const string Collection = "collection";

    /// <summary>Nobody's: everybody in the organisation may.</summary>
    public const string Everybody = "everybody";
}

/// <summary>Who may read a document or a collection. Owners and admins read everything, whatever is here.</summary>
/// <param name="Source">Whose list counts.</param>
/// <param name="Readers">Whom that list names; left out where there is none.</param>
public sealed record AccessView(
    [property: OneOf(typeof(AccessSource))] string Source,
    IReadOnlyList<NamedReader>? Readers
);

/// <summary>What somebody sets a list on.</summary>
internal enum GrantTarget
{
    Document,
    Collection,
}

/// <summary>What a change of a list can end in, apart from a fault.</summary>
internal abstract record GrantOutcome
{
    private GrantOutcome() { }

    public sealed record Done(AccessView Access) : GrantOutcome;

    public sealed record NotFound : GrantOutcome;

    /// <summary>Neither a member of the organisation, nor a group, service account or key of it.</summary>
    public sealed record UnknownReader : GrantOutcome;

    /// <summary>Whoever sets it could not read it any more.</summary>
    public sealed record LocksOut : GrantOutcome;

    /// <summary>What is put nowhere in particular is for everybody.</summary>
    public sealed record IsDefault : GrantOutcome;
}

/// <summary>Lists of readers on documents and collections. Safe for concurrent use.</summary>
internal sealed class GrantStore(TenantDatabase database, TimeProvider time)
{
    private const string DocumentSql = """
        SELECT d.list_id AS own, c.list_id AS above, c.collection_id IS NULL AS is_above_hidden, false AS is_default
        FROM documents AS d
        LEFT JOIN collections AS c ON c.tenant_id = d.tenant_id AND c.collection_id = d.collection_id
        WHERE d.tenant_id = @tenant AND d.document_id = @id

        """;

    private const string CollectionSql = """
        SELECT c.list_id AS own, NULL::uuid AS above, false AS is_above_hidden, c.is_default
        FROM collections AS c
        WHERE c.tenant_id = @tenant AND c.collection_id = @id AND c.deleted_at IS NULL

        """;

    private const string HoldDocumentSql = DocumentSql + "FOR UPDATE OF d";

    private const string HoldCollectionSql = CollectionSql + "FOR UPDATE";

    private const string SetDocumentSql = """
        UPDATE documents SET list_id = @list WHERE tenant_id = @tenant AND document_id = @id
        """;

    private const string SetCollectionSql = """
        UPDATE collections SET list_id = @list WHERE tenant_id = @tenant AND collection_id = @id
        """;

    /// <summary>Null when there is no such thing, or it is hidden.</summary>
    public async Task<AccessView?> FindAsync(
        Principal principal,
        GrantTarget target,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, target, id, hold: false, cancellationToken) is { } row
            ? await ViewOfAsync(session, target, row, cancellationToken)
            : null;
    }

    /// <summary>Who may read it and why, by id; null when there is no such thing, or it is hidden.</summary>
    public async Task<IReadOnlyList<EffectiveReader>?> ReadersAsync(
        Principal principal,
        GrantTarget target,
        Guid id,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, target, id, hold: false, cancellationToken) is { } row
            ? await AccessLists.ReadersAsync(session, row.Own ?? row.Above, after, most, cancellationToken)
            : null;
    }

    /// <param name="readers">Null takes the list away: then the collection's counts, or everybody may read.</param>
    public async Task<GrantOutcome> SetAsync(
        Principal principal,
        GrantTarget target,
        Guid id,
        IReadOnlyCollection<Guid>? readers,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await FindAsync(session, target, id, hold: true, cancellationToken) is not { } row)
        {
            return new GrantOutcome.NotFound();
        }

        if (row.IsDefault && readers is not null)
        {
            return new GrantOutcome.IsDefault();
        }

        Guid? list = null;
        if (readers is not null)
        {
            if (!await AccessLists.KnowsAsync(session, readers, cancellationToken))
            {
                return new GrantOutcome.UnknownReader();
            }

            if (!await AccessLists.AdmitsAsync(session, principal, readers, cancellationToken))
            {
                return new GrantOutcome.LocksOut();
            }

            list = await AccessLists.OfAsync(session, readers, cancellationToken);
        }
        else if (target == GrantTarget.Document && row.IsAboveHidden)
        {
            // The collection is kept from the reader, and the document would be with it.
            return new GrantOutcome.LocksOut();
        }

        var changed = row with { Own = list };
        if (list != row.Own)
        {
            await session.ExecuteAsync(
                target == GrantTarget.Document ? SetDocumentSql : SetCollectionSql,
                new
                {
                    tenant = session.Tenant.Value,
                    id,
                    list,
                },
                cancellationToken
            );
        }

        var view = await ViewOfAsync(session, target, changed, cancellationToken);
        if (list != row.Own)
        {
            await RevisionLog.RecordAsync(
                session,
                ChangeKind.Access,
                target == GrantTarget.Document ? id : RevisionLog.NoDocument,
                [],
                [],
                time.GetUtcNow(),
                cancellationToken
            );
        }

        await session.CommitAsync(cancellationToken);
        return new GrantOutcome.Done(view);
    }

    private static Task<GrantRow?> FindAsync(
        TenantSession session,
        GrantTarget target,
        Guid id,
        bool hold,
        CancellationToken cancellationToken
    ) =>
        session.FindAsync<GrantRow>(
            (target, hold) switch
            {
                (GrantTarget.Document, true) => HoldDocumentSql,
                (GrantTarget.Document, false) => DocumentSql,
                (_, true) => HoldCollectionSql,
                (_, false) => CollectionSql,
            },
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );

    private static async Task<AccessView> ViewOfAsync(
        TenantSession session,
        GrantTarget target,
        GrantRow row,
        CancellationToken cancellationToken
    )
    {
        var source = row.Own is not null
            ? target == GrantTarget.Document
                ? AccessSource.Document
                : AccessSource.Collection
            : row.Above is not null
                ? AccessSource.Collection
                : AccessSource.Everybody;
        return new AccessView(
            source,
            (row.Own ?? row.Above) is { } list ? await AccessLists.NamesAsync(session, list, cancellationToken) : null
        );
    }

    /// <param name="IsAboveHidden">Whether the reader may not see the collection.</param>
    private sealed record GrantRow(Guid? Own, Guid? Above, bool IsAboveHidden, bool IsDefault);
}
