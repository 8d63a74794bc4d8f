using System.Text.RegularExpressions;
using Chancery.Server.Access.Lifecycle.Archiving;
using Dapper;
using Npgsql;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Puts a row into each table of an organisation that has none, made up from what PostgreSQL knows of its columns: a comparison of no rows
/// would show nothing of how the table travels.
/// </summary>
internal static class MadeUpRows
{
    private const string ColumnsSql = """
        SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS is_needed,
               a.atthasdef OR a.attidentity <> '' AS has_default
        FROM pg_attribute AS a
        WHERE a.attrelid = @table::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ORDER BY a.attnum
        """;

    private const string ReferencesSql = """
        SELECT a.attname::text AS name, c.confrelid::regclass::text AS other, b.attname::text AS other_name
        FROM pg_constraint AS c
        CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(own, foreign_one)
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.own
        JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = k.foreign_one
        WHERE c.conrelid = @table::regclass AND c.contype = 'f'
        """;

    private const string ChecksSql = """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = @table::regclass AND contype = 'c'
        """;

    /// <param name="person">Whose every id of a person is.</param>
    /// <param name="known">Expressions of columns, by <c>table.column</c>, where PostgreSQL does not tell enough.</param>
    /// <returns>Tables that stay empty, with why.</returns>
    public static async Task<IReadOnlyList<string>> FillAsync(
        NpgsqlConnection connection,
        Guid tenant,
        Guid person,
        IReadOnlyDictionary<string, string> known
    )
    {
        var faults = new Dictionary<string, string>();
        // A row may need one of another table that is filled later.
        for (var round = 0; round < 3; round++)
        {
            faults.Clear();
            foreach (var rule in ArchiveTables.Carried)
            {
                if (await HasRowsAsync(connection, rule, tenant))
                {
                    continue;
                }

                try
                {
                    await InsertAsync(connection, rule, tenant, person, known);
                }
                catch (PostgresException refused)
                {
                    faults[rule.Name] = $"{rule.Name}: {refused.MessageText}";
                    continue;
                }

                if (!await HasRowsAsync(connection, rule, tenant))
                {
                    faults[rule.Name] = $"{rule.Name}: no row that goes along";
                }
            }
        }

        return [.. faults.Values.Order(StringComparer.Ordinal)];
    }

    private static async Task<bool> HasRowsAsync(NpgsqlConnection connection, ArchivedTableRule rule, Guid tenant) =>
        await connection.QuerySingleAsync<bool>(
            $"SELECT EXISTS (SELECT 1 FROM {rule.Name} AS t WHERE t.tenant_id = @tenant AND ({rule.Only ?? "true"}))",
            new { tenant }
        );

    private static async Task InsertAsync(
        NpgsqlConnection connection,
        ArchivedTableRule rule,
        Guid tenant,
        Guid person,
        IReadOnlyDictionary<string, string> known
    )
    {
        var table = rule.Name;
        var people = ArchivedTableRule.Names(rule.People).ToHashSet(StringComparer.Ordinal);
        var checks = string.Join(' ', await connection.QueryAsync<string>(ChecksSql, new { table }));
        var references = (await connection.QueryAsync<Reference>(ReferencesSql, new { table })).ToLookup(one =>
            one.Name
        );
        var values = new Dictionary<string, string>();
        foreach (var column in await connection.QueryAsync<Column>(ColumnsSql, new { table }))
        {
            if (known.TryGetValue($"{table}.{column.Name}", out var expression))
            {
                values[column.Name] = expression;
            }
            else if (column.Name == "tenant_id")
            {
                values[column.Name] = "@tenant";
            }
            else if (references[column.Name].FirstOrDefault() is { } reference)
            {
                values[column.Name] = reference.Other switch
                {
                    "users" => "@person",
                    _ =>
                        $"(SELECT {reference.OtherName} FROM {reference.Other} WHERE tenant_id = @tenant ORDER BY ctid LIMIT 1)",
                };
            }
            else if (people.Contains(column.Name))
            {
                values[column.Name] = column.Type.EndsWith("[]", StringComparison.Ordinal)
                    ? "ARRAY[@person]"
                    : "@person";
            }
            else if (column.IsNeeded && !column.HasDefault)
            {
                values[column.Name] = ValueOf(column, checks);
            }
        }

        await connection.ExecuteAsync(
            $"INSERT INTO {table} ({string.Join(", ", values.Keys)}) VALUES ({string.Join(", ", values.Values)})",
            new { tenant, person }
        );
    }

    private static string ValueOf(Column column, string checks) =>
        column.Type switch
        {
            "uuid" => "gen_random_uuid()",
            "boolean" => "true",
            "timestamp with time zone" => "now()",
            "date" => "current_date",
            "bytea" => $"decode(repeat('07', {LengthOf(column.Name, checks)}), 'hex')",
            "jsonb" or "json" => "'{}'",
            "smallint" or "integer" or "bigint" or "double precision" or "real" or "numeric" => "1",
            "text" when WordOf(column.Name, checks) is { } word => $"'{word}'",
            "text" => "'made up'",
            var list when list.EndsWith("[]", StringComparison.Ordinal) => "'{}'",
            _ => "DEFAULT",
        };

    private static int LengthOf(string column, string checks) =>
        Regex.Match(checks, $@"octet_length\({Regex.Escape(column)}\) = (\d+)") is { Success: true } found
            ? int.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
            : 32;

    /// <summary>The first of the words that a column takes.</summary>
    private static string? WordOf(string column, string checks) =>
        Regex.Match(checks, $@"\({Regex.Escape(column)} = ANY \(ARRAY\['([^']+)'") is { Success: true } found
            ? found.Groups[1].Value
            : null;

    private sealed record Column
    {
        public string Name { get; init; } = "";

        public string Type { get; init; } = "";

        public bool IsNeeded { get; init; }

        public bool HasDefault { get; init; }
    }

    private sealed record Reference
    {
        public string Name { get; init; } = "";

        public string Other { get; init; } = "";

        public string OtherName { get; init; } = "";
    }
}
