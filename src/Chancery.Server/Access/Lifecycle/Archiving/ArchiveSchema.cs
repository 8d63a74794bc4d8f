using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>A table that is carried, as it is in this database.</summary>
/// <param name="Columns">Those that go along, in the table's order.</param>
/// <param name="Types">Their types, as casts name them.</param>
/// <param name="Key">The columns of its primary key, without the tenant.</param>
internal sealed record ArchivedTableShape(
    ArchivedTableRule Rule,
    IReadOnlyList<string> Columns,
    IReadOnlyList<string> Types,
    IReadOnlyList<string> Key
)
{
    public string Name => Rule.Name;

    public int IndexOf(string column)
    {
        for (var index = 0; index < Columns.Count; index++)
        {
            if (Columns[index] == column)
            {
                return index;
            }
        }

        return -1;
    }
}

/// <summary>Reads the shape of the carried tables, each after those that it refers to.</summary>
internal static class ArchiveSchema
{
    public const string TenantColumn = "tenant_id";

    private const string ColumnsSql = """
        SELECT c.relname::text AS name, a.attname::text AS column, format_type(a.atttypid, a.atttypmod) AS type,
               coalesce(a.attnum = ANY (k.conkey), false) AS is_key
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY (@names)
        ORDER BY c.relname, a.attnum
        """;

    private const string ReferencesSql = """
        SELECT DISTINCT k.conrelid::regclass::text AS name, k.confrelid::regclass::text AS target
        FROM pg_constraint AS k
        WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND k.conrelid <> k.confrelid
        ORDER BY 1, 2
        """;

    private const string MigrationsSql = "SELECT name FROM migrations ORDER BY name";

    private sealed record ColumnRow(string Name, string Column, string Type, bool IsKey);

    private sealed record ReferenceRow(string Name, string Target);

    /// <summary>Tables that this database has not, because an extension is missing, are left out.</summary>
    public static async Task<IReadOnlyList<ArchivedTableShape>> ReadAsync(
        TenantSession session,
        CancellationToken cancellationToken
    )
    {
        var rules = ArchiveTables.Carried.ToDictionary(rule => rule.Name);
        var columns = await session.QueryAsync<ColumnRow>(
            ColumnsSql,
            new { names = rules.Keys.ToArray() },
            cancellationToken
        );
        var references = (await session.QueryAsync<ReferenceRow>(ReferencesSql, null, cancellationToken)).ToLookup(
            row => row.Name,
            row => row.Target
        );
        var shapes = columns
            .GroupBy(row => row.Name)
            .Select(table =>
            {
                var rule = rules[table.Key];
                var dropped = ArchivedTableRule.Names(rule.Dropped);
                var kept = table.Where(row => row.Column != TenantColumn && !dropped.Contains(row.Column)).ToList();
                return new ArchivedTableShape(
                    rule,
                    [.. kept.Select(row => row.Column)],
                    [.. kept.Select(row => row.Type)],
                    [.. kept.Where(row => row.IsKey).Select(row => row.Column)]
                );
            })
            .ToDictionary(shape => shape.Name);
        return Ordered(shapes, references);
    }

    public static async Task<IReadOnlyList<string>> MigrationsAsync(
        TenantSession session,
        CancellationToken cancellationToken
    ) => await session.QueryAsync<string>(MigrationsSql, null, cancellationToken);

    private static List<ArchivedTableShape> Ordered(
        Dictionary<string, ArchivedTableShape> shapes,
        ILookup<string, string> references
    )
    {
        var ordered = new List<ArchivedTableShape>();
        var waiting = shapes.Values.OrderBy(shape => shape.Name, StringComparer.Ordinal).ToList();
        while (waiting.Count > 0)
        {
            var next = waiting
                .Where(shape => references[shape.Name].All(target => !waiting.Exists(other => other.Name == target)))
                .ToList();
            if (next.Count == 0)
            {
                throw new InvalidOperationException(
                    $"Tables refer to each other in a circle: {string.Join(", ", waiting.Select(shape => shape.Name))}."
                );
            }

            ordered.AddRange(next);
            waiting.RemoveAll(next.Contains);
        }

        return ordered;
    }
}
