using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// The server's certificate from two PEM files, read again when they change (<see cref="RenewedFiles{T}"/>). Safe for concurrent
/// use.
/// </summary>
internal sealed class CertificateFiles
{
    public static readonly TimeSpan EndsSoon = TimeSpan.FromDays(14);

    private readonly RenewedFiles<SslStreamCertificateContext> _files;
    private readonly TimeProvider _time;

    /// <exception cref="SettingException">The files cannot be read, or are not a certificate and its key.</exception>
    public CertificateFiles(string certificatePath, string keyPath, TimeProvider time)
    {
        _time = time;
        try
        {
            _files = new RenewedFiles<SslStreamCertificateContext>(
                [certificatePath, keyPath],
                contents => OwnCertificate.Load(certificatePath, contents[0], keyPath, contents[1]),
                time
            );
        }
        catch (Exception exception) when (RenewedFiles<SslStreamCertificateContext>.IsUnusable(exception))
        {
            throw new SettingException(
                "TLS_CERT_FILE",
                $"and TLS_KEY_FILE are no certificate with its key in PEM form: {exception.Message}"
            );
        }
    }

    /// <summary>Whether the files hold something else by now, which cannot be used.</summary>
    public bool IsStale => _files.IsStale;

    /// <summary>Reads TLS_CERT_FILE and TLS_KEY_FILE; null where neither is set.</summary>
    /// <exception cref="SettingException">Only one is set, or they cannot be used.</exception>
    public static CertificateFiles? Read(IConfiguration configuration) =>
        (configuration["TLS_CERT_FILE"]?.Trim(), configuration["TLS_KEY_FILE"]?.Trim()) switch
        {
            (null or "", null or "") => null,
            ({ Length: > 0 } certificate, { Length: > 0 } key) => new CertificateFiles(
                certificate,
                key,
                TimeProvider.System
            ),
            (null or "", _) => throw new SettingException("TLS_CERT_FILE", "is missing, though TLS_KEY_FILE is set."),
            _ => throw new SettingException("TLS_KEY_FILE", "is missing, though TLS_CERT_FILE is set."),
        };

    /// <summary>What the next handshake shows: the leaf with the chain that its file holds.</summary>
    public SslStreamCertificateContext Current(ILogger logger) =>
        _files.Current(
            context => Tell(logger, context.TargetCertificate),
            exception => Log.CertificateNotRead(logger, exception.Message)
        );

    private void Tell(ILogger logger, X509Certificate2 leaf)
    {
        var ends = PeerCertificate.EndOf(leaf);
        Log.CertificateRead(logger, leaf.Subject, PeerCertificate.Day(ends));
        if (ends - _time.GetUtcNow() < EndsSoon)
        {
            Log.CertificateEndsSoon(logger, leaf.Subject, PeerCertificate.Day(ends));
        }
    }
}
