using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>The receipt of an erasure as it was kept by somebody: whether an installation signed it, and what it says.</summary>
internal sealed class SignedReceipt
{
    private const string Algorithm = "ES256";
    private const int Longest = 256 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private readonly byte[] _signed;
    private readonly byte[] _signature;

    private SignedReceipt(string keyId, JsonElement says, byte[] signed, byte[] signature)
    {
        KeyId = keyId;
        Says = says;
        _signed = signed;
        _signature = signature;
    }

    public string KeyId { get; }

    /// <summary>The payload, whoever signed it.</summary>
    public JsonElement Says { get; }

    public Guid OrganizationId => Says.GetProperty("organization_id").GetGuid();

    /// <summary>Reads a compact JWS, or the JSON object that has it as <c>receipt</c>; null when the text is neither.</summary>
    public static SignedReceipt? Parse(string text)
    {
        try
        {
            var jws = text.Trim();
            if (jws.StartsWith('{'))
            {
                using var answer = JsonDocument.Parse(jws, new JsonDocumentOptions { MaxDepth = 16 });
                jws = answer.RootElement.GetProperty("receipt").GetString() ?? "";
            }

            if (jws.Length > Longest || jws.Split('.') is not [var head, var body, var signature])
            {
                return null;
            }

            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(head), Strict);
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(body), Strict);
            return
                header.RootElement.GetProperty("alg").GetString() == Algorithm
                && header.RootElement.GetProperty("typ").GetString() == ErasureReceipts.Type
                && payload.RootElement.GetProperty("organization_id").TryGetGuid(out _)
                ? new SignedReceipt(
                    header.RootElement.GetProperty("kid").GetString()!,
                    payload.RootElement.Clone(),
                    Encoding.ASCII.GetBytes($"{head}.{body}"),
                    Base64Url.DecodeFromChars(signature)
                )
                : null;
        }
        catch (Exception exception)
            when (exception is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    public bool IsSignedBy(ECDsa key) =>
        _signature.Length == 64 && key.VerifyData(_signed, _signature, HashAlgorithmName.SHA256);

    /// <summary>Whether the organisation was called so.</summary>
    public bool IsOf(string name) =>
        Says.TryGetProperty("name_sha256", out var told)
        && told.GetString()
            == Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{OrganizationId}{name}")));
}
