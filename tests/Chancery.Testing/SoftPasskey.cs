using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Testing;

/// <summary>An authenticator in software: answers the server's questions as a browser would (WebAuthn, ES256, no attestation).</summary>
public sealed class SoftPasskey : IDisposable
{
    private const byte UserPresent = 0x01;
    private const byte UserVerified = 0x04;
    private const byte CredentialIncluded = 0x40;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private byte[] _userHandle = [];

    public byte[] CredentialId { get; private init; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>What it says it was used so far; it goes up before each answer.</summary>
    public uint Count { get; set; }

    /// <summary>Whether it checks whose finger it is.</summary>
    public bool Verifies { get; set; } = true;

    /// <summary>Another key pair under the same id.</summary>
    public SoftPasskey Twin() => new() { CredentialId = CredentialId };

    /// <summary>The answer to creation options.</summary>
    /// <param name="origin">The page's, such as <c>http://localhost:8000</c>.</param>
    public object Create(JsonElement options, string origin)
    {
        _userHandle = Decode(options.GetProperty("user").GetProperty("id").GetString()!);
        var clientData = ClientData("webauthn.create", options, origin);
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        byte[] publicKey =
        [
            0xa5,
            0x01,
            0x02,
            0x03,
            0x26,
            0x20,
            0x01,
            0x21,
            0x58,
            0x20,
            .. parameters.Q.X!,
            0x22,
            0x58,
            0x20,
            .. parameters.Q.Y!,
        ];
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)CredentialId.Length);
        byte[] data =
        [
            .. AuthenticatorData(options.GetProperty("rp").GetProperty("id").GetString()!, CredentialIncluded),
            .. new byte[16],
            .. length,
            .. CredentialId,
            .. publicKey,
        ];
        byte[] attestation =
        [
            0xa3,
            .. Text("fmt"),
            .. Text("none"),
            .. Text("attStmt"),
            0xa0,
            .. Text("authData"),
            0x58,
            (byte)data.Length,
            .. data,
        ];
        return Credential(
            new
            {
                clientDataJSON = Encode(clientData),
                attestationObject = Encode(attestation),
                transports = new[] { "internal" },
            }
        );
    }

    /// <summary>The answer to request options.</summary>
    /// <param name="origin">The page's.</param>
    /// <param name="relyingParty">For whom it signs; the one of the question when left out.</param>
    public object Answer(JsonElement options, string origin, string? relyingParty = null)
    {
        Count++;
        var clientData = ClientData("webauthn.get", options, origin);
        var data = AuthenticatorData(relyingParty ?? options.GetProperty("rpId").GetString()!, 0);
        var signature = _key.SignData(
            [.. data, .. SHA256.HashData(clientData)],
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence
        );
        return Credential(
            new
            {
                clientDataJSON = Encode(clientData),
                authenticatorData = Encode(data),
                signature = Encode(signature),
                userHandle = Encode(_userHandle),
            }
        );
    }

    public void Dispose() => _key.Dispose();

    private object Credential(object response) =>
        new
        {
            id = Encode(CredentialId),
            rawId = Encode(CredentialId),
            type = "public-key",
            response,
            clientExtensionResults = new { },
        };

    private byte[] AuthenticatorData(string relyingParty, byte flags)
    {
        var count = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, Count);
        return
        [
            .. SHA256.HashData(Encoding.UTF8.GetBytes(relyingParty)),
            (byte)(flags | UserPresent | (Verifies ? UserVerified : 0)),
            .. count,
        ];
    }

    private static byte[] ClientData(string type, JsonElement options, string origin) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type,
                challenge = options.GetProperty("challenge").GetString(),
                origin,
                crossOrigin = false,
            }
        );

    private static byte[] Text(string text) => [(byte)(0x60 + text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static byte[] Decode(string text) => Base64Url.DecodeFromChars(text);
}
