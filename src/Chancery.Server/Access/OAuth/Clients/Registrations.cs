using Dapper;
using Npgsql;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Clients that registered themselves (RFC 7591). They belong to no tenant. Safe for concurrent use.</summary>
internal sealed class Registrations(NpgsqlDataSource source, AccessSettings settings, TimeProvider time)
{
    public const string Prefix = "reg_";

    private static readonly TimeSpan KeptUnused = TimeSpan.FromDays(90);

    private const string DeleteOldSql = "DELETE FROM oauth_registrations WHERE used_at < @before";

    private const string InsertSql = """
        INSERT INTO oauth_registrations (client_id, name, secret_mac, redirect_uris, grants, scopes, created_at, used_at)
        VALUES (@id, @Name, @mac, @addresses, @grants, @scopes, @now, @now)
        """;

    // Used again: to the day.
    private const string FindSql = """
        WITH touched AS (
          UPDATE oauth_registrations SET used_at = @now WHERE client_id = @id AND used_at < @now - interval '1 day'
        )
        SELECT client_id, name, secret_mac, redirect_uris, grants, scopes FROM oauth_registrations WHERE client_id = @id
        """;

    // An array has no type of its own when the row is read, so it is set and not given to a constructor.
    [method: ExplicitConstructor]
    private sealed record Row(
        string ClientId,
        string Name,
        byte[]? SecretMac,
        string[] RedirectUris,
        string[] Grants,
        string[] Scopes
    );

    /// <summary>Keeps a client and answers its id. Those that nobody used for 90 days go.</summary>
    public async Task<string> AddAsync(ClientMetadata client, byte[]? mac, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = SecretText.Create(Prefix);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(DeleteOldSql, new { before = now - KeptUnused }, cancellationToken: cancellationToken)
        );
        await connection.ExecuteAsync(
            new CommandDefinition(
                InsertSql,
                new
                {
                    id,
                    client.Name,
                    mac,
                    addresses = client.RedirectUris.ToArray(),
                    grants = client.Grants.ToArray(),
                    scopes = client.Scopes.ToArray(),
                    now,
                },
                cancellationToken: cancellationToken
            )
        );
        return id;
    }

    /// <summary><c>null</c> when there is none, or registering was switched off again.</summary>
    public async Task<OAuthClient?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!settings.TakesRegistrations)
        {
            return null;
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row?>(
            new CommandDefinition(FindSql, new { id, now = time.GetUtcNow() }, cancellationToken: cancellationToken)
        );
        return row is null
            ? null
            : new OAuthClient(
                row.ClientId,
                ClientSource.Registered,
                Tenant: null,
                row.Name,
                row.SecretMac,
                row.RedirectUris,
                row.Grants,
                row.Scopes
            );
    }
}
