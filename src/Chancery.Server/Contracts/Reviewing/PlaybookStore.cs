using System.Text.Json;
using Chancery.Contracts.Analysis;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Contracts.Reviewing;

/// <summary>What an organisation wants of its contracts, as rules.</summary>
/// <param name="Types">Which types of contract it is for; none: all.</param>
public sealed record PlaybookView(
    Guid Id,
    string Name,
    string Description,
    IReadOnlyList<string> Types,
    IReadOnlyList<PlaybookRule> Rules,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
);

/// <summary>An organisation's playbooks. Safe for concurrent use.</summary>
internal sealed class PlaybookStore(TenantDatabase database, TimeProvider time)
{
    private const string Columns = """
        playbook_id AS id, name, description, types, rules::text AS rules, created_at, updated_at
        """;

    private const string ListSql =
        "SELECT " + Columns + " FROM playbooks WHERE tenant_id = @tenant ORDER BY lower(name), playbook_id LIMIT 200";

    private const string FindSql =
        "SELECT " + Columns + " FROM playbooks WHERE tenant_id = @tenant AND playbook_id = @id";

    private const string SaveSql =
        """
            INSERT INTO playbooks (tenant_id, playbook_id, name, description, types, rules, created_by, created_at, updated_at)
            VALUES (@tenant, @id, @name, @description, @types, @rules::jsonb, @author, @now, @now)
            ON CONFLICT (tenant_id, playbook_id) DO UPDATE
            SET name = excluded.name, description = excluded.description, types = excluded.types, rules = excluded.rules,
                updated_at = excluded.updated_at
            RETURNING

            """ + Columns;

    private const string DeleteSql = "DELETE FROM playbooks WHERE tenant_id = @tenant AND playbook_id = @id";

    /// <summary>By name, at most 200.</summary>
    public async Task<IReadOnlyList<PlaybookView>> ListAsync(Principal principal, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(ListSql, new { tenant = session.Tenant.Value }, cancellationToken);
        return [.. rows.Select(row => row.ToView())];
    }

    public async Task<PlaybookView?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return (
            await session.FindAsync<Row>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        )?.ToView();
    }

    /// <summary>Adds it, or puts it in the place of the one with its id; null when another has the name.</summary>
    public async Task<PlaybookView?> SaveAsync(
        Principal principal,
        Guid id,
        string name,
        string description,
        IReadOnlyList<string> types,
        IReadOnlyList<PlaybookRule> rules,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        try
        {
            var row = await session.FindAsync<Row>(
                SaveSql,
                new
                {
                    tenant = session.Tenant.Value,
                    id,
                    name,
                    description,
                    types = types.ToArray(),
                    rules = JsonSerializer.Serialize(rules, RevisionTree.Json),
                    author = principal.UserId,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
            return row!.ToView();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }
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

        public string Name { get; init; } = "";

        public string Description { get; init; } = "";

        public string[] Types { get; init; } = [];

        public string Rules { get; init; } = "[]";

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public PlaybookView ToView() =>
            new(
                Id,
                Name,
                Description,
                Types,
                JsonSerializer.Deserialize<PlaybookRule[]>(Rules, RevisionTree.Json) ?? [],
                CreatedAt,
                UpdatedAt
            );
    }
}
