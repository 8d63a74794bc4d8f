using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Counting;

/// <summary>How much was drafted and changed, by day, and what models took for it. Safe for concurrent use.</summary>
internal sealed class ContractFigures(TenantDatabase database)
{
    // An accepted change cost what its proposal did: that is told once, on the day of the proposal.
    private const string ByDaySql = """
        SELECT day, sum(drafts) AS drafts, sum(revisions) AS revisions, sum(proposals) AS proposals,
               sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens, sum(cost_nano)::bigint AS cost_nano
        FROM (
          SELECT (r.created_at AT TIME ZONE 'UTC')::date AS day, (r.source = 'drafted')::int AS drafts,
                 (r.source <> 'drafted')::int AS revisions, 0 AS proposals,
                 CASE r.source WHEN 'accepted' THEN 0 ELSE r.input_tokens END AS input_tokens,
                 CASE r.source WHEN 'accepted' THEN 0 ELSE r.output_tokens END AS output_tokens,
                 CASE r.source WHEN 'accepted' THEN 0 ELSE r.cost_nano END AS cost_nano
          FROM contract_revisions AS r
          WHERE r.tenant_id = @tenant AND r.created_at >= @from AND (@author::uuid IS NULL OR r.author_id = @author)
          UNION ALL
          SELECT (p.created_at AT TIME ZONE 'UTC')::date, 0, 0, 1, p.input_tokens, p.output_tokens, p.cost_nano
          FROM contract_proposals AS p
          WHERE p.tenant_id = @tenant AND p.created_at >= @from AND (@author::uuid IS NULL OR p.author_id = @author)
        ) AS made
        GROUP BY day
        ORDER BY day
        """;

    /// <summary>Days of UTC on which something was made, oldest first; of contracts that the principal may read.</summary>
    /// <param name="isWhole">Of everybody in the organisation; else of the principal alone.</param>
    public async Task<IReadOnlyList<ContractDay>> ByDayAsync(
        Principal principal,
        DateTimeOffset from,
        bool isWhole,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            ByDaySql,
            new
            {
                tenant = session.Tenant.Value,
                from,
                author = isWhole ? (Guid?)null : principal.UserId,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new ContractDay(
                row.Day,
                row.Drafts,
                row.Revisions,
                row.Proposals,
                row.InputTokens,
                row.OutputTokens,
                row.CostNano
            )),
        ];
    }

    private sealed class Row
    {
        public DateOnly Day { get; init; }

        public long Drafts { get; init; }

        public long Revisions { get; init; }

        public long Proposals { get; init; }

        public long InputTokens { get; init; }

        public long OutputTokens { get; init; }

        public long CostNano { get; init; }
    }
}

/// <param name="Drafts">Contracts that were drafted.</param>
/// <param name="Revisions">Revisions that came of anything else.</param>
/// <param name="CostNano">Billionths of a dollar.</param>
internal sealed record ContractDay(
    DateOnly Day,
    long Drafts,
    long Revisions,
    long Proposals,
    long InputTokens,
    long OutputTokens,
    long CostNano
);
