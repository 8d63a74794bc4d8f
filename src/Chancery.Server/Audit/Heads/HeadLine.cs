using System.Text.Json;

namespace Chancery.Server.Audit.Heads;

/// <summary>A head as it is handed out: a line of the file, the body of the webhook, an item of the API.</summary>
/// <param name="TenantId">Whose chain; zeros for the installation's own.</param>
/// <param name="Seq">The number of the last entry.</param>
/// <param name="Hash">That entry's SHA-256, in hexadecimal.</param>
/// <param name="KeyId">Of the key that signed it, in <c>/.well-known/audit-keys.json</c>.</param>
/// <param name="Jws">All of it under the installation's signature (ES256, compact). Keep this.</param>
public sealed record HeadLine(Guid TenantId, long Seq, string Hash, DateTimeOffset SignedAt, string KeyId, string Jws)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    internal static HeadLine Of(SignedHead head) =>
        new(head.TenantId, head.Seq, Convert.ToHexStringLower(head.Hash), head.SignedAt, head.KeyId, head.Jws);

    internal string ToJson() => JsonSerializer.Serialize(this, Json);
}
