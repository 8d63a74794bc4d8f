using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>
/// What a clause was built on, as far as the session's reader may know: a contract may be read by people who must not read every
/// document that it was drafted from.
/// </summary>
internal static class OriginSight
{
    private static readonly ClauseOrigin Hidden = new(OriginKind.Hidden);

    private const string DocumentsSql = """
        SELECT d.id FROM unnest(@ids::uuid[]) AS d(id) WHERE @tenant = current_tenant() AND NOT hides_any(ARRAY[d.id]) ORDER BY d.id
        """;

    private const string ContractsSql = """
        SELECT c.contract_id FROM contracts AS c WHERE c.tenant_id = @tenant AND c.contract_id = ANY (@ids) ORDER BY c.contract_id
        """;

    public static async Task<IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>>> OfAsync(
        TenantSession session,
        IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> origins,
        CancellationToken cancellationToken
    )
    {
        var all = origins.Values.SelectMany(of => of).ToArray();
        var documents = await VisibleAsync(
            session,
            DocumentsSql,
            all.Select(origin => origin.DocumentId),
            cancellationToken
        );
        var contracts = await VisibleAsync(
            session,
            ContractsSql,
            all.Select(origin => origin.ContractId),
            cancellationToken
        );
        return origins.ToDictionary(
            of => of.Key,
            of =>
                (IReadOnlyList<ClauseOrigin>)
                    [
                        .. of.Value.Select(origin =>
                            (origin.DocumentId is { } document && !documents.Contains(document))
                            || (origin.ContractId is { } contract && !contracts.Contains(contract))
                                ? Hidden
                                : origin
                        ),
                    ]
        );
    }

    private static async Task<HashSet<Guid>> VisibleAsync(
        TenantSession session,
        string sql,
        IEnumerable<Guid?> named,
        CancellationToken cancellationToken
    )
    {
        var ids = named.OfType<Guid>().Distinct().ToArray();
        return ids.Length == 0
            ? []
            : [.. await session.QueryAsync<Guid>(sql, new { tenant = session.Tenant.Value, ids }, cancellationToken)];
    }
}
