using Dapper;
using Npgsql;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>What was asked of somebody, until they answer: once, within five minutes. Safe for concurrent use.</summary>
internal sealed class Challenges(NpgsqlDataSource source, TimeProvider time)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private const int MostAttempts = 5;
    private const string Prefix = "cf_";

    private const string InsertSql = """
        INSERT INTO sign_in_challenges
          (challenge_hash, purpose, user_id, tenant_id, kind, end_session, methods, passkey_state, created_at, expires_at)
        VALUES (@hash, @Purpose, @UserId, @TenantId, @Kind, @EndSession, @Methods, @PasskeyState, @now, @expiresAt)
        """;

    private const string DeleteOldSql = "DELETE FROM sign_in_challenges WHERE expires_at < @now";

    private const string TryFindSql = """
        UPDATE sign_in_challenges SET attempts = attempts + 1
        WHERE challenge_hash = @hash AND expires_at > @now AND attempts < @most
        RETURNING purpose, user_id, tenant_id, kind, end_session, methods, passkey_state
        """;

    private const string SetPasskeyStateSql = """
        UPDATE sign_in_challenges SET passkey_state = @state WHERE challenge_hash = @hash AND expires_at > @now
        """;

    private const string UseSql = "DELETE FROM sign_in_challenges WHERE challenge_hash = @hash";

    /// <param name="Purpose">One of <see cref="ChallengePurpose"/>.</param>
    [method: ExplicitConstructor]
    internal sealed record Challenge(
        string Purpose,
        Guid? UserId,
        Guid? TenantId,
        string? Kind,
        Guid? EndSession,
        string[] Methods,
        string? PasskeyState
    );

    /// <summary>Keeps what was asked; the secret that answers name it by is kept nowhere.</summary>
    public async Task<string> OpenAsync(Challenge challenge, CancellationToken cancellationToken)
    {
        var secret = SecretText.Create(Prefix);
        var now = time.GetUtcNow();
        await ExecuteAsync(DeleteOldSql, new { now }, cancellationToken);
        await ExecuteAsync(
            InsertSql,
            new
            {
                hash = SecretText.HashOf(secret),
                challenge.Purpose,
                challenge.UserId,
                challenge.TenantId,
                challenge.Kind,
                challenge.EndSession,
                challenge.Methods,
                challenge.PasskeyState,
                now,
                expiresAt = now + Life,
            },
            cancellationToken
        );
        return secret;
    }

    /// <summary>What was asked, for one attempt at its answer; null when it is over, was answered, or was tried too often.</summary>
    public async Task<Challenge?> TryAsync(string secret, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Challenge>(
            new CommandDefinition(
                TryFindSql,
                new
                {
                    hash = SecretText.HashOf(secret),
                    now = time.GetUtcNow(),
                    most = MostAttempts,
                },
                cancellationToken: cancellationToken
            )
        );
    }

    /// <summary>A passkey is asked for this, too.</summary>
    public async Task<bool> AskPasskeyAsync(string secret, string state, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            SetPasskeyStateSql,
            new
            {
                hash = SecretText.HashOf(secret),
                state,
                now = time.GetUtcNow(),
            },
            cancellationToken
        ) == 1;

    /// <summary>Used up; <c>false</c> when somebody else was faster.</summary>
    public async Task<bool> UseAsync(string secret, CancellationToken cancellationToken) =>
        await ExecuteAsync(UseSql, new { hash = SecretText.HashOf(secret) }, cancellationToken) == 1;

    private async Task<int> ExecuteAsync(string sql, object arguments, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(
            new CommandDefinition(sql, arguments, cancellationToken: cancellationToken)
        );
    }
}

/// <summary>What a challenge is for.</summary>
internal static class ChallengePurpose
{
    /// <summary>The second step of a sign-in.</summary>
    public const string SignIn = "sign-in";

    /// <summary>A sign-in by a passkey alone.</summary>
    public const string PasskeySignIn = "passkey-sign-in";

    /// <summary>A passkey of somebody who is signed in, for a dangerous action.</summary>
    public const string PasskeyFactor = "passkey-factor";

    /// <summary>A new passkey.</summary>
    public const string PasskeyCreation = "passkey-creation";
}
