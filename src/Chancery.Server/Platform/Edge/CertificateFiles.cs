using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// The server's certificate from two PEM files, read again when they change: who renews a certificate restarts nothing. Safe for
/// concurrent use.
/// </summary>
/// <remarks>
/// The contents are compared, not the times: platforms swap a whole directory under a link. Files that do not fit together, as in
/// the middle of a renewal, leave the certificate before in place.
/// </remarks>
internal sealed class CertificateFiles
{
    private static readonly TimeSpan LookAtMostEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(14);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private volatile Loaded _loaded;
    private byte[] _refused = [];
    private long _lookedAt;

    private sealed record Loaded(SslStreamCertificateContext Context, byte[] Digest);

    /// <exception cref="SettingException">The files cannot be read, or are not a certificate and its key.</exception>
    public CertificateFiles(string certificatePath, string keyPath, TimeProvider time)
    {
        (_certificatePath, _keyPath, _time) = (certificatePath, keyPath, time);
        try
        {
            _loaded = Load();
        }
        catch (Exception exception) when (IsOfTheFiles(exception))
        {
            throw new SettingException(
                "TLS_CERT_FILE",
                $"and TLS_KEY_FILE are no certificate with its key in PEM form: {exception.Message}"
            );
        }

        _lookedAt = time.GetTimestamp();
    }

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
    public SslStreamCertificateContext Current(ILogger logger)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAtMostEvery)
        {
            return _loaded.Context;
        }

        lock (_gate)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookAtMostEvery)
            {
                return _loaded.Context;
            }

            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            LookAgain(logger);
            return _loaded.Context;
        }
    }

    private void LookAgain(ILogger logger)
    {
        var digest = Array.Empty<byte>();
        try
        {
            digest = Digest();
            if (digest.AsSpan().SequenceEqual(_loaded.Digest) || digest.AsSpan().SequenceEqual(_refused))
            {
                return;
            }

            _loaded = Load();
            _refused = [];
            var leaf = _loaded.Context.TargetCertificate;
            Log.CertificateRead(logger, leaf.Subject, leaf.NotAfter);
            if (leaf.NotAfter - _time.GetUtcNow().LocalDateTime < EndsSoon)
            {
                Log.CertificateEndsSoon(logger, leaf.Subject, leaf.NotAfter);
            }
        }
        catch (Exception exception) when (IsOfTheFiles(exception))
        {
            // Said once for the same contents.
            _refused = digest;
            Log.CertificateNotRead(logger, exception);
        }
    }

    private Loaded Load()
    {
        var digest = Digest();
        using var fromPem = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificatePath);
        chain.RemoveAt(0);
        // Of its own, so that the key outlives the files.
        var leaf = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), password: null);
        // Offline: what a certificate names is not downloaded.
        return new Loaded(SslStreamCertificateContext.Create(leaf, chain, offline: true), digest);
    }

    private byte[] Digest() =>
        SHA256.HashData([.. File.ReadAllBytes(_certificatePath), 0, .. File.ReadAllBytes(_keyPath)]);

    private static bool IsOfTheFiles(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
