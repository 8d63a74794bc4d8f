using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace Chancery.Server.Platform.Operators;

/// <summary>Somebody who operates the installation, and may see nothing of what is in it.</summary>
/// <param name="RevokedAt">Null while the token counts.</param>
public sealed record Operator(Guid OperatorId, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>The installation's operators. Looking one up takes the application's rights, all else the owner's.</summary>
/// <remarks>Asked anew each time, so that a revoked token opens nothing a moment later. Safe for concurrent use.</remarks>
public sealed class OperatorDirectory(NpgsqlDataSource source)
{
    private const string Prefix = "co_";

    private const string FindSql = """
        SELECT operator_id, name, created_at, revoked_at
        FROM operators
        WHERE token_hash = @hash AND revoked_at IS NULL
        """;

    private const string FindByIdSql = """
        SELECT operator_id, name, created_at, revoked_at
        FROM operators
        WHERE operator_id = @id AND revoked_at IS NULL
        """;

    private const string ListSql = """
        SELECT operator_id, name, created_at, revoked_at FROM operators ORDER BY created_at, operator_id LIMIT 1000
        """;

    private const string InsertSql = """
        INSERT INTO operators (operator_id, name, token_hash, created_at) VALUES (@id, @name, @hash, @now)
        ON CONFLICT (lower(name)) WHERE revoked_at IS NULL DO NOTHING
        """;

    private const string RevokeSql = """
        UPDATE operators SET revoked_at = @now WHERE lower(name) = lower(@name) AND revoked_at IS NULL
        """;

    /// <summary>Whether the text could be an operator's token.</summary>
    public static bool IsToken(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The operator whose token it is; null when it is nobody's, or no longer.</summary>
    public async Task<Operator?> FindAsync(string token, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Operator>(
            new CommandDefinition(FindSql, new { hash = HashOf(token) }, cancellationToken: cancellationToken)
        );
    }

    /// <summary>The operator of that id; null when there is none, or their token was revoked.</summary>
    public async Task<Operator?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Operator>(
            new CommandDefinition(FindByIdSql, new { id }, cancellationToken: cancellationToken)
        );
    }

    /// <summary>Makes an operator and answers the token, which is nowhere else in clear; null when the name is taken.</summary>
    public async Task<string?> CreateAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var made = await AsOwnerAsync(
            connection =>
                connection.ExecuteAsync(
                    new CommandDefinition(
                        InsertSql,
                        new
                        {
                            id = Guid.CreateVersion7(now),
                            name,
                            hash = HashOf(token),
                            now,
                        },
                        cancellationToken: cancellationToken
                    )
                ),
            cancellationToken
        );
        return made == 1 ? token : null;
    }

    public async Task<IReadOnlyList<Operator>> ListAsync(CancellationToken cancellationToken) =>
        await AsOwnerAsync(
            async connection =>
                (
                    await connection.QueryAsync<Operator>(
                        new CommandDefinition(ListSql, cancellationToken: cancellationToken)
                    )
                ).AsList(),
            cancellationToken
        );

    /// <summary>False when there is no operator of that name whose token counts.</summary>
    public async Task<bool> RevokeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken) =>
        await AsOwnerAsync(
            connection =>
                connection.ExecuteAsync(
                    new CommandDefinition(RevokeSql, new { name, now }, cancellationToken: cancellationToken)
                ),
            cancellationToken
        ) == 1;

    private async Task<T> AsOwnerAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition("SET ROLE chancery_owner", cancellationToken: cancellationToken)
        );
        return await run(connection);
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
