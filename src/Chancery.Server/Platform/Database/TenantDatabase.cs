using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>The only way to a tenant's rows: every session is a transaction bound to one tenant.</summary>
/// <remarks>
/// Row-level security does the rest: a statement in the session sees that tenant's rows and no others. Nobody keeps a
/// session open while waiting for a model, an endpoint, a reader or a client. Safe for concurrent use.
/// </remarks>
public sealed class TenantDatabase(NpgsqlDataSource source)
{
    /// <summary>
    /// For the server's own work: a transaction that sees <paramref name="tenant"/>, its documents whoever may read them, and nothing of
    /// any particular person. A test lists where documents are read so.
    /// </summary>
    public Task<TenantSession> OpenAsync(TenantId tenant, CancellationToken cancellationToken) =>
        OpenAsync(tenant, principalId: null, Reader.Everything, cancellationToken);

    /// <summary>A transaction bound to a tenant and to one person's private rows, of whom nothing else is known.</summary>
    public Task<TenantSession> OpenAsync(TenantId tenant, Guid? principalId, CancellationToken cancellationToken) =>
        OpenAsync(tenant, principalId, Reader.Nobody, cancellationToken);

    /// <summary>A transaction that sees of the tenant's documents what <paramref name="reader"/> may read.</summary>
    public Task<TenantSession> OpenAsync(TenantId tenant, Reader reader, CancellationToken cancellationToken) =>
        OpenAsync(tenant, principalId: null, reader, cancellationToken);

    /// <summary>Opens a transaction bound to a tenant and to one principal in it.</summary>
    /// <param name="tenant">Whose rows the session sees.</param>
    /// <param name="principalId">The user or key whose private rows (conversations) the session sees, too.</param>
    /// <param name="reader">Which documents it sees.</param>
    /// <param name="cancellationToken">Gives up waiting for a connection.</param>
    /// <exception cref="NpgsqlException">PostgreSQL cannot be reached; the host answers 503.</exception>
    public async Task<TenantSession> OpenAsync(
        TenantId tenant,
        Guid? principalId,
        Reader reader,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(reader);
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var binding = new Binding(tenant, principalId, reader);
            return new TenantSession(new BoundConnection(connection, transaction, binding), binding);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
