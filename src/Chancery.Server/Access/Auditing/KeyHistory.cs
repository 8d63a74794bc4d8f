using System.Security.Cryptography;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit;
using Chancery.Server.Platform.Secrets;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Auditing;

/// <summary>The public parts of all signing keys, also of those that sign and verify no token any more. Safe for concurrent use.</summary>
/// <remarks>
/// A key counts when its private part opens under the master key: whoever can write the table, and has no master key, makes none.
/// </remarks>
internal sealed class KeyHistory(NpgsqlDataSource source, MasterKey masterKey) : IAuditKeys
{
    private const string FindSql = """
        SELECT key_id, wrapped FROM installation_keys WHERE purpose = 'signing' AND key_id = @keyId
        """;

    private const string ListSql = """
        SELECT key_id, wrapped FROM installation_keys WHERE purpose = 'signing' ORDER BY created_at DESC, key_id LIMIT 1000
        """;

    private sealed record Row(string KeyId, byte[] Wrapped);

    public async Task<ECDsa?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition(FindSql, new { keyId }, cancellationToken: cancellationToken)
        );
        return row is null ? null : Open(row);
    }

    public async Task<IReadOnlyList<JsonWebKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition(ListSql, cancellationToken: cancellationToken)
        );
        var keys = new List<JsonWebKey>();
        foreach (var row in rows)
        {
            using var key = Open(row);
            if (key is not null)
            {
                keys.Add(SigningKeys.JwkOf(key));
            }
        }

        return keys;
    }

    /// <summary>The public key; null for one that this installation did not make, or that stands in another's place.</summary>
    private ECDsa? Open(Row row)
    {
        try
        {
            var pkcs8 = masterKey.Unwrap(row.Wrapped, SigningKeys.PurposeOf(row.KeyId));
            using var signing = ECDsa.Create();
            signing.ImportPkcs8PrivateKey(pkcs8, out _);
            CryptographicOperations.ZeroMemory(pkcs8);
            var key = ECDsa.Create(signing.ExportParameters(includePrivateParameters: false));
            // A key's id is the hash of the key.
            if (SigningKeys.JwkOf(key).Kid == row.KeyId)
            {
                return key;
            }

            key.Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
