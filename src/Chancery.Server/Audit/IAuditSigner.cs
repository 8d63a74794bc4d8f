using System.Security.Cryptography;
using System.Text.Json;

namespace Chancery.Server.Audit;

/// <summary>Signs ends of chains with the installation's keys.</summary>
public interface IAuditSigner
{
    /// <summary>A compact JWS (ES256) by the key that signs at present.</summary>
    public ValueTask<string> SignAsync(
        string type,
        Action<Utf8JsonWriter> payload,
        CancellationToken cancellationToken
    );
}

/// <summary>The public parts of all keys that ever signed.</summary>
public interface IAuditKeys
{
    /// <summary>The key of that id, also long after it signed its last; null when there never was one. Dispose it.</summary>
    public Task<ECDsa?> FindAsync(string keyId, CancellationToken cancellationToken);
}
