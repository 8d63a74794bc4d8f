using System.Text.Json;
using Chancery.Contracts;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>Reads revisions in a session that is open already.</summary>
internal static class RevisionReader
{
    private const string FindSql =
        "SELECT "
        + RevisionRow.Columns
        + """
            , r.head, r.tree, r.origins::text AS origins
            FROM contract_revisions AS r
            WHERE r.tenant_id = @tenant AND r.contract_id = @id AND r.number = @number
            """;

    private const string TextsSql = """
        SELECT sha256, heading, body FROM contract_texts
        WHERE tenant_id = @tenant AND contract_id = @id AND sha256 = ANY (@hashes)
        ORDER BY sha256
        """;

    /// <summary>Null when the contract has no such revision.</summary>
    public static async Task<(RevisionRow Row, ContractText Text)?> FindAsync(
        TenantSession session,
        Guid contract,
        int number,
        CancellationToken cancellationToken
    )
    {
        var row = await session.FindAsync<RevisionRow>(
            FindSql,
            new
            {
                tenant = session.Tenant.Value,
                id = contract,
                number,
            },
            cancellationToken
        );
        if (row is null)
        {
            return null;
        }

        var outline = RevisionTree.ReadOutline(row.Tree);
        var texts = await session.QueryAsync<TextRow>(
            TextsSql,
            new
            {
                tenant = session.Tenant.Value,
                id = contract,
                hashes = outline.Select(entry => entry.Sha256).Distinct().Select(Convert.FromBase64String).ToArray(),
            },
            cancellationToken
        );
        return (
            row,
            RevisionTree.Read(
                row.Head,
                outline,
                texts.ToDictionary(
                    text => Convert.ToBase64String(text.Sha256),
                    text => new ClauseWords(text.Heading, text.Body)
                )
            )
        );
    }

    public static Dictionary<Guid, IReadOnlyList<ClauseOrigin>> OriginsOf(string origins) =>
        JsonSerializer.Deserialize<Dictionary<Guid, IReadOnlyList<ClauseOrigin>>>(origins, RevisionTree.Json) ?? [];
}
