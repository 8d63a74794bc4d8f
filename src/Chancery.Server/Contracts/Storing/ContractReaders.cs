using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>Lists of readers of contracts. Safe for concurrent use.</summary>
internal sealed class ContractReaders(TenantDatabase database)
{
    private const string FindSql = """
        SELECT list_id FROM contracts WHERE tenant_id = @tenant AND contract_id = @id AND deleted_at IS NULL
        """;

    private const string SetSql = """
        UPDATE contracts SET list_id = @list WHERE tenant_id = @tenant AND contract_id = @id AND deleted_at IS NULL
        """;

    /// <summary>Null when there is no such contract.</summary>
    public async Task<ContractAccessEndpoints.Response?> FindAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Guid?>(
            FindSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        return rows.Count == 0 ? null : await ViewOfAsync(session, rows[0], cancellationToken);
    }

    /// <param name="readers">Null: everybody in the organisation.</param>
    public async Task<ContractAccessEndpoints.Response?> SetAsync(
        Principal principal,
        Guid id,
        IReadOnlyCollection<Guid>? readers,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        Guid? list = readers is null ? null : await AccessLists.OfAsync(session, [.. readers], cancellationToken);
        var set = await session.ExecuteAsync(
            SetSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                list,
            },
            cancellationToken
        );
        if (set == 0)
        {
            return null;
        }

        var view = await ViewOfAsync(session, list, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return view;
    }

    private static async Task<ContractAccessEndpoints.Response> ViewOfAsync(
        TenantSession session,
        Guid? list,
        CancellationToken cancellationToken
    ) => new(list is not null, list is { } id ? await AccessLists.NamesAsync(session, id, cancellationToken) : []);
}
