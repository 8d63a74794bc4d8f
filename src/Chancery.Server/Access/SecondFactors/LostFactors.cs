using Dapper;
using Npgsql;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>For an operator on the machine: takes away the second factors of somebody whom nobody else can help.</summary>
public static class LostFactors
{
    private const string FindSql = "SELECT user_id FROM users WHERE lower(email) = lower(@email)";

    private const string ResetSql = """
        WITH apps AS (DELETE FROM totp_authenticators WHERE user_id = @userId),
             keys AS (DELETE FROM passkeys WHERE user_id = @userId),
             codes AS (DELETE FROM recovery_codes WHERE user_id = @userId)
        UPDATE sessions SET revoked_at = @now WHERE user_id = @userId AND revoked_at IS NULL
        """;

    /// <param name="owner">Connects as the owner of the tables.</param>
    /// <returns>Whose they were; null when nobody has that e-mail.</returns>
    public static async Task<Guid?> ResetAsync(
        NpgsqlDataSource owner,
        string email,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await owner.OpenConnectionAsync(cancellationToken);
        var userId = await connection.QuerySingleOrDefaultAsync<Guid?>(
            new CommandDefinition(FindSql, new { email }, cancellationToken: cancellationToken)
        );
        if (userId is not null)
        {
            await connection.ExecuteAsync(
                new CommandDefinition(ResetSql, new { userId, now }, cancellationToken: cancellationToken)
            );
        }

        return userId;
    }
}
