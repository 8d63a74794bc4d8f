using Dapper;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>The only way to a tenant's rows: every session is a transaction bound to one tenant.</summary>
/// <remarks>
/// Row-level security does the rest: a statement in the session sees that tenant's rows and no others. Nobody keeps a
/// session open while waiting for a model, an endpoint, a reader or a client. Safe for concurrent use.
/// </remarks>
public sealed class TenantDatabase(NpgsqlDataSource source)
{
    // `true` makes the binding die with the transaction, so that a pooled connection forgets whom it served.
    private const string BindSql = """
        SELECT set_config('chancery.tenant', @tenant, true), set_config('chancery.principal', @principal, true)
        """;

    /// <summary>Opens a transaction that sees <paramref name="tenant"/> and nothing of any particular person.</summary>
    public Task<TenantSession> OpenAsync(TenantId tenant, CancellationToken cancellationToken) =>
        OpenAsync(tenant, principalId: null, cancellationToken);

    /// <summary>Opens a transaction bound to a tenant and to one principal in it.</summary>
    /// <param name="tenant">Whose rows the session sees.</param>
    /// <param name="principalId">The user or key whose private rows (conversations) the session sees, too.</param>
    /// <param name="cancellationToken">Gives up waiting for a connection.</param>
    /// <exception cref="NpgsqlException">PostgreSQL cannot be reached; the host answers 503.</exception>
    public async Task<TenantSession> OpenAsync(TenantId tenant, Guid? principalId, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(
                new CommandDefinition(
                    BindSql,
                    new { tenant = tenant.Value.ToString(), principal = principalId?.ToString() ?? "" },
                    transaction,
                    cancellationToken: cancellationToken
                )
            );
            return new TenantSession(tenant, connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
