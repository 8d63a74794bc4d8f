using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Rotation;

/// <summary>What a rotation wrapped anew.</summary>
/// <param name="WasDone">All of it was under the new key already: an earlier run came that far.</param>
public sealed record RotationTally(bool WasDone, int TenantKeys, int InstallationKeys);

/// <summary>Wraps everything that the master key wraps by another one, in one transaction: all of it, or nothing.</summary>
/// <remarks>
/// The application's role gets its new password in the same transaction, so that from its commit on the old key opens
/// nothing, not even a connection. Ended in the middle it has changed nothing. No server may run meanwhile: a start waits
/// for the lock that is held here.
/// </remarks>
public sealed class MasterKeyRotation(
    string ownerConnectionString,
    MasterKey before,
    MasterKey after,
    TimeProvider time
)
{
    private const int RowsPerPage = 500;

    private const string ServersSql = """
        SELECT count(*) FROM pg_stat_activity WHERE usename = 'chancery_app' AND datname = current_database()
        """;

    // A superuser's rights are given up for the rows, which are the owner's.
    private const string BecomeOwnerSql = "SET LOCAL ROLE chancery_owner";

    private const string PasswordSql = """
        DO $$
        BEGIN
          EXECUTE format('ALTER ROLE chancery_app PASSWORD %L', current_setting('chancery.app_password'));
        END
        $$
        """;

    private const string InstallationKeysSql = """
        SELECT purpose, key_id, wrapped FROM installation_keys ORDER BY purpose, key_id FOR UPDATE
        """;

    private const string SetInstallationKeySql = """
        UPDATE installation_keys SET wrapped = @wrapped WHERE purpose = @Purpose AND key_id = @KeyId
        """;

    private const string KeepPepperSql = """
        INSERT INTO installation_keys (purpose, key_id, wrapped, created_at) VALUES ('pepper', @name, @wrapped, @now)
        """;

    private const string TenantsSql = """
        SELECT tenant_id, wrapped_key FROM tenants
        WHERE @previous::uuid IS NULL OR tenant_id > @previous
        ORDER BY tenant_id
        LIMIT @most
        FOR UPDATE
        """;

    private const string SetTenantsSql = """
        UPDATE tenants AS t SET wrapped_key = n.wrapped
        FROM unnest(@ids, @wrapped) AS n (tenant_id, wrapped)
        WHERE t.tenant_id = n.tenant_id
        """;

    private const string PeopleSql = """
        SELECT user_id, wrapped_key FROM person_keys
        WHERE @previous::uuid IS NULL OR user_id > @previous
        ORDER BY user_id
        LIMIT @most
        FOR UPDATE
        """;

    private const string SetPeopleSql = """
        UPDATE person_keys AS k SET wrapped_key = n.wrapped
        FROM unnest(@ids, @wrapped) AS n (user_id, wrapped)
        WHERE k.user_id = n.user_id
        """;

    private sealed record PersonKey(Guid UserId, byte[] WrappedKey);

    private sealed record InstallationKey(string Purpose, string KeyId, byte[] Wrapped);

    private sealed record TenantKey(Guid TenantId, byte[] WrappedKey);

    /// <exception cref="RotationException">A server runs, or neither key is this installation's; says what to do.</exception>
    public async Task<RotationTally> RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ownerConnectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(cancellationToken);
        await Migrator.LockAsync(connection, cancellationToken);
        if (await connection.ExecuteScalarAsync<long>(ServersSql) > 0)
        {
            throw new RotationException(
                "A server of this installation runs. Stop all of them, and start them with the new key."
            );
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        Task<int> RunSqlAsync(string sql, object? arguments = null) =>
            connection.ExecuteAsync(
                new CommandDefinition(sql, arguments, transaction, cancellationToken: cancellationToken)
            );

        await RunSqlAsync(
            "SELECT set_config('chancery.app_password', @password, true)",
            new { password = StorageStart.AppPassword(after) }
        );
        await RunSqlAsync(PasswordSql);
        await RunSqlAsync(BecomeOwnerSql);

        var keys = (
            await connection.QueryAsync<InstallationKey>(
                new CommandDefinition(InstallationKeysSql, null, transaction, cancellationToken: cancellationToken)
            )
        ).AsList();
        if (keys.Count > 0 && keys.All(IsUnderNew))
        {
            return new RotationTally(WasDone: true, 0, 0);
        }

        foreach (var key in keys)
        {
            await RunSqlAsync(
                SetInstallationKeySql,
                new
                {
                    wrapped = Rewrap(key),
                    key.Purpose,
                    key.KeyId,
                }
            );
        }

        // Derived from the first master key until now; what was computed with them must go on being recognised.
        var kept = keys.Where(key => key.Purpose == PepperPurpose).Select(key => key.KeyId).ToHashSet();
        foreach (var name in Peppers.All.Where(name => !kept.Contains(name)))
        {
            await RunSqlAsync(
                KeepPepperSql,
                new
                {
                    name,
                    wrapped = after.Wrap(before.Derive(name), Peppers.PurposeOf(name)),
                    now = time.GetUtcNow(),
                }
            );
        }

        var tenants = await RewrapTenantsAsync(connection, transaction, cancellationToken);
        await RewrapPeopleAsync(connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RotationTally(WasDone: false, tenants, keys.Count + Peppers.All.Count - kept.Count);
    }

    private const string PepperPurpose = "pepper";

    private async Task<int> RewrapTenantsAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        var count = 0;
        Guid? previous = null;
        while (true)
        {
            var page = (
                await connection.QueryAsync<TenantKey>(
                    new CommandDefinition(
                        TenantsSql,
                        new { previous, most = RowsPerPage },
                        transaction,
                        cancellationToken: cancellationToken
                    )
                )
            ).AsList();
            if (page.Count == 0)
            {
                return count;
            }

            var wrapped = page.Select(row => Rewrap(row.WrappedKey, TenantKeys.PurposeOf(new TenantId(row.TenantId))));
            await connection.ExecuteAsync(
                new CommandDefinition(
                    SetTenantsSql,
                    new { ids = page.Select(row => row.TenantId).ToArray(), wrapped = wrapped.ToArray() },
                    transaction,
                    cancellationToken: cancellationToken
                )
            );
            count += page.Count;
            previous = page[^1].TenantId;
        }
    }

    private async Task RewrapPeopleAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        Guid? previous = null;
        while (true)
        {
            var page = (
                await connection.QueryAsync<PersonKey>(
                    new CommandDefinition(
                        PeopleSql,
                        new { previous, most = RowsPerPage },
                        transaction,
                        cancellationToken: cancellationToken
                    )
                )
            ).AsList();
            if (page.Count == 0)
            {
                return;
            }

            var wrapped = page.Select(row => Rewrap(row.WrappedKey, SecondFactors.PersonKeys.PurposeOf(row.UserId)));
            await connection.ExecuteAsync(
                new CommandDefinition(
                    SetPeopleSql,
                    new { ids = page.Select(row => row.UserId).ToArray(), wrapped = wrapped.ToArray() },
                    transaction,
                    cancellationToken: cancellationToken
                )
            );
            previous = page[^1].UserId;
        }
    }

    private byte[] Rewrap(InstallationKey key) =>
        key.Purpose switch
        {
            "data-protection" => RewrapElement(key.Wrapped),
            _ => Rewrap(key.Wrapped, PurposeOf(key)),
        };

    private byte[] Rewrap(byte[] wrapped, string purpose)
    {
        try
        {
            var secret = before.Unwrap(wrapped, purpose);
            var again = after.Wrap(secret, purpose);
            CryptographicOperations.ZeroMemory(secret);
            return again;
        }
        catch (CryptographicException exception)
        {
            throw new RotationException(
                "The present master key does not open what is wrapped here: it is another installation's, or an older one. "
                    + "Nothing was changed.",
                exception
            );
        }
    }

    // The framework keeps its keys as XML, of which only one part is wrapped.
    private byte[] RewrapElement(byte[] stored)
    {
        var element = XElement.Parse(Encoding.UTF8.GetString(stored));
        foreach (var wrapped in element.Descendants("wrapped"))
        {
            wrapped.Value = Convert.ToBase64String(
                Rewrap(Convert.FromBase64String(wrapped.Value), KeyRingEncryptor.Purpose)
            );
        }

        return Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting));
    }

    private bool IsUnderNew(InstallationKey key)
    {
        try
        {
            if (key.Purpose == "data-protection")
            {
                foreach (var wrapped in XElement.Parse(Encoding.UTF8.GetString(key.Wrapped)).Descendants("wrapped"))
                {
                    after.Unwrap(Convert.FromBase64String(wrapped.Value), KeyRingEncryptor.Purpose);
                }
            }
            else
            {
                after.Unwrap(key.Wrapped, PurposeOf(key));
            }

            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static string PurposeOf(InstallationKey key) =>
        key.Purpose switch
        {
            "signing" => SigningKeys.PurposeOf(key.KeyId),
            PepperPurpose => Peppers.PurposeOf(key.KeyId),
            _ => throw new RotationException(
                $"This version does not know what is wrapped as {key.Purpose}. Nothing was changed; use the version that made it."
            ),
        };
}

/// <summary>The master key cannot be changed now. The message tells an operator what to do.</summary>
public sealed class RotationException(string message, Exception? inner = null) : Exception(message, inner);
