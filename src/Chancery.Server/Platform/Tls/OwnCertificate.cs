using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chancery.Server.Platform.Tls;

/// <summary>What this side of a connection shows: a certificate with its chain, and the key that belongs to it.</summary>
internal static class OwnCertificate
{
    private const string KeyLabel = "PRIVATE KEY-----";

    /// <param name="path">Of the certificate, for the message.</param>
    /// <param name="certificate">PEM: the certificate and, below it, its chain.</param>
    /// <param name="keyPath">For the message.</param>
    /// <param name="key">PEM, without a passphrase.</param>
    /// <exception cref="InvalidDataException">There is no certificate, or no key that can be read and belongs to it.</exception>
    /// <exception cref="CryptographicException">A certificate cannot be read.</exception>
    public static SslStreamCertificateContext Load(string path, byte[] certificate, string keyPath, byte[] key)
    {
        var text = PemText.Read(path, certificate);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        if (chain.Count == 0)
        {
            throw new InvalidDataException($"{path} holds no certificate in PEM form");
        }

        using var fromPem = WithKey(path, chain[0], keyPath, PemText.Read(keyPath, key));
        chain.RemoveAt(0);
        // Of its own, so that the key outlives what it was read from.
        var leaf = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), password: null);
        // Offline: what a certificate names is not downloaded.
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    private static X509Certificate2 WithKey(string path, X509Certificate2 leaf, string keyPath, string key)
    {
        if (!key.Contains(KeyLabel, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{keyPath} holds no private key in PEM form");
        }

        // "ENCRYPTED PRIVATE KEY" of PKCS #8, or the header "Proc-Type: 4,ENCRYPTED" of older forms.
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{keyPath} holds a key with a passphrase: take it off");
        }

        try
        {
            return X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException(
                $"the key in {keyPath} does not belong to the certificate of {PeerCertificate.Line(leaf.Subject)} in {path}, "
                    + $"or is not whole: {exception.Message}"
            );
        }
    }
}
