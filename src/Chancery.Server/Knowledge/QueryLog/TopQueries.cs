using Chancery.Server.Access;
using Chancery.Server.Access.Organizations;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>A query with how often it was searched for.</summary>
/// <param name="Query">As most wrote it.</param>
/// <param name="Times">Upper and lower case count as one.</param>
/// <param name="People">How many searched for it.</param>
public sealed record TopQuery(string Query, long Times, long People);

/// <summary>What is searched for most, by the log of searches. Safe for concurrent use.</summary>
internal sealed class TopQueries(QueryStore store, OrganizationStore organizations, IOptions<KnowledgeOptions> options)
{
    /// <summary>
    /// Of everybody for whoever manages the organisation, else the caller's own; null where the operator or the organisation
    /// does not let searches be written down, whatever is left of earlier ones.
    /// </summary>
    public async Task<IReadOnlyList<TopQuery>?> OfAsync(
        Principal principal,
        DateTimeOffset since,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (
            !options.Value.QueryLog
            || !(await organizations.GetAsync(principal.Tenant, cancellationToken)).QueryLog
            || !principal.May(Permission.DocumentsRead)
        )
        {
            return null;
        }

        return await store.TopAsync(
            new QueryScope(principal, principal.May(Permission.OrganizationManage)),
            since,
            most,
            cancellationToken
        );
    }
}
