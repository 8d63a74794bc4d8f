using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Auditing;

/// <summary>The public parts of all signing keys, also of those that sign and verify no token any more. Safe for concurrent use.</summary>
internal sealed class KeyHistory(NpgsqlDataSource source) : IAuditKeys
{
    private const string FindSql = """
        SELECT public_part::text FROM installation_keys WHERE purpose = 'signing' AND key_id = @keyId
        """;

    private const string ListSql = """
        SELECT public_part::text FROM installation_keys WHERE purpose = 'signing' ORDER BY created_at DESC, key_id LIMIT 1000
        """;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public async Task<ECDsa?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var text = await connection.QuerySingleOrDefaultAsync<string?>(
            new CommandDefinition(FindSql, new { keyId }, cancellationToken: cancellationToken)
        );
        if (text is null || JsonSerializer.Deserialize<JsonWebKey>(text, Json) is not { } jwk)
        {
            return null;
        }

        var key = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Base64Url.DecodeFromChars(jwk.X), Y = Base64Url.DecodeFromChars(jwk.Y) },
            }
        );
        // A key's id is the hash of the key: another one put in its place is none.
        if (SigningKeys.JwkOf(key).Kid == keyId)
        {
            return key;
        }

        key.Dispose();
        return null;
    }

    public async Task<IReadOnlyList<JsonWebKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var texts = await connection.QueryAsync<string?>(
            new CommandDefinition(ListSql, cancellationToken: cancellationToken)
        );
        return [.. texts.OfType<string>().Select(text => JsonSerializer.Deserialize<JsonWebKey>(text, Json)!)];
    }
}
