using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// The certificate that a caller proved to have on the connection of a request. Headers of proxies that speak of one are never
/// believed.
/// </summary>
internal static class CallerCertificate
{
    /// <summary>Null where none was shown, or it does not count any more.</summary>
    public static X509Certificate2? Of(HttpContext context) =>
        context.RequestServices.GetService<ClientCertificates>() is { } clients
        && context.Connection.ClientCertificate is { } shown
        && clients.StillCounts(shown, context.RequestServices.GetRequiredService<ILogger<ClientCertificates>>())
            ? shown
            : null;

    /// <summary>SHA-256 of a certificate, as tokens that are bound to it say it (<c>x5t#S256</c>, RFC 8705, 3.1).</summary>
    public static string ThumbprintOf(X509Certificate2 certificate) =>
        Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span));
}
