using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>A transaction's first command: answers as it would alone, and brings the binding along in the same round trip.</summary>
internal sealed class BindingCommand(BoundConnection bound) : DbCommand
{
    private readonly NpgsqlBatchCommand _statement = new();
    private int? _timeoutSeconds;
    private NpgsqlBatch? _batch;

    [AllowNull]
    public override string CommandText
    {
        get => _statement.CommandText;
        set => _statement.CommandText = value;
    }

    public override int CommandTimeout
    {
        get => _timeoutSeconds ?? bound.Inner.CommandTimeout;
        set => _timeoutSeconds = value;
    }

    public override CommandType CommandType
    {
        get => _statement.CommandType;
        set => _statement.CommandType = value;
    }

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource { get; set; }

    // Npgsql's own, by whose name Dapper knows that arrays go as arrays.
    protected override DbConnection? DbConnection
    {
        get => bound.Inner;
        set => throw new NotSupportedException();
    }

    protected override DbParameterCollection DbParameterCollection => _statement.Parameters;

    // The connection's, whatever is said: it has no other.
    protected override DbTransaction? DbTransaction { get; set; }

    public override async Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken)
    {
        // The binding changes no row: what is counted is the statement's.
        var changed = await Batch().ExecuteNonQueryAsync(cancellationToken);
        bound.MarkBound();
        return changed;
    }

    public override void Cancel() => _batch?.Cancel();

    // Nothing here waits for PostgreSQL on a thread.
    public override int ExecuteNonQuery() => throw new NotSupportedException();

    public override object? ExecuteScalar() => throw new NotSupportedException();

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override void Prepare() => throw new NotSupportedException();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => throw new NotSupportedException();

    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(
        CommandBehavior behavior,
        CancellationToken cancellationToken
    )
    {
        // What is promised of one result is not true of the batch, which has the binding's before it.
        var ofBatch = behavior & ~(CommandBehavior.SingleResult | CommandBehavior.SingleRow);
        var reader = await Batch().ExecuteReaderAsync(ofBatch, cancellationToken);
        try
        {
            await reader.NextResultAsync(cancellationToken);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }

        bound.MarkBound();
        return reader;
    }

    protected override DbParameter CreateDbParameter() => new NpgsqlParameter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _batch?.Dispose();
        }

        base.Dispose(disposing);
    }

    private NpgsqlBatch Batch()
    {
        _batch?.Dispose();
        _batch = bound.Batch();
        _batch.BatchCommands.Add(_statement);
        if (_timeoutSeconds is { } seconds)
        {
            _batch.Timeout = seconds;
        }

        return _batch;
    }
}
