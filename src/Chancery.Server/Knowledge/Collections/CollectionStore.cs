using Chancery.Server.Access;
using Chancery.Server.Knowledge.Revisions;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Knowledge.Collections;

/// <summary>A named set of documents.</summary>
public sealed record CollectionView
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required string Description { get; init; }

    /// <summary>Where documents go that name no other; cannot be deleted.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>How many, without deleted ones.</summary>
    public required int Documents { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What a change of a collection can end in, apart from a fault.</summary>
internal abstract record CollectionOutcome
{
    private CollectionOutcome() { }

    public sealed record Done(CollectionView Collection) : CollectionOutcome;

    public sealed record Deleted : CollectionOutcome;

    public sealed record NotFound : CollectionOutcome;

    public sealed record NameTaken : CollectionOutcome;

    public sealed record IsDefault : CollectionOutcome;
}

/// <summary>Collections. Safe for concurrent use.</summary>
internal sealed class CollectionStore(TenantDatabase database, TimeProvider time)
{
    private const string ColumnsSql = """
        SELECT c.collection_id AS id, c.name, c.description, c.is_default, c.created_at,
               (SELECT count(*)::int FROM documents AS d
                WHERE d.tenant_id = c.tenant_id AND d.collection_id = c.collection_id AND d.deleted_at IS NULL) AS documents
        FROM collections AS c
        WHERE c.tenant_id = @tenant AND c.deleted_at IS NULL

        """;

    private const string ListSql =
        ColumnsSql
        + """
            AND (@afterId::uuid IS NULL OR (c.created_at, c.collection_id) < (@afterTime, @afterId))
            ORDER BY c.created_at DESC, c.collection_id DESC
            LIMIT @limit
            """;

    private const string FindSql = ColumnsSql + "AND c.collection_id = @id";

    private const string InsertSql = """
        INSERT INTO collections (tenant_id, collection_id, name, description, created_by, created_at)
        VALUES (@tenant, @id, @name, @description, @user, @now)
        """;

    private const string ChangeSql = """
        UPDATE collections SET name = coalesce(@name, name), description = coalesce(@description, description)
        WHERE tenant_id = @tenant AND collection_id = @id AND deleted_at IS NULL
        """;

    private const string LockSql = """
        SELECT is_default, list_id FROM collections
        WHERE tenant_id = @tenant AND collection_id = @id AND deleted_at IS NULL
        FOR UPDATE
        """;

    private const string DefaultSql = """
        SELECT collection_id FROM collections WHERE tenant_id = @tenant AND is_default FOR SHARE
        """;

    private const string LockDocumentsSql = """
        SELECT document_id FROM documents
        WHERE tenant_id = @tenant AND collection_id = @id
        ORDER BY document_id
        FOR UPDATE
        """;

    private const string MoveDocumentsSql = """
        UPDATE documents SET collection_id = @target, list_id = coalesce(list_id, @list), updated_at = @now
        WHERE tenant_id = @tenant AND document_id = ANY (@documents)
        """;

    private const string NamedSql = """
        SELECT collection_id FROM collections
        WHERE tenant_id = @tenant AND lower(name) = lower(@name) AND deleted_at IS NULL
        """;

    private const string DeleteSql = """
        UPDATE collections SET deleted_at = @now WHERE tenant_id = @tenant AND collection_id = @id
        """;

    /// <summary>Newest first; one more than <paramref name="limit"/> when there is a next page.</summary>
    public async Task<IReadOnlyList<CollectionView>> ListAsync(
        Principal principal,
        Cursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<CollectionView>(
            ListSql,
            new
            {
                tenant = principal.Tenant.Value,
                afterTime = after?.CreatedAt,
                afterId = after?.Id,
                limit = limit + 1,
            },
            cancellationToken
        );
    }

    /// <summary>By its name, without regard to case, or by its id; null where the caller sees none.</summary>
    public async Task<CollectionView?> FindAsync(Principal principal, string name, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (
            await session.FindAsync<Guid?>(
                NamedSql,
                new { tenant = principal.Tenant.Value, name },
                cancellationToken
            ) is
            { } named
        )
        {
            return await FindAsync(session, named, cancellationToken);
        }

        return Guid.TryParse(name, out var id) ? await FindAsync(session, id, cancellationToken) : null;
    }

    public async Task<CollectionView?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, id, cancellationToken);
    }

    public Task<CollectionOutcome> CreateAsync(
        Principal principal,
        string name,
        string description,
        CancellationToken cancellationToken
    ) =>
        WriteAsync(
            principal,
            Guid.CreateVersion7(),
            InsertSql,
            new
            {
                name,
                description,
                user = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    /// <param name="name">Null leaves it, as with <paramref name="description"/>.</param>
    public Task<CollectionOutcome> ChangeAsync(
        Principal principal,
        Guid id,
        string? name,
        string? description,
        CancellationToken cancellationToken
    ) => WriteAsync(principal, id, ChangeSql, new { name, description }, cancellationToken);

    /// <summary>Its documents go to the default collection, and are read by those who read them before.</summary>
    public async Task<CollectionOutcome> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var tenant = principal.Tenant.Value;
        var held = await session.FindAsync<HeldRow>(LockSql, new { tenant, id }, cancellationToken);
        switch (held)
        {
            case null:
                return new CollectionOutcome.NotFound();
            case { IsDefault: true }:
                return new CollectionOutcome.IsDefault();
        }

        // Those in it that this reader does not see go along.
        await session.ReadEverythingAsync(cancellationToken);
        var target = await session.FindAsync<Guid>(DefaultSql, new { tenant }, cancellationToken);
        var locked = await session.QueryAsync<Guid>(LockDocumentsSql, new { tenant, id }, cancellationToken);
        var now = time.GetUtcNow();
        var arguments = new
        {
            tenant,
            id,
            target,
            list = held.ListId,
            documents = locked.ToArray(),
            now,
        };
        await session.AllowLongStatementsAsync(cancellationToken);
        await session.ExecuteAsync(MoveDocumentsSql, arguments, cancellationToken);
        await session.ExecuteAsync(DeleteSql, arguments, cancellationToken);
        await RevisionLog.RecordManyAsync(session, ChangeKind.Moved, arguments.documents, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new CollectionOutcome.Deleted();
    }

    private async Task<CollectionOutcome> WriteAsync(
        Principal principal,
        Guid id,
        string sql,
        object values,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var arguments = new Dapper.DynamicParameters(values);
        arguments.Add("tenant", principal.Tenant.Value);
        arguments.Add("id", id);
        try
        {
            await session.ExecuteAsync(sql, arguments, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return new CollectionOutcome.NameTaken();
        }

        var collection = await FindAsync(session, id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return collection is null ? new CollectionOutcome.NotFound() : new CollectionOutcome.Done(collection);
    }

    private sealed record HeldRow(bool IsDefault, Guid? ListId);

    private static Task<CollectionView?> FindAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    ) => session.FindAsync<CollectionView>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken);
}
