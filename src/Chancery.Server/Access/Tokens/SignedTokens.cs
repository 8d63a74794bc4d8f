using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Access.Tokens;

/// <summary>Makes the JWTs of this installation, all of them. Safe for concurrent use.</summary>
internal sealed class SignedTokens(SigningKeys keys)
{
    public const string Algorithm = "ES256";

    /// <param name="type">The header's <c>typ</c>, by which no kind of token is taken for another.</param>
    /// <param name="payload">Writes the members of the payload.</param>
    internal async ValueTask<string> SignAsync(
        string type,
        Action<Utf8JsonWriter> payload,
        CancellationToken cancellationToken
    )
    {
        var key = await keys.CurrentAsync(cancellationToken);
        var header = Encode(json =>
        {
            json.WriteString("alg", Algorithm);
            json.WriteString("typ", type);
            json.WriteString("kid", key.KeyId);
        });
        var signed = $"{header}.{Encode(payload)}";
        var signature = key.Private.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}
