using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Platform.Redis;

/// <summary>
/// What both sides of a connection to Redis show each other. The files are read again when they change; a connection looks at them
/// when it begins. Safe for concurrent use.
/// </summary>
internal sealed class RedisTransport
{
    private const string ClientNames = $"{RedisTls.CertificateName} and {RedisTls.KeyName}";

    private readonly string _host;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly string? _authoritiesPath;
    private readonly RenewedFiles<Authorities>? _authorities;
    private readonly RenewedFiles<SslStreamCertificateContext>? _own;
    private string? _said;

    /// <param name="host">Whom its certificate has to name.</param>
    /// <exception cref="SettingException">A file cannot be used; names it.</exception>
    public RedisTransport(RedisTls tls, string host, ILogger logger, TimeProvider time)
    {
        (_host, _logger, _time, _authoritiesPath) = (host, logger, time, tls.AuthoritiesPath);
        _authorities = tls.AuthoritiesPath is { } path ? Authorities.Watch(RedisTls.AuthoritiesName, path, time) : null;
        _own = tls is { CertificatePath: { } certificate, KeyPath: { } key } ? Watch(certificate, key, time) : null;
    }

    public static string HostOf(EndPoint endpoint) =>
        endpoint switch
        {
            DnsEndPoint named => named.Host,
            IPEndPoint address => address.Address.ToString(),
            _ => throw new ArgumentException($"Redis is at no address: {endpoint}", nameof(endpoint)),
        };

    /// <summary>Whether Redis is whom it was taken for; what is wrong is logged once.</summary>
    public bool Validate(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        var why = WhyNot(shown, chain, errors);
        if (why is not null && Interlocked.Exchange(ref _said, why) != why)
        {
            Log.RedisCertificateRefused(_logger, _host, why);
        }
        else if (why is null)
        {
            Volatile.Write(ref _said, null);
        }

        return why is null;
    }

    /// <summary>Why Redis is not whom it was taken for, in a clause; null when it is.</summary>
    public string? WhyNot(X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
        TlsProbe.WhyNot(
            shown,
            chain,
            errors,
            _host,
            _authorities?.Current(
                _ => Log.RedisFilesRead(_logger, RedisTls.AuthoritiesName),
                exception => Log.RedisFilesNotRead(_logger, RedisTls.AuthoritiesName, exception.Message)
            ),
            _authoritiesPath,
            _time.GetUtcNow()
        );

    /// <summary>
    /// What is shown to Redis; nothing where nothing is set. The library takes a certificate only, so its chain does not go along.
    /// </summary>
    public X509Certificate Select(
        object sender,
        string host,
        X509CertificateCollection local,
        X509Certificate? remote,
        string[] issuers
    ) =>
        // The framework takes null for nothing, whatever its signature says.
        _own
            ?.Current(
                _ => Log.RedisFilesRead(_logger, ClientNames),
                exception => Log.RedisFilesNotRead(_logger, ClientNames, exception.Message)
            )
            .TargetCertificate!;

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
                RedisTls.CertificateName,
                $"and {RedisTls.KeyName} are no certificate with its key in PEM form: {exception.Message}"
            );
        }
    }
}
