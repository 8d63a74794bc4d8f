using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>
/// A connection whose first command brings the transaction's <see cref="Binding"/> along; the commands after it are Npgsql's own.
/// Made for Dapper, which asks a connection for nothing but commands. Not safe for concurrent use.
/// </summary>
internal sealed class BoundConnection(NpgsqlConnection connection, NpgsqlTransaction transaction, Binding binding)
    : DbConnection
{
    private bool _isBound;

    /// <summary>Serves nobody until the first command has run.</summary>
    public NpgsqlConnection Inner => connection;

    [AllowNull]
    public override string ConnectionString
    {
        get => connection.ConnectionString;
        set => throw new NotSupportedException();
    }

    public override string Database => connection.Database;

    public override string DataSource => connection.DataSource;

    public override string ServerVersion => connection.ServerVersion;

    public override ConnectionState State => connection.State;

    /// <summary>The binding and whatever is to come after it, on their way together.</summary>
    public NpgsqlBatch Batch() => new(connection, transaction) { BatchCommands = { binding.ToCommand() } };

    /// <summary>PostgreSQL has answered the binding. One that failed took the transaction with it.</summary>
    public void MarkBound() => _isBound = true;

    /// <summary>Sends the binding by itself, ahead of what cannot be part of a batch.</summary>
    public async Task BindAsync(CancellationToken cancellationToken)
    {
        if (_isBound)
        {
            return;
        }

        await using var batch = Batch();
        await batch.ExecuteNonQueryAsync(cancellationToken);
        MarkBound();
    }

    public Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public override void Open() => throw new NotSupportedException();

    public override void Close() => connection.Close();

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        throw new NotSupportedException();

    protected override DbCommand CreateDbCommand() => _isBound ? connection.CreateCommand() : new BindingCommand(this);
}
