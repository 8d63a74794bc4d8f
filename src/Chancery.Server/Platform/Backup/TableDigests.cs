namespace Chancery.Server.Platform.Backup;

/// <summary>How a table is counted and hashed: alike before a backup and after a restore.</summary>
internal static class TableDigests
{
    public const string NamesSql = """
        SELECT relname::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND NOT EXISTS (SELECT FROM pg_depend AS d
                          WHERE d.classid = 'pg_class'::regclass AND d.objid = pg_class.oid AND d.deptype = 'e')
        ORDER BY relname
        """;

    /// <summary>Rows, and the sum of their hashes: rows have no order.</summary>
    public static string DigestSql(string table) =>
        $"""
            SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text
            FROM public."{table.Replace("\"", "\"\"", StringComparison.Ordinal)}" AS t
            """;
}
