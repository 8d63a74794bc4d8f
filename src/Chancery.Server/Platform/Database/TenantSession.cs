using Dapper;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>
/// A transaction bound to one tenant. Disposing it without <see cref="CommitAsync"/> rolls everything back.
/// Not safe for concurrent use.
/// </summary>
public sealed class TenantSession : IAsyncDisposable
{
    // Deleting, moving or publishing the largest documents rewrites a hundred thousand passages.
    private const string PatienceSql = "SET LOCAL statement_timeout = '5min'";

    private const string ReadEverythingSql = "SELECT set_config('chancery.reader', @reader, true)";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private int? _commandTimeoutSeconds;

    internal TenantSession(TenantId tenant, Reader reader, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        Tenant = tenant;
        Reader = reader;
        Connection = connection;
        Transaction = transaction;
    }

    public TenantId Tenant { get; }

    /// <summary>Whose documents it was opened for.</summary>
    public Reader Reader { get; }

    public NpgsqlConnection Connection { get; }

    public NpgsqlTransaction Transaction { get; }

    /// <summary>A Dapper command in this transaction. Dapper forgets the token unless it comes in a command definition.</summary>
    public CommandDefinition Command(string sql, object? arguments, CancellationToken cancellationToken) =>
        new(sql, arguments, Transaction, _commandTimeoutSeconds, cancellationToken: cancellationToken);

    /// <summary>From here to the end of the transaction a statement may take five minutes, not the usual 30 seconds.</summary>
    public async Task AllowLongStatementsAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(PatienceSql, null, cancellationToken);
        // The server gives up first, and says why.
        _commandTimeoutSeconds = (int)Patience.TotalSeconds + 10;
    }

    /// <summary>
    /// From here to the end of the transaction it sees documents whoever may read them: for a change that was allowed and reaches
    /// further than its reader sees.
    /// </summary>
    public Task ReadEverythingAsync(CancellationToken cancellationToken) =>
        ExecuteAsync(ReadEverythingSql, new { reader = Database.Reader.Everything.Setting }, cancellationToken);

    public Task<int> ExecuteAsync(string sql, object? arguments, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(Command(sql, arguments, cancellationToken));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql,
        object? arguments,
        CancellationToken cancellationToken
    ) => (await Connection.QueryAsync<T>(Command(sql, arguments, cancellationToken))).AsList();

    /// <summary>The only row, or <c>null</c> when there is none.</summary>
    public Task<T?> FindAsync<T>(string sql, object? arguments, CancellationToken cancellationToken) =>
        Connection.QuerySingleOrDefaultAsync<T?>(Command(sql, arguments, cancellationToken));

    public Task CommitAsync(CancellationToken cancellationToken) => Transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
