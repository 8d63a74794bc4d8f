using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Secrets;
using Microsoft.IdentityModel.Tokens;

namespace Chancery.Server.Access.Tokens;

/// <summary>The ES256 keys of this installation: made at first start, wrapped by the master key. Safe for concurrent use.</summary>
internal sealed class SigningKeys(
    SigningKeyStore store,
    MasterKey masterKey,
    TimeProvider time,
    ILogger<SigningKeys> logger
) : IDisposable
{
    /// <summary>An unknown key id makes a replica look for newer keys, but a flood of such tokens only this often.</summary>
    private static readonly TimeSpan ReloadAtMostEvery = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions JwkJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile KeyRing? _ring;

    /// <summary>One key with its id, which is its RFC 7638 thumbprint.</summary>
    internal sealed record Key(string KeyId, ECDsa Private, ECDsaSecurityKey Public, JsonWebKey Jwk);

    /// <summary>The key that signs new tokens.</summary>
    internal async ValueTask<Key> CurrentAsync(CancellationToken cancellationToken) =>
        (_ring ?? await LoadAsync(_ring, cancellationToken)).Current;

    /// <summary>The key of that id, also when another replica made it a moment ago; <c>null</c> when there is none.</summary>
    internal async ValueTask<Key?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var ring = _ring ?? await LoadAsync(_ring, cancellationToken);
        if (ring.ById.TryGetValue(keyId, out var key))
        {
            return key;
        }

        if (time.GetElapsedTime(ring.LoadedAt) < ReloadAtMostEvery)
        {
            return null;
        }

        ring = await LoadAsync(ring, cancellationToken);
        return ring.ById.GetValueOrDefault(keyId);
    }

    /// <summary>The public parts, for whoever verifies our tokens elsewhere.</summary>
    internal async ValueTask<IEnumerable<JsonWebKey>> PublicAsync(CancellationToken cancellationToken) =>
        (_ring ?? await LoadAsync(_ring, cancellationToken)).ById.Values.Select(key => key.Jwk);

    public void Dispose() => _loading.Dispose();

    private async Task<KeyRing> LoadAsync(KeyRing? known, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_ring is { } loaded && !ReferenceEquals(loaded, known))
            {
                return loaded;
            }

            var rows = await store.ListOrCreateAsync(time.GetUtcNow(), Create, cancellationToken);
            var keys = rows.Select(row => _ring?.ById.GetValueOrDefault(row.KeyId) ?? Open(row)).ToList();
            return _ring = new KeyRing(
                keys[0],
                keys.ToFrozenDictionary(key => key.KeyId, StringComparer.Ordinal),
                time.GetTimestamp()
            );
        }
        finally
        {
            _loading.Release();
        }
    }

    private (SigningKeyStore.Row Row, string PublicPart) Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jwk = JwkOf(key);
        Log.SigningKeyMade(logger, jwk.Kid);
        return (
            new SigningKeyStore.Row(
                jwk.Kid,
                masterKey.Wrap(key.ExportPkcs8PrivateKey(), PurposeOf(jwk.Kid)),
                time.GetUtcNow()
            ),
            JsonSerializer.Serialize(jwk, JwkJson)
        );
    }

    private Key Open(SigningKeyStore.Row row)
    {
        var pkcs8 = masterKey.Unwrap(row.Wrapped, PurposeOf(row.KeyId));
        var signing = ECDsa.Create();
        signing.ImportPkcs8PrivateKey(pkcs8, out _);
        CryptographicOperations.ZeroMemory(pkcs8);
        var verifying = ECDsa.Create(signing.ExportParameters(includePrivateParameters: false));
        return new Key(row.KeyId, signing, new ECDsaSecurityKey(verifying) { KeyId = row.KeyId }, JwkOf(verifying));
    }

    private static JsonWebKey JwkOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var x = Base64Url.EncodeToString(point.X);
        var y = Base64Url.EncodeToString(point.Y);
        // RFC 7638: the members that the kind of key requires, in this order, without spaces.
        var canonical = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        return new JsonWebKey("EC", "P-256", x, y, thumbprint, "sig", "ES256");
    }

    private static string PurposeOf(string keyId) => $"signing-key/{keyId}";

    private sealed record KeyRing(Key Current, FrozenDictionary<string, Key> ById, long LoadedAt);
}

/// <summary>A public key as RFC 7517 writes it.</summary>
internal sealed record JsonWebKey(string Kty, string Crv, string X, string Y, string Kid, string Use, string Alg);
