using System.Diagnostics;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Documents;

/// <param name="Total">How many match, on all pages; null where it was not asked for.</param>
internal sealed record DocumentList(IReadOnlyList<DocumentView> Documents, int? Total);

/// <summary>How many documents there are of each kind.</summary>
/// <param name="Total">Without deleted ones.</param>
/// <param name="Deleted">How many can be restored.</param>
/// <param name="States">State of the latest version → how many; states that no document is in are left out.</param>
/// <param name="Types">Media type of the latest version → how many.</param>
public sealed record DocumentCounts(
    int Total,
    int Deleted,
    IReadOnlyDictionary<string, int> States,
    IReadOnlyDictionary<string, int> Types
);

/// <summary>Documents in lists and numbers. Safe for concurrent use.</summary>
internal sealed class DocumentListStore(TenantDatabase database)
{
    /// <summary>Nobody reads further, and counting costs.</summary>
    public const int MostCounted = 100_000;

    private const string FilterSql = """

        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        LEFT JOIN document_sources AS s ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
        WHERE d.tenant_id = @tenant
          AND (d.deleted_at IS NOT NULL) = @deleted
          AND (@tag::text IS NULL OR d.tags @> ARRAY[@tag::text])
          AND (@states::text[] IS NULL
            OR CASE WHEN s.state = 'fetching' THEN 'fetching' ELSE v.state END = ANY (@states))
          AND (@text::text IS NULL OR d.title ILIKE @text OR d.path ILIKE @text)
          AND (@type::text IS NULL OR v.media_type = @type)
          AND (@collectionId::uuid IS NULL OR d.collection_id = @collectionId)
          AND (@from::timestamptz IS NULL OR d.created_at >= @from)
          AND (@to::timestamptz IS NULL OR d.created_at < @to)
          AND (@ids::uuid[] IS NULL OR d.document_id = ANY (@ids))

        """;

    private const string SelectSql = "SELECT " + DocumentRow.ColumnsSql + FilterSql;

    private const string NewestSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (d.created_at, d.document_id) < (@afterTime, @afterId))
            ORDER BY d.created_at DESC, d.document_id DESC
            LIMIT @limit
            """;

    private const string OldestSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (d.created_at, d.document_id) > (@afterTime, @afterId))
            ORDER BY d.created_at, d.document_id
            LIMIT @limit
            """;

    private const string ChangedSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (d.updated_at, d.document_id) < (@afterTime, @afterId))
            ORDER BY d.updated_at DESC, d.document_id DESC
            LIMIT @limit
            """;

    private const string TitleSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (lower(d.title), d.document_id) > (lower(@afterText), @afterId))
            ORDER BY lower(d.title), d.document_id
            LIMIT @limit
            """;

    private const string TitleDescendingSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (lower(d.title), d.document_id) < (lower(@afterText), @afterId))
            ORDER BY lower(d.title) DESC, d.document_id DESC
            LIMIT @limit
            """;

    private const string LargestSql =
        SelectSql
        + """
            AND (@afterId::uuid IS NULL OR (v.file_size, d.document_id) < (@afterSize, @afterId))
            ORDER BY v.file_size DESC, d.document_id DESC
            LIMIT @limit
            """;

    private const string CountSql = "SELECT count(*)::int FROM (SELECT 1" + FilterSql + " LIMIT @most) AS found";

    private const string CountsSql = """
        SELECT d.deleted_at IS NOT NULL AS is_deleted,
               CASE WHEN s.state = 'fetching' THEN 'fetching' ELSE v.state END AS state,
               v.media_type, count(*)::int AS documents
        FROM documents AS d
        JOIN document_versions AS v
          ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.latest_version
        LEFT JOIN document_sources AS s ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
        WHERE d.tenant_id = @tenant
        GROUP BY 1, 2, 3
        ORDER BY 1, 2, 3
        """;

    /// <summary>One more than <paramref name="limit"/> when there is a next page.</summary>
    /// <param name="sort">Of <see cref="DocumentSort"/>.</param>
    /// <param name="after">Of the same order; null for the first page, with which the total comes.</param>
    public async Task<DocumentList> ListAsync(
        Principal principal,
        DocumentFilter filter,
        string sort,
        DocumentCursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = principal.Tenant.Value,
            deleted = filter.Deleted,
            tag = filter.Tag,
            states = filter.States,
            text = filter.Text is null ? null : Contains(filter.Text),
            type = filter.Type,
            collectionId = filter.CollectionId,
            from = filter.From?.ToUniversalTime(),
            to = filter.To?.ToUniversalTime(),
            ids = filter.Ids,
            afterTime = after?.Moment,
            afterText = after?.Key,
            afterSize = after?.Size,
            afterId = after?.Id,
            limit = limit + 1,
            most = MostCounted,
        };
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<DocumentRow>(SqlOf(sort), arguments, cancellationToken);
        var total = after is null ? await session.FindAsync<int?>(CountSql, arguments, cancellationToken) : null;
        return new DocumentList([.. rows.Select(row => row.View)], total);
    }

    public async Task<DocumentCounts> CountAsync(Principal principal, CancellationToken cancellationToken)
    {
        IReadOnlyList<CountRow> rows;
        await using (var session = await database.OpenAsync(principal, cancellationToken))
        {
            rows = await session.QueryAsync<CountRow>(
                CountsSql,
                new { tenant = principal.Tenant.Value },
                cancellationToken
            );
        }

        var there = rows.Where(row => !row.IsDeleted).ToList();
        return new DocumentCounts(
            there.Sum(row => row.Documents),
            rows.Where(row => row.IsDeleted).Sum(row => row.Documents),
            Sums(there, row => row.State),
            Sums(there, row => row.MediaType)
        );
    }

    private static SortedDictionary<string, int> Sums(IEnumerable<CountRow> rows, Func<CountRow, string> name)
    {
        var sums = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            sums[name(row)] = sums.GetValueOrDefault(name(row)) + row.Documents;
        }

        return sums;
    }

    private static string SqlOf(string sort) =>
        sort switch
        {
            DocumentSort.Newest => NewestSql,
            DocumentSort.Oldest => OldestSql,
            DocumentSort.Changed => ChangedSql,
            DocumentSort.Title => TitleSql,
            DocumentSort.TitleDescending => TitleDescendingSql,
            DocumentSort.Largest => LargestSql,
            _ => throw new UnreachableException($"Unhandled order {sort}."),
        };

    /// <summary>A pattern for ILIKE in which the text's own % and _ are ordinary characters.</summary>
    private static string Contains(string text) =>
        "%"
        + text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal)
        + "%";

    private sealed record CountRow(bool IsDeleted, string State, string MediaType, int Documents);
}
