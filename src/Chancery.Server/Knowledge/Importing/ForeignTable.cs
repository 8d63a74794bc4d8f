using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>Which columns of the foreign table mean what. A column that is null is not read.</summary>
/// <param name="Table">As PostgreSQL resolves it: <c>ai_knowledge_base</c>, <c>legacy.documents</c>.</param>
/// <param name="Embedding">JSON arrays of numbers: <c>jsonb</c>, <c>json</c> or text.</param>
/// <param name="Company">Whose a row is. Where the table has the column, <paramref name="OnlyCompany"/> must say which rows are meant.</param>
/// <param name="Active">Rows where it is false are left alone.</param>
internal sealed record ForeignColumns(
    string Table,
    string Id,
    string Text,
    string FileName,
    string Embedding,
    string? Company,
    string? OnlyCompany,
    string? Category,
    string? Active,
    string? Created
);

/// <summary>A row as it stands there.</summary>
internal sealed record ForeignRow(
    string Id,
    string? Text,
    string? FileName,
    string? Embedding,
    string? Category,
    DateTimeOffset? CreatedAt
);

/// <summary>
/// A table of another system, read in one snapshot and never written: what is there stays, so that nothing is lost by an import
/// that is undone.
/// </summary>
internal sealed class ForeignTable : IAsyncDisposable
{
    // quote_ident by the server that has the table: a name is data until that server has found the thing it names.
    private const string ColumnsSql = """
        SELECT a.attname::text, quote_ident(a.attname), format_type(a.atttypid, NULL)
        FROM pg_attribute AS a
        WHERE a.attrelid = to_regclass(@table) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """;

    private const string NameSql = """
        SELECT current_database() || '.' || n.nspname || '.' || c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass(@table) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        """;

    private const string UniqueSql = """
        SELECT EXISTS (
          SELECT 1
          FROM pg_index AS i
          JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          WHERE i.indrelid = to_regclass(@table) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND i.indnkeyatts = 1 AND a.attname = @column)
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _from;
    private readonly string _columns;
    private readonly string? _company;

    private ForeignTable(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string name,
        string columns,
        string from,
        string? company
    )
    {
        _connection = connection;
        _transaction = transaction;
        Name = name;
        _columns = columns;
        _from = from;
        _company = company;
    }

    /// <summary><c>database.schema.table</c>: what the import calls it.</summary>
    public string Name { get; }

    /// <exception cref="ImportException">There is no such table or column, or it is not said whose rows are meant.</exception>
    public static async Task<ForeignTable> OpenAsync(
        string connectionString,
        ForeignColumns wanted,
        CancellationToken cancellationToken
    )
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString)
            {
                Pooling = false,
                CommandTimeout = 0,
                ApplicationName = "chancery import",
            }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(cancellationToken);
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await using (
                var mode = new NpgsqlCommand("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 0", connection)
            )
            {
                await mode.ExecuteNonQueryAsync(cancellationToken);
            }

            return await DescribeAsync(connection, transaction, wanted, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = Command($"SELECT count(*) FROM {_from}");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>All rows, in no particular order. Nothing else can be asked meanwhile.</summary>
    public async IAsyncEnumerable<ForeignRow> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command($"SELECT {_columns} FROM {_from}");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return new ForeignRow(
                reader.GetString(0),
                StringAt(reader, 1),
                StringAt(reader, 2),
                StringAt(reader, 3),
                StringAt(reader, 4),
                await reader.IsDBNullAsync(5, cancellationToken)
                    ? null
                    : new DateTimeOffset(reader.GetDateTime(5).ToUniversalTime(), TimeSpan.Zero)
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static async Task<ForeignTable> DescribeAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        ForeignColumns wanted,
        CancellationToken cancellationToken
    )
    {
        var (name, quoted) =
            await NameAsync(connection, wanted.Table, cancellationToken)
            ?? throw new ImportException($"There is no table {wanted.Table} in that database: name it with --table.");
        var columns = await ColumnsAsync(connection, wanted.Table, cancellationToken);
        var id = Required(wanted.Id, "--id-column");
        if (!await IsUniqueAsync(connection, wanted, cancellationToken))
        {
            throw new ImportException(
                $"The column {wanted.Id} has no unique index: rows could not be told apart when the import goes on. Name "
                    + "another one with --id-column."
            );
        }

        var company = Optional(wanted.Company);
        if (company is not null && wanted.OnlyCompany is null)
        {
            throw new ImportException(
                $"The rows of {wanted.Table} belong to companies ({wanted.Company}): say with --company whose rows go into this "
                    + "organisation, or --company-column none for all of them."
            );
        }

        var active = Optional(wanted.Active);
        var conditions = new List<string>();
        if (company is not null)
        {
            conditions.Add($"{company}::text = @company");
        }

        if (active is not null)
        {
            conditions.Add($"{active} IS NOT FALSE");
        }

        var where = conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);
        string[] read =
        [
            $"{id}::text",
            $"{Required(wanted.Text, "--text-column")}::text",
            $"{Required(wanted.FileName, "--filename-column")}::text",
            $"{Required(wanted.Embedding, "--embedding-column")}::text",
            Optional(wanted.Category) is { } category ? $"{category}::text" : "NULL::text",
            Optional(wanted.Created) is { } created ? $"{created}::timestamptz" : "NULL::timestamptz",
        ];
        return new ForeignTable(
            connection,
            transaction,
            name,
            string.Join(", ", read),
            quoted + where,
            company is null ? null : wanted.OnlyCompany
        );

        string Required(string column, string option) =>
            Optional(column)
            ?? throw new ImportException(
                $"{wanted.Table} has no column {column}: name it with {option}. It has {string.Join(", ", columns.Keys)}."
            );

        string? Optional(string? column) =>
            column is not null && columns.TryGetValue(column, out var found) ? found : null;
    }

    private static async Task<(string Name, string Quoted)?> NameAsync(
        NpgsqlConnection connection,
        string table,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(NameSql, connection);
        command.Parameters.AddWithValue("table", table);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetString(0), reader.GetString(1)) : null;
    }

    private static async Task<Dictionary<string, string>> ColumnsAsync(
        NpgsqlConnection connection,
        string table,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(ColumnsSql, connection);
        command.Parameters.AddWithValue("table", table);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            columns.Add(reader.GetString(0), reader.GetString(1));
        }

        return columns;
    }

    private static async Task<bool> IsUniqueAsync(
        NpgsqlConnection connection,
        ForeignColumns wanted,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(UniqueSql, connection);
        command.Parameters.AddWithValue("table", wanted.Table);
        command.Parameters.AddWithValue("column", wanted.Id);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = new NpgsqlCommand(sql, _connection, _transaction);
        if (_company is not null)
        {
            command.Parameters.AddWithValue("company", _company);
        }

        return command;
    }

    private static string? StringAt(NpgsqlDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);
}
