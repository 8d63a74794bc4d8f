using Chancery.Server.Access;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>Which contracts; what is null lets everything through, and all that is given must hold.</summary>
/// <param name="Party">A part of a party's name, whatever its case.</param>
/// <param name="From">Effective on this day or later.</param>
/// <param name="To">Effective before this day.</param>
/// <param name="Text">A part of the title, or of a party's name.</param>
internal sealed record ContractFilter(
    string? Type = null,
    string? Status = null,
    string? Tag = null,
    string? Party = null,
    DateOnly? From = null,
    DateOnly? To = null,
    string? Text = null
)
{
    public bool IsOpen => this == new ContractFilter();
}

/// <summary>Lists of contracts, and what is changed of them beside their text. Safe for concurrent use.</summary>
internal sealed class ContractList(TenantDatabase database, TimeProvider time)
{
    private const string FilterSql = """
        c.tenant_id = @tenant AND c.deleted_at IS NULL
          AND (@type::text IS NULL OR c.type = @type) AND (@status::text IS NULL OR c.status = @status)
          AND (@tag::text IS NULL OR @tag = ANY (c.tags))
          AND (@party::text IS NULL OR EXISTS (
            SELECT 1 FROM jsonb_array_elements(c.parties) AS p WHERE position(lower(@party) IN lower(p ->> 'name')) > 0))
          AND (@from::date IS NULL OR c.effective_date >= @from) AND (@to::date IS NULL OR c.effective_date < @to)
          AND (@text::text IS NULL OR position(lower(@text) IN lower(c.title)) > 0 OR EXISTS (
            SELECT 1 FROM jsonb_array_elements(c.parties) AS p WHERE position(lower(@text) IN lower(p ->> 'name')) > 0))

        """;

    private const string ListSql =
        "SELECT "
        + ContractRow.Columns
        + " FROM contracts AS c WHERE "
        + FilterSql
        + """
              AND (@afterTime::timestamptz IS NULL OR (c.updated_at, c.contract_id) < (@afterTime, @afterId))
            ORDER BY c.updated_at DESC, c.contract_id DESC
            LIMIT @most
            """;

    private const string IdsSql =
        "SELECT c.contract_id FROM contracts AS c WHERE " + FilterSql + " ORDER BY c.contract_id";

    private const string ByIdsSql =
        "SELECT "
        + ContractRow.Columns
        + """

            FROM contracts AS c
            WHERE c.tenant_id = @tenant AND c.contract_id = ANY (@ids) AND c.deleted_at IS NULL
            ORDER BY c.contract_id
            """;

    private const string ChangeSql =
        """
            UPDATE contracts AS c
            SET status = coalesce(@status, c.status), type = coalesce(@type, c.type), tags = coalesce(@tags, c.tags), updated_at = @now
            WHERE c.tenant_id = @tenant AND c.contract_id = @id AND c.deleted_at IS NULL
            RETURNING

            """ + ContractRow.Columns;

    // Before the change is counted: whoever adds a revision takes the two in this order.
    private const string HoldSql = """
        SELECT c.latest FROM contracts AS c WHERE c.tenant_id = @tenant AND c.contract_id = @id FOR UPDATE
        """;

    private const string DeleteSql = """
        UPDATE contracts SET deleted_at = @now, change = @change
        WHERE tenant_id = @tenant AND contract_id = @id AND deleted_at IS NULL
        """;

    private const string RestoreSql =
        """
            UPDATE contracts AS c SET deleted_at = NULL, updated_at = @now, change = @change
            WHERE c.tenant_id = @tenant AND c.contract_id = @id AND c.deleted_at IS NOT NULL
            RETURNING

            """ + ContractRow.Columns;

    /// <summary>The latest revision of each, those that changed last first.</summary>
    public async Task<IReadOnlyList<ContractSummary>> ListAsync(
        Principal principal,
        ContractFilter filter,
        Cursor? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<ContractRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                filter.Type,
                filter.Status,
                filter.Tag,
                filter.Party,
                filter.From,
                filter.To,
                filter.Text,
                afterTime = after?.CreatedAt,
                afterId = after?.Id,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToSummary())];
    }

    /// <summary>All that the session's reader may see of what the filter lets through.</summary>
    public static async Task<IReadOnlyList<Guid>> IdsAsync(
        TenantSession session,
        ContractFilter filter,
        CancellationToken cancellationToken
    ) =>
        await session.QueryAsync<Guid>(
            IdsSql,
            new
            {
                tenant = session.Tenant.Value,
                filter.Type,
                filter.Status,
                filter.Tag,
                filter.Party,
                filter.From,
                filter.To,
                filter.Text,
            },
            cancellationToken
        );

    public static async Task<IReadOnlyDictionary<Guid, ContractSummary>> ByIdsAsync(
        TenantSession session,
        IReadOnlyCollection<Guid> ids,
        CancellationToken cancellationToken
    )
    {
        var rows = await session.QueryAsync<ContractRow>(
            ByIdsSql,
            new { tenant = session.Tenant.Value, ids = ids.ToArray() },
            cancellationToken
        );
        return rows.ToDictionary(row => row.Id, row => row.ToSummary());
    }

    /// <summary>What is null stays as it is; null when there is no such contract.</summary>
    public async Task<ContractSummary?> ChangeAsync(
        Principal principal,
        Guid id,
        string? status,
        string? type,
        IReadOnlyList<string>? tags,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<ContractRow>(
            ChangeSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                status,
                type,
                tags = tags?.ToArray(),
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row?.ToSummary();
    }

    /// <summary>Whether there was one. Its revisions stay, and it can be restored.</summary>
    public async Task<bool> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.FindAsync<int>(HoldSql, new { tenant = session.Tenant.Value, id }, cancellationToken);
        var deleted = await session.ExecuteAsync(
            DeleteSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                now = time.GetUtcNow(),
                change = await RevisionWriter.NextChangeAsync(session, cancellationToken),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return deleted > 0;
    }

    /// <summary>Null when no deleted contract has that id.</summary>
    public async Task<ContractSummary?> RestoreAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.FindAsync<int>(HoldSql, new { tenant = session.Tenant.Value, id }, cancellationToken);
        var row = await session.FindAsync<ContractRow>(
            RestoreSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                now = time.GetUtcNow(),
                change = await RevisionWriter.NextChangeAsync(session, cancellationToken),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return row?.ToSummary();
    }
}
