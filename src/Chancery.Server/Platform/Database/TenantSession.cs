using Dapper;

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

    private const string PrincipalSql = "SELECT set_config('chancery.principal', @principal, true)";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly BoundConnection _connection;
    private int? _commandTimeoutSeconds;

    internal TenantSession(BoundConnection connection, Binding binding)
    {
        _connection = connection;
        Tenant = binding.Tenant;
        Reader = binding.Reader;
    }

    public TenantId Tenant { get; }

    /// <summary>Whose documents it was opened for.</summary>
    public Reader Reader { get; }

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

    /// <summary>From here on it sees the private rows of another principal of the same tenant: for taking a whole tenant along.</summary>
    internal Task ActForAsync(Guid? principal, CancellationToken cancellationToken) =>
        ExecuteAsync(PrincipalSql, new { principal = principal?.ToString() ?? "" }, cancellationToken);

    public async Task<int> ExecuteAsync(string sql, object? arguments, CancellationToken cancellationToken) =>
        await _connection.ExecuteAsync(await CommandAsync(sql, arguments, cancellationToken));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql,
        object? arguments,
        CancellationToken cancellationToken
    ) => (await _connection.QueryAsync<T>(await CommandAsync(sql, arguments, cancellationToken))).AsList();

    /// <summary>The only row, or <c>null</c> when there is none.</summary>
    public async Task<T?> FindAsync<T>(string sql, object? arguments, CancellationToken cancellationToken) =>
        await _connection.QuerySingleOrDefaultAsync<T?>(await CommandAsync(sql, arguments, cancellationToken));

    public Task CommitAsync(CancellationToken cancellationToken) => _connection.CommitAsync(cancellationToken);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Dapper forgets the token unless it comes in a command definition.</summary>
    private async ValueTask<CommandDefinition> CommandAsync(
        string sql,
        object? arguments,
        CancellationToken cancellationToken
    )
    {
        // A batch takes single statements.
        if (sql.Contains(';', StringComparison.Ordinal))
        {
            await _connection.BindAsync(cancellationToken);
        }

        return new CommandDefinition(
            sql,
            arguments,
            commandTimeout: _commandTimeoutSeconds,
            cancellationToken: cancellationToken
        );
    }
}
