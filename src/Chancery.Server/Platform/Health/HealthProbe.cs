using System.Globalization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Platform.Health;

/// <summary>Asks what the server leans on how it is. Safe for concurrent use.</summary>
internal sealed class HealthProbe(NpgsqlDataSource source, Doors doors, RedisGateway redis, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const string MigrationsSql = "SELECT name FROM migrations ORDER BY name LIMIT 1000";
    private const string ConnectionsSql = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        """;
    private const string DepthSql = "SELECT queued, running FROM door_work_depth()";

    public async Task<DependencyState> DatabaseAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var started = time.GetTimestamp();
        try
        {
            var missing = await MissingMigrationsAsync(patience.Token);
            var elapsed = time.GetElapsedTime(started);
            return missing.Count == 0
                ? DependencyState.Up("postgres", elapsed)
                : new DependencyState("postgres", "down", elapsed.TotalMilliseconds, $"not migrated: {missing[0]}");
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return DependencyState.Down("postgres");
        }
    }

    public async Task<DependencyState> RedisAsync(CancellationToken cancellationToken)
    {
        try
        {
            var latency = await redis.PingAsync().WaitAsync(Patience, cancellationToken);
            return latency is { } took ? DependencyState.Up("redis", took) : DependencyState.Down("redis");
        }
        catch (TimeoutException)
        {
            return DependencyState.Down("redis");
        }
    }

    /// <summary>How much work waits and runs; null when the database does not say.</summary>
    public async Task<(long Queued, long Running)?> WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await doors.QueryAsync<(long, long)>(DepthSql, null, cancellationToken))[0];
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    public async Task<long?> DatabaseConnectionsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = source.CreateCommand(ConnectionsSql);
            return (long?)await command.ExecuteScalarAsync(cancellationToken);
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    /// <summary>Numbers of Redis by name; those that it does not tell are missing.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RedisNumbersAsync()
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var section in new[] { "stats", "clients", "memory" })
        {
            foreach (var (name, value) in await redis.InfoAsync(section))
            {
                if (long.TryParse(value, CultureInfo.InvariantCulture, out var number))
                {
                    numbers[name] = number;
                }
            }
        }

        return numbers;
    }

    private async Task<List<string>> MissingMigrationsAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(MigrationsSql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var missing = Migrator.Required.ToList();
        while (await reader.ReadAsync(cancellationToken))
        {
            missing.Remove(reader.GetString(0));
        }

        return missing;
    }
}

/// <summary>One thing that the server leans on.</summary>
/// <param name="State"><c>up</c> or <c>down</c>.</param>
/// <param name="LatencyMs">How long it took to answer; null when it did not.</param>
internal sealed record DependencyState(string Name, string State, double? LatencyMs, string? Note = null)
{
    public bool IsUp => State == "up";

    public static DependencyState Up(string name, TimeSpan latency) =>
        new(name, "up", Math.Round(latency.TotalMilliseconds, 2));

    public static DependencyState Down(string name) => new(name, "down", null, "does not answer");
}
