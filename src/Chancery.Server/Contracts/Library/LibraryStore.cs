using Chancery.Server.Access;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Library;

/// <summary>A clause of an organisation's own library.</summary>
/// <param name="Type">What it deals with: "confidentiality".</param>
/// <param name="Note">When to use it, for those who draft.</param>
public sealed record OwnClause(
    Guid Id,
    string Type,
    string Title,
    string Text,
    string Language,
    IReadOnlyList<string> Tags,
    string? Note,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
);

/// <summary>An organisation's own clauses. Safe for concurrent use.</summary>
internal sealed class LibraryStore(TenantDatabase database, TimeProvider time)
{
    private const string Columns = """
        clause_id AS id, type, title, body AS text, language, tags, note, created_at, updated_at
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            FROM library_clauses
            WHERE tenant_id = @tenant AND (@type::text IS NULL OR type = @type)
              AND (@afterTime::timestamptz IS NULL OR (created_at, clause_id) < (@afterTime, @afterId))
            ORDER BY created_at DESC, clause_id DESC
            LIMIT @most
            """;

    private const string FindSql =
        "SELECT " + Columns + " FROM library_clauses WHERE tenant_id = @tenant AND clause_id = @id";

    private const string SaveSql =
        """
            INSERT INTO library_clauses (tenant_id, clause_id, type, title, body, language, tags, note, created_by, created_at, updated_at)
            VALUES (@tenant, @id, @type, @title, @text, @language, @tags, @note, @author, @now, @now)
            ON CONFLICT (tenant_id, clause_id) DO UPDATE
            SET type = excluded.type, title = excluded.title, body = excluded.body, language = excluded.language, tags = excluded.tags,
                note = excluded.note, updated_at = excluded.updated_at
            RETURNING

            """ + Columns;

    private const string DeleteSql = "DELETE FROM library_clauses WHERE tenant_id = @tenant AND clause_id = @id";

    public async Task<IReadOnlyList<OwnClause>> ListAsync(
        Principal principal,
        string? type,
        Cursor? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                type,
                afterTime = after?.CreatedAt,
                afterId = after?.Id,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToClause())];
    }

    /// <summary>Those that deal with one thing, newest first.</summary>
    public Task<IReadOnlyList<OwnClause>> OfTypeAsync(
        Principal principal,
        string type,
        int most,
        CancellationToken cancellationToken
    ) => ListAsync(principal, type, null, most, cancellationToken);

    public async Task<OwnClause?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return (
            await session.FindAsync<Row>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        )?.ToClause();
    }

    /// <summary>Adds it, or puts it in the place of the one with its id.</summary>
    public async Task<OwnClause> SaveAsync(
        Principal principal,
        Guid id,
        string type,
        string title,
        string text,
        string language,
        IReadOnlyList<string> tags,
        string? note,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<Row>(
            SaveSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                type,
                title,
                text,
                language,
                tags = tags.ToArray(),
                note,
                author = principal.UserId,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row!.ToClause();
    }

    public async Task<bool> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var deleted = await session.ExecuteAsync(
            DeleteSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return deleted > 0;
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Type { get; init; } = "";

        public string Title { get; init; } = "";

        public string Text { get; init; } = "";

        public string Language { get; init; } = "";

        public string[] Tags { get; init; } = [];

        public string? Note { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public OwnClause ToClause() => new(Id, Type, Title, Text, Language, Tags, Note, CreatedAt, UpdatedAt);
    }
}
