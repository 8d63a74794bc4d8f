using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Chancery.Server.Platform.Tls;

/// <summary>What this side of a connection shows: a certificate with its chain, and the key that belongs to it.</summary>
internal static class OwnCertificate
{
    /// <param name="path">Of the certificate, for the message.</param>
    /// <param name="certificate">PEM: the certificate and, below it, its chain.</param>
    /// <param name="key">PEM, without a passphrase.</param>
    /// <exception cref="InvalidDataException">There is no certificate.</exception>
    /// <exception cref="CryptographicException">The key does not fit, or cannot be read.</exception>
    /// <exception cref="ArgumentException">The key does not fit.</exception>
    public static SslStreamCertificateContext Load(string path, byte[] certificate, byte[] key)
    {
        var text = Encoding.UTF8.GetString(certificate);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        if (chain.Count == 0)
        {
            throw new InvalidDataException($"{path} holds no certificate in PEM form");
        }

        chain.RemoveAt(0);
        using var fromPem = X509Certificate2.CreateFromPem(text, Encoding.UTF8.GetString(key));
        // Of its own, so that the key outlives what it was read from.
        var leaf = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), password: null);
        // Offline: what a certificate names is not downloaded.
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }
}
