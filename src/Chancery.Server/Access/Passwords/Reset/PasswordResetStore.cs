using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>The SQL of links to a new password, which are their person's and no organisation's. Safe for concurrent use.</summary>
internal sealed class PasswordResetStore(Doors doors)
{
    private const string FindSql = "SELECT * FROM door_password_reset(@hash)";

    // A letter that was just sent is good enough: nobody fills another's letter box by asking again and again.
    private const string InsertSql = "SELECT door_ask_password_reset(@userId, @hash, @now, @expiresAt, @since)";

    private const string UseSql = "SELECT door_reset_password(@hash, @passwordHash, @now)";

    internal sealed record Row(Guid UserId, string Email, DateTimeOffset ExpiresAt);

    public Task<Row?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        doors.FindAsync<Row>(FindSql, new { hash }, cancellationToken);

    /// <summary>Keeps a link; <c>false</c> when the person was sent one since <paramref name="since"/>.</summary>
    public async Task<bool> InsertAsync(
        Guid userId,
        byte[] hash,
        DateTimeOffset now,
        DateTimeOffset expiresAt,
        DateTimeOffset since,
        CancellationToken cancellationToken
    ) =>
        await doors.QueryAsync<bool>(
            InsertSql,
            new
            {
                userId,
                hash,
                now,
                expiresAt,
                since,
            },
            cancellationToken
        )
            is [true];

    /// <summary>
    /// Uses a link up, and with it all others of the person, and sets their password; <c>false</c> when it does not count. An account
    /// that an organisation made of which its person is no active member is theirs alone from then on.
    /// </summary>
    public async Task<bool> UseAsync(
        byte[] hash,
        string passwordHash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await doors.QueryAsync<bool>(
            UseSql,
            new
            {
                hash,
                passwordHash,
                now,
            },
            cancellationToken
        )
            is [true];
}
