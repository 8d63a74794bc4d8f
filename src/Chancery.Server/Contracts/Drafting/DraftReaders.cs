using Chancery.Server.Access;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Drafting;

/// <param name="Readers">Null: everybody in the organisation.</param>
/// <param name="IsNarrowed">Whether nobody asked for it, and the sources made it so.</param>
internal readonly record struct NewReaders(IReadOnlyCollection<Guid>? Readers, bool IsNarrowed);

/// <summary>
/// Who may read a new contract: what was drafted from what not everybody may read is for its drafter alone, until somebody who may says
/// otherwise. Safe for concurrent use.
/// </summary>
internal sealed class DraftReaders(TenantDatabase database)
{
    // As nobody in particular: what is open to all is there.
    private const string OpenDocumentsSql = """
        SELECT count(*)::int FROM unnest(@ids::uuid[]) AS d(id) WHERE @tenant = current_tenant() AND NOT hides_any(ARRAY[d.id])
        """;

    private const string OpenContractsSql = """
        SELECT count(*)::int FROM contracts AS c WHERE c.tenant_id = @tenant AND c.contract_id = ANY (@ids)
        """;

    public async Task<NewReaders> ForAsync(
        Principal principal,
        IReadOnlyList<ClauseOrigin> seen,
        IReadOnlyCollection<Guid>? wanted,
        CancellationToken cancellationToken
    )
    {
        if (wanted is not null)
        {
            return new NewReaders(wanted, IsNarrowed: false);
        }

        var documents = seen.Select(origin => origin.DocumentId).OfType<Guid>().Distinct().ToArray();
        var contracts = seen.Select(origin => origin.ContractId).OfType<Guid>().Distinct().ToArray();
        await using var session = await database.OpenAsync(principal.Tenant, Reader.Nobody, cancellationToken);
        var open =
            await session.FindAsync<int>(
                OpenDocumentsSql,
                new { tenant = session.Tenant.Value, ids = documents },
                cancellationToken
            )
            + await session.FindAsync<int>(
                OpenContractsSql,
                new { tenant = session.Tenant.Value, ids = contracts },
                cancellationToken
            );
        return open == documents.Length + contracts.Length
            ? new NewReaders(null, IsNarrowed: false)
            : new NewReaders([principal.UserId], IsNarrowed: true);
    }

    /// <summary>Those sources that everybody in the organisation may read.</summary>
    public async Task<IReadOnlyList<DraftSource>> OpenAsync(
        Principal principal,
        IReadOnlyList<DraftSource> sources,
        CancellationToken cancellationToken
    )
    {
        var open = new List<DraftSource>(sources.Count);
        foreach (var source in sources)
        {
            if (!(await ForAsync(principal, [source.Origin], wanted: null, cancellationToken)).IsNarrowed)
            {
                open.Add(source);
            }
        }

        return open;
    }
}
