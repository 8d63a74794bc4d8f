using System.Text.Json;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit;

namespace Chancery.Server.Access.Auditing;

/// <summary>Signs the record with the installation's keys. Safe for concurrent use.</summary>
internal sealed class HeadSigner(SignedTokens tokens) : IAuditSigner
{
    public ValueTask<string> SignAsync(
        string type,
        Action<Utf8JsonWriter> payload,
        CancellationToken cancellationToken
    ) => tokens.SignAsync(type, payload, cancellationToken);
}
