using System.Data;
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

    /// <summary>
    /// For taking a whole tenant along: a transaction that sees all of it as it is at its first statement, whatever is written
    /// meanwhile. It holds a connection for as long as it takes.
    /// </summary>
    public Task<TenantSession> OpenSnapshotAsync(TenantId tenant, CancellationToken cancellationToken) =>
        OpenAsync(
            new Binding(tenant, PrincipalId: null, Reader.Everything),
            IsolationLevel.RepeatableRead,
            cancellationToken
        );

    /// <summary>Opens a transaction bound to a tenant and to one principal in it.</summary>
    /// <param name="tenant">Whose rows the session sees.</param>
    /// <param name="principalId">The user or key whose private rows (conversations) the session sees, too.</param>
    /// <param name="reader">Which documents it sees.</param>
    /// <param name="cancellationToken">Gives up waiting for a connection.</param>
    /// <exception cref="NpgsqlException">PostgreSQL cannot be reached; the host answers 503.</exception>
    public Task<TenantSession> OpenAsync(
        TenantId tenant,
        Guid? principalId,
        Reader reader,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(reader);
        return OpenAsync(new Binding(tenant, principalId, reader), IsolationLevel.Unspecified, cancellationToken);
    }

    private async Task<TenantSession> OpenAsync(
        Binding binding,
        IsolationLevel isolation,
        CancellationToken cancellationToken
    )
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
            return new TenantSession(new BoundConnection(connection, transaction, binding), binding);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
