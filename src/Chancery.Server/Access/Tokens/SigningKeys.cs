using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Secrets;
using Microsoft.IdentityModel.Tokens;

namespace Chancery.Server.Access.Tokens;

/// <summary>The ES256 keys of this installation, wrapped by the master key: one signs. Safe for concurrent use.</summary>
/// <remarks>
/// The first is made at first start, a next one when the newest is old. It is published for an hour before it signs, so
/// that every replica and whoever keeps our public keys knows it by then. The one before goes on verifying for as long as
/// its last token can be exchanged for a new one.
/// </remarks>
internal sealed class SigningKeys(
    SigningKeyStore store,
    MasterKey masterKey,
    AccessSettings settings,
    TimeProvider time,
    ILogger<SigningKeys> logger
) : IDisposable
{
    /// <summary>An unknown key id makes a replica look for newer keys, but a flood of such tokens only this often.</summary>
    private static readonly TimeSpan ReloadAtMostEvery = TimeSpan.FromSeconds(10);

    /// <summary>Also how soon every replica knows of a key that another made.</summary>
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan PublishedBeforeUse = TimeSpan.FromHours(1);

    private static readonly JsonSerializerOptions JwkJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile KeyRing? _ring;

    /// <summary>One key with its id, which is its RFC 7638 thumbprint.</summary>
    internal sealed record Key(
        string KeyId,
        DateTimeOffset CreatedAt,
        ECDsa Private,
        ECDsaSecurityKey Public,
        JsonWebKey Jwk
    );

    /// <summary>The key that signs new tokens.</summary>
    internal async ValueTask<Key> CurrentAsync(CancellationToken cancellationToken) =>
        (await RingAsync(cancellationToken)).CurrentAt(time.GetUtcNow());

    /// <summary>The key of that id, also when another replica made it a moment ago; <c>null</c> when there is none.</summary>
    internal async ValueTask<Key?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var ring = await RingAsync(cancellationToken);
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
        (await RingAsync(cancellationToken)).NewestFirst.Select(key => key.Jwk);

    public void Dispose() => _loading.Dispose();

    private async ValueTask<KeyRing> RingAsync(CancellationToken cancellationToken) =>
        _ring is { } ring && time.GetElapsedTime(ring.LoadedAt) < ReloadEvery
            ? ring
            : await LoadAsync(_ring, cancellationToken);

    private async Task<KeyRing> LoadAsync(KeyRing? known, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_ring is { } loaded && !ReferenceEquals(loaded, known))
            {
                return loaded;
            }

            var now = time.GetUtcNow();
            var longestUse =
                settings.RefreshLife > settings.AccessTokenLife ? settings.RefreshLife : settings.AccessTokenLife;
            var rows = await store.ListOrCreateAsync(
                now,
                renewBefore: now - settings.SigningKeyLife,
                retireAt: now + PublishedBeforeUse + ReloadEvery + longestUse + AccessTokens.ClockSkew,
                Create,
                cancellationToken
            );
            var keys = rows.Select(row => _ring?.ById.GetValueOrDefault(row.KeyId) ?? Open(row)).ToList();
            return _ring = new KeyRing(
                keys,
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
        return new Key(
            row.KeyId,
            row.CreatedAt,
            signing,
            new ECDsaSecurityKey(verifying) { KeyId = row.KeyId },
            JwkOf(verifying)
        );
    }

    internal static JsonWebKey JwkOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var x = Base64Url.EncodeToString(point.X);
        var y = Base64Url.EncodeToString(point.Y);
        // RFC 7638: the members that the kind of key requires, in this order, without spaces.
        var canonical = $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""";
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        return new JsonWebKey("EC", "P-256", x, y, thumbprint, "sig", "ES256");
    }

    internal static string PurposeOf(string keyId) => $"signing-key/{keyId}";

    private sealed record KeyRing(IReadOnlyList<Key> NewestFirst, FrozenDictionary<string, Key> ById, long LoadedAt)
    {
        /// <summary>The newest that was published for long enough; of a new installation the only one.</summary>
        public Key CurrentAt(DateTimeOffset now) =>
            NewestFirst.FirstOrDefault(key => key.CreatedAt + PublishedBeforeUse <= now) ?? NewestFirst[^1];
    }
}

/// <summary>A public key as RFC 7517 writes it.</summary>
internal sealed record JsonWebKey(string Kty, string Crv, string X, string Y, string Kid, string Use, string Alg);
