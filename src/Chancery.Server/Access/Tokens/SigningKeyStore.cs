using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Tokens;

/// <summary>Keeps the installation's signing keys, which belong to no tenant. Safe for concurrent use.</summary>
internal sealed class SigningKeyStore(NpgsqlDataSource source)
{
    // Replicas that start together wait here for each other, so that one of them makes the key and all read it.
    private const string LockSql = "SELECT pg_advisory_xact_lock(hashtext('chancery.signing-keys'))";

    private const string ListSql = """
        SELECT key_id, wrapped, created_at
        FROM installation_keys
        WHERE purpose = 'signing' AND (retired_at IS NULL OR retired_at > @now)
        ORDER BY created_at DESC, key_id DESC
        """;

    private const string RetireSql = """
        UPDATE installation_keys SET retired_at = @retireAt WHERE purpose = 'signing' AND retired_at IS NULL
        """;

    private const string InsertSql = """
        INSERT INTO installation_keys (purpose, key_id, wrapped, public_part, created_at)
        VALUES ('signing', @KeyId, @Wrapped, @publicPart::jsonb, @CreatedAt)
        """;

    internal sealed record Row(string KeyId, byte[] Wrapped, DateTimeOffset CreatedAt);

    /// <summary>The keys that still count, newest first.</summary>
    /// <param name="renewBefore">A newest key from before then gets a successor by <paramref name="create"/>, as does none.</param>
    /// <param name="retireAt">Until when the keys before a new one count.</param>
    public async Task<IReadOnlyList<Row>> ListOrCreateAsync(
        DateTimeOffset now,
        DateTimeOffset renewBefore,
        DateTimeOffset retireAt,
        Func<(Row Row, string PublicPart)> create,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        CommandDefinition Command(string sql, object? arguments = null) =>
            new(sql, arguments, transaction, cancellationToken: cancellationToken);

        await connection.ExecuteAsync(Command(LockSql));
        var rows = (await connection.QueryAsync<Row>(Command(ListSql, new { now }))).AsList();
        if (rows.Count == 0 || rows[0].CreatedAt <= renewBefore)
        {
            var (row, publicPart) = create();
            await connection.ExecuteAsync(Command(RetireSql, new { retireAt }));
            await connection.ExecuteAsync(
                Command(
                    InsertSql,
                    new
                    {
                        row.KeyId,
                        row.Wrapped,
                        publicPart,
                        row.CreatedAt,
                    }
                )
            );
            rows.Insert(0, row);
        }

        await transaction.CommitAsync(cancellationToken);
        return rows;
    }
}
