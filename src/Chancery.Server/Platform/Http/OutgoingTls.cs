using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Platform.Http;

/// <summary>
/// What the server shows of itself to endpoints that the operator named, and which authorities of the operator's own vouch for
/// them, beside those of the machine. The files are read again when they change. Safe for concurrent use.
/// </summary>
public sealed class OutgoingTls
{
    public const string CertificateName = "OUTGOING_CERT_FILE";
    public const string KeyName = "OUTGOING_KEY_FILE";
    public const string AuthoritiesName = "OUTGOING_CA_FILE";

    private readonly string? _authoritiesPath;
    private readonly RenewedFiles<Authorities>? _authorities;
    private readonly RenewedFiles<SslStreamCertificateContext>? _own;
    private readonly TimeProvider _time;

    private OutgoingTls(
        RenewedFiles<SslStreamCertificateContext>? own,
        RenewedFiles<Authorities>? authorities,
        string? authoritiesPath,
        TimeProvider time
    ) => (_own, _authorities, _authoritiesPath, _time) = (own, authorities, authoritiesPath, time);

    /// <summary>Reads OUTGOING_CERT_FILE, OUTGOING_KEY_FILE and OUTGOING_CA_FILE.</summary>
    /// <exception cref="SettingException">A file cannot be used, or a certificate comes without its key.</exception>
    public static OutgoingTls Read(IConfiguration configuration, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var clock = time ?? TimeProvider.System;
        var certificate = PathOf(CertificateName);
        var key = PathOf(KeyName);
        if (certificate is null != key is null)
        {
            throw new SettingException(
                certificate is null ? CertificateName : KeyName,
                $"is missing, though {(certificate is null ? KeyName : CertificateName)} is set"
            );
        }

        var authorities = PathOf(AuthoritiesName);
        return new OutgoingTls(
            certificate is not null ? Watch(certificate, key!, clock) : null,
            authorities is not null ? Authorities.Watch(AuthoritiesName, authorities, clock) : null,
            authorities,
            clock
        );

        string? PathOf(string name) => configuration[name]?.Trim() is { Length: > 0 } path ? path : null;
    }

    /// <summary>Whether any of it is set; without, the machine's authorities decide, and nothing is shown.</summary>
    internal bool IsSet => _own is not null || _authorities is not null;

    /// <summary>What is shown to whoever asks, with its chain; null for nothing. The same object until the files change.</summary>
    internal SslStreamCertificateContext? Own(ILogger logger) =>
        _own?.Current(
            context => Log.OutgoingFilesRead(logger, $"{CertificateName} ({context.TargetCertificate.Subject})"),
            exception => Log.OutgoingFilesNotRead(logger, $"{CertificateName} and {KeyName}", exception.Message)
        );

    /// <summary>Whether newer files of what is shown wait that cannot be used.</summary>
    internal bool IsOwnStale => _own?.IsStale == true;

    /// <summary>The same of the operator's authorities.</summary>
    internal bool AreAuthoritiesStale => _authorities?.IsStale == true;

    /// <summary>The operator's authorities; null where there are only the machine's.</summary>
    internal Authorities? Vouching(ILogger logger) =>
        _authorities?.Current(
            _ => Log.OutgoingFilesRead(logger, AuthoritiesName),
            exception => Log.OutgoingFilesNotRead(logger, AuthoritiesName, exception.Message)
        );

    /// <summary>Why an endpoint is not whom it was taken for, in a clause; null when it is.</summary>
    internal string? WhyNot(
        string host,
        X509Certificate? shown,
        X509Chain? chain,
        SslPolicyErrors errors,
        ILogger logger
    ) =>
        errors == SslPolicyErrors.None
            ? null
            : TlsProbe.WhyNot(shown, chain, errors, host, Vouching(logger), _authoritiesPath, _time.GetUtcNow());

    private static RenewedFiles<SslStreamCertificateContext> Watch(string certificate, string key, TimeProvider time)
    {
        try
        {
            return new RenewedFiles<SslStreamCertificateContext>(
                [certificate, key],
                contents => OwnCertificate.Load(certificate, contents[0], key, contents[1]),
                time
            );
        }
        catch (Exception exception) when (RenewedFiles<SslStreamCertificateContext>.IsUnusable(exception))
        {
            throw new SettingException(
                CertificateName,
                $"and {KeyName} are no certificate with its key in PEM form: {exception.Message}"
            );
        }
    }
}
