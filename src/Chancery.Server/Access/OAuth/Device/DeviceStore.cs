using Chancery.Server.Platform.Database;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.OAuth.Device;

/// <summary>A device that waits, or waited, for somebody to type its code.</summary>
// An array has no type of its own when the row is read, so it is set and not given to a constructor.
[method: ExplicitConstructor]
internal sealed record DeviceRequest(
    byte[] DeviceHash,
    string ClientId,
    string[] Scopes,
    string? Audience,
    string Device,
    string IpAddress,
    string State,
    int PollSeconds,
    DateTimeOffset? PolledAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt
);

/// <summary>How far a device's request is.</summary>
internal static class DeviceState
{
    public const string Waiting = "waiting";
    public const string Allowed = "allowed";
    public const string Denied = "denied";
}

/// <summary>The SQL of devices that wait. They belong to no tenant until somebody allows them. Safe for concurrent use.</summary>
internal sealed class DeviceStore(NpgsqlDataSource source)
{
    private const string Columns = """
        device_hash, client_id, scopes, audience, device, ip_address, state, poll_seconds, polled_at, created_at, expires_at
        """;

    private const string DeleteOldSql = "DELETE FROM oauth_device_requests WHERE expires_at < @before";

    private const string InsertSql = """
        INSERT INTO oauth_device_requests
          (device_hash, user_code_hash, client_id, scopes, audience, device, ip_address, poll_seconds, created_at, expires_at)
        VALUES
          (@DeviceHash, @userCodeHash, @ClientId, @Scopes, @Audience, @Device, @IpAddress, @PollSeconds, @CreatedAt, @ExpiresAt)
        ON CONFLICT DO NOTHING
        """;

    private const string ByDeviceSql = $"SELECT {Columns} FROM oauth_device_requests WHERE device_hash = @hash";

    private const string ByUserCodeSql = $"SELECT {Columns} FROM oauth_device_requests WHERE user_code_hash = @hash";

    private const string PolledSql = """
        UPDATE oauth_device_requests SET polled_at = @now, poll_seconds = @pollSeconds WHERE device_hash = @hash
        """;

    private const string DecideSql = """
        UPDATE oauth_device_requests SET state = @state
        WHERE device_hash = @hash AND state = 'waiting' AND expires_at > @now
        """;

    /// <summary>Keeps a new request; <c>false</c> when somebody has that code.</summary>
    public async Task<bool> InsertAsync(DeviceRequest request, byte[] userCodeHash, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(
                DeleteOldSql,
                new { before = request.CreatedAt.AddHours(-1) },
                cancellationToken: cancellationToken
            )
        );
        return await connection.ExecuteAsync(
                new CommandDefinition(
                    InsertSql,
                    new
                    {
                        request.DeviceHash,
                        userCodeHash,
                        request.ClientId,
                        request.Scopes,
                        request.Audience,
                        request.Device,
                        request.IpAddress,
                        request.PollSeconds,
                        request.CreatedAt,
                        request.ExpiresAt,
                    },
                    cancellationToken: cancellationToken
                )
            ) == 1;
    }

    public Task<DeviceRequest?> FindByDeviceAsync(byte[] hash, CancellationToken cancellationToken) =>
        FindAsync(ByDeviceSql, hash, cancellationToken);

    public Task<DeviceRequest?> FindByUserCodeAsync(byte[] hash, CancellationToken cancellationToken) =>
        FindAsync(ByUserCodeSql, hash, cancellationToken);

    public async Task PolledAsync(byte[] hash, DateTimeOffset now, int pollSeconds, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(
                PolledSql,
                new
                {
                    hash,
                    now,
                    pollSeconds,
                },
                cancellationToken: cancellationToken
            )
        );
    }

    public async Task<bool> DenyAsync(byte[] hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
                new CommandDefinition(
                    DecideSql,
                    new
                    {
                        hash,
                        now,
                        state = DeviceState.Denied,
                    },
                    cancellationToken: cancellationToken
                )
            ) == 1;
    }

    /// <summary>Marks it as allowed together with what the session writes; <c>false</c> when it does not wait any more.</summary>
    public static async Task<bool> AllowAsync(
        TenantSession session,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            DecideSql,
            new
            {
                hash,
                now,
                state = DeviceState.Allowed,
            },
            cancellationToken
        ) == 1;

    private async Task<DeviceRequest?> FindAsync(string sql, byte[] hash, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<DeviceRequest?>(
            new CommandDefinition(sql, new { hash }, cancellationToken: cancellationToken)
        );
    }
}
