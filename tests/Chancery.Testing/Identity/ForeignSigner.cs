using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Chancery.Testing.Identity;

/// <summary>A key of a foreign issuer, and how it signs with it.</summary>
public sealed class ForeignSigner
{
    private readonly ECDsa? _curve;
    private readonly RSA? _rsa;

    private ForeignSigner(string keyId, string algorithm, ECDsa? curve, RSA? rsa)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        _curve = curve;
        _rsa = rsa;
    }

    public string KeyId { get; }

    public string Algorithm { get; }

    /// <summary>ES256.</summary>
    public static ForeignSigner Curve(string keyId) =>
        new(keyId, "ES256", ECDsa.Create(ECCurve.NamedCurves.nistP256), null);

    /// <summary>RS256.</summary>
    public static ForeignSigner Rsa(string keyId, int bits = 2048) => new(keyId, "RS256", null, RSA.Create(bits));

    public string Sign(JsonObject header, JsonObject payload) =>
        ForeignIssuer.Join(
            header,
            payload,
            bytes =>
                _curve?.SignData(bytes, HashAlgorithmName.SHA256)
                ?? _rsa!.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        );

    /// <summary>The public key as anyone can read it: what an attacker tries as a shared secret.</summary>
    public byte[] PublicBytes() => _curve?.ExportSubjectPublicKeyInfo() ?? _rsa!.ExportSubjectPublicKeyInfo();

    public JsonObject Jwk()
    {
        var jwk = new JsonObject { ["kid"] = KeyId, ["use"] = "sig" };
        if (_curve is not null)
        {
            var point = _curve.ExportParameters(false).Q;
            jwk["kty"] = "EC";
            jwk["crv"] = "P-256";
            jwk["x"] = Base64Url.EncodeToString(point.X);
            jwk["y"] = Base64Url.EncodeToString(point.Y);
        }
        else
        {
            var key = _rsa!.ExportParameters(false);
            jwk["kty"] = "RSA";
            jwk["n"] = Base64Url.EncodeToString(key.Modulus);
            jwk["e"] = Base64Url.EncodeToString(key.Exponent);
        }

        return jwk;
    }
}
