using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Chancery.Server.Access.Federation;

/// <summary>A public key of an issuer, for the one algorithm that is registered for it.</summary>
internal abstract class ForeignKey : IDisposable
{
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;

    /// <summary>Signatures that are made with a private key. Those of a shared secret are none of them, nor is <c>none</c>.</summary>
    public static readonly IReadOnlyList<string> Algorithms =
    [
        "ES256",
        "ES384",
        "ES512",
        "PS256",
        "PS384",
        "PS512",
        "RS256",
        "RS384",
        "RS512",
    ];

    public abstract bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature);

    public abstract void Dispose();

    /// <summary>The key of a JWK (RFC 7517) for an algorithm; <c>null</c> where it is of another kind, or for something else.</summary>
    public static ForeignKey? Read(JsonElement jwk, string algorithm)
    {
        if (
            TextOf(jwk, "use") is { } use and not "sig"
            || TextOf(jwk, "alg") is { } named && named != algorithm
            || (jwk.TryGetProperty("key_ops", out var operations) && !Allows(operations))
        )
        {
            return null;
        }

        try
        {
            var hash = HashOf(algorithm);
            return algorithm[..2] switch
            {
                "ES" => ReadCurve(jwk, algorithm, hash),
                "RS" => ReadRsa(jwk, hash, RSASignaturePadding.Pkcs1),
                "PS" => ReadRsa(jwk, hash, RSASignaturePadding.Pss),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private static Curve? ReadCurve(JsonElement jwk, string algorithm, HashAlgorithmName hash)
    {
        var (name, curve, size) = algorithm switch
        {
            "ES256" => ("P-256", ECCurve.NamedCurves.nistP256, 32),
            "ES384" => ("P-384", ECCurve.NamedCurves.nistP384, 48),
            _ => ("P-521", ECCurve.NamedCurves.nistP521, 66),
        };
        if (
            TextOf(jwk, "kty") != "EC"
            || TextOf(jwk, "crv") != name
            || BytesOf(jwk, "x") is not { } x
            || BytesOf(jwk, "y") is not { } y
            || x.Length != size
            || y.Length != size
        )
        {
            return null;
        }

        return new Curve(
            ECDsa.Create(
                new ECParameters
                {
                    Curve = curve,
                    Q = new ECPoint { X = x, Y = y },
                }
            ),
            hash
        );
    }

    private static Rsa? ReadRsa(JsonElement jwk, HashAlgorithmName hash, RSASignaturePadding padding)
    {
        if (
            TextOf(jwk, "kty") != "RSA"
            || BytesOf(jwk, "n") is not { } modulus
            || BytesOf(jwk, "e") is not { } exponent
        )
        {
            return null;
        }

        if (modulus.Length > MostRsaBits / 8 || exponent.Length > 8)
        {
            return null;
        }

        var rsa = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent });
        if (rsa.KeySize >= LeastRsaBits)
        {
            return new Rsa(rsa, hash, padding);
        }

        rsa.Dispose();
        return null;
    }

    private static HashAlgorithmName HashOf(string algorithm) =>
        algorithm[2..] switch
        {
            "256" => HashAlgorithmName.SHA256,
            "384" => HashAlgorithmName.SHA384,
            _ => HashAlgorithmName.SHA512,
        };

    private static bool Allows(JsonElement operations) =>
        operations.ValueKind == JsonValueKind.Array
        && operations.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals("verify"));

    private static string? TextOf(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? BytesOf(JsonElement jwk, string name) =>
        TextOf(jwk, name) is { Length: > 0 } text ? Base64Url.DecodeFromChars(text) : null;

    private sealed class Curve(ECDsa key, HashAlgorithmName hash) : ForeignKey
    {
        public override bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
            key.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

        public override void Dispose() => key.Dispose();
    }

    private sealed class Rsa(RSA key, HashAlgorithmName hash, RSASignaturePadding padding) : ForeignKey
    {
        public override bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
            key.VerifyData(signed, signature, hash, padding);

        public override void Dispose() => key.Dispose();
    }
}
