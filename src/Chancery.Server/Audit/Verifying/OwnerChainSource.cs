using System.Data;
using Dapper;
using Npgsql;

namespace Chancery.Server.Audit.Verifying;

/// <summary>All chains of an installation as they were at one moment, read as the tables' owner. Not safe for concurrent use.</summary>
internal sealed class OwnerChainSource : ChainSource, IAsyncDisposable
{
    private const string BecomeOwnerSql = "SET TRANSACTION READ ONLY; SET LOCAL ROLE chancery_owner";

    private const string TenantsSql = """
        SELECT tenant_id FROM audit_chains UNION SELECT tenant_id FROM audit_entries ORDER BY tenant_id
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private OwnerChainSource(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_connection, _transaction) = (connection, transaction);

    public static async Task<OwnerChainSource> OpenAsync(NpgsqlDataSource owner, CancellationToken cancellationToken)
    {
        var connection = await owner.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await connection.ExecuteAsync(
                new CommandDefinition(BecomeOwnerSql, null, transaction, cancellationToken: cancellationToken)
            );
            return new OwnerChainSource(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everybody who has a chain, or entries without one.</summary>
    public Task<IReadOnlyList<Guid>> TenantsAsync(CancellationToken cancellationToken) =>
        QueryAsync<Guid>(Guid.Empty, TenantsSql, new { }, cancellationToken);

    protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
        Guid tenant,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    ) =>
        (
            await _connection.QueryAsync<T>(
                new CommandDefinition(sql, arguments, _transaction, cancellationToken: cancellationToken)
            )
        ).AsList();

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
