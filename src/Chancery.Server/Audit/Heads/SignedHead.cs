using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Audit.Chain;

namespace Chancery.Server.Audit.Heads;

/// <summary>The end of a chain at some moment, under the installation's signature: whoever keeps one can tell later that nothing before it changed.</summary>
/// <param name="Hash">Of the entry with that number.</param>
/// <param name="Jws">Compact, ES256; all the rest is in it.</param>
internal sealed record SignedHead(
    Guid TenantId,
    long Seq,
    byte[] Hash,
    DateTimeOffset SignedAt,
    string KeyId,
    string Jws
)
{
    /// <summary>The header's <c>typ</c>: a head is never taken for a token, nor a token for a head.</summary>
    public const string Type = "chancery-audit-head+jwt";

    private const string Algorithm = "ES256";
    private const int Longest = 4096;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    public static async Task<SignedHead> SignAsync(
        IAuditSigner signer,
        Guid tenant,
        long seq,
        byte[] hash,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var jws = await signer.SignAsync(
            Type,
            json =>
            {
                json.WriteString("tenant_id", tenant);
                json.WriteNumber("seq", seq);
                json.WriteString("hash", Convert.ToHexStringLower(hash));
                json.WriteNumber("iat", now.ToUnixTimeSeconds());
            },
            cancellationToken
        );
        return Parse(jws) ?? throw new InvalidOperationException("A head that was signed a moment ago cannot be read.");
    }

    /// <summary>What a text says that looks like a head, whoever signed it; null when it is none.</summary>
    public static SignedHead? Parse(string jws)
    {
        var parts = jws.Split('.');
        if (jws.Length > Longest || parts.Length != 3)
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Strict);
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            var (head, body) = (header.RootElement, payload.RootElement);
            if (head.GetProperty("alg").GetString() != Algorithm || head.GetProperty("typ").GetString() != Type)
            {
                return null;
            }

            var hash = Convert.FromHexString(body.GetProperty("hash").GetString()!);
            return hash.Length != EntryHash.Length
                ? null
                : new SignedHead(
                    body.GetProperty("tenant_id").GetGuid(),
                    body.GetProperty("seq").GetInt64(),
                    hash,
                    DateTimeOffset.FromUnixTimeSeconds(body.GetProperty("iat").GetInt64()),
                    head.GetProperty("kid").GetString()!,
                    jws
                );
        }
        catch (Exception exception)
            when (exception
                    is FormatException
                        or JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or ArgumentException
            )
        {
            return null;
        }
    }

    /// <summary>Heads in a text: one on each line, as it is or as the member <c>jws</c> of a JSON object.</summary>
    /// <exception cref="FormatException">A line holds none; says which.</exception>
    public static IReadOnlyList<SignedHead> ReadAll(string text)
    {
        var heads = new List<SignedHead>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var trimmed = line.Trim();
            if (trimmed.Length == 0)
            {
                continue;
            }

            heads.Add(
                Parse(trimmed[0] == '{' ? JwsOf(trimmed) : trimmed)
                    ?? throw new FormatException(
                        string.Create(CultureInfo.InvariantCulture, $"Line {number} holds no signed head.")
                    )
            );
        }

        return heads;
    }

    /// <summary>Whether that key signed it.</summary>
    public bool IsSignedBy(ECDsa key)
    {
        var end = Jws.LastIndexOf('.');
        return Base64Url.IsValid(Jws.AsSpan(end + 1))
            && key.VerifyData(
                Encoding.ASCII.GetBytes(Jws[..end]),
                Base64Url.DecodeFromChars(Jws.AsSpan(end + 1)),
                HashAlgorithmName.SHA256
            );
    }

    private static string JwsOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("jws", out var jws) ? jws.GetString() ?? "" : "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
