using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// Which certificates of callers count: those of the authorities in MTLS_CA_FILE, that say clientAuth, are in their time, and
/// stand on no list of MTLS_CRL_FILE. Both files are read again when they change. Safe for concurrent use.
/// </summary>
internal sealed class ClientCertificates
{
    private readonly RenewedFiles<Authorities> _files;
    private readonly TimeProvider _time;

    // As long as the connection that a certificate came in by, which may outlive the files.
    private readonly ConditionalWeakTable<X509Certificate2, Judged> _judged = [];
    private volatile Shown? _shown;

    /// <summary>What came along with a certificate, and what was found of it last.</summary>
    private sealed record Judged(IReadOnlyList<byte[]> Sent, Authorities By, Judgement Judgement);

    /// <summary>The server's certificate, with the names of the authorities that callers are asked for.</summary>
    private sealed record Shown(
        SslStreamCertificateContext Server,
        Authorities Authorities,
        SslStreamCertificateContext Together
    );

    /// <param name="listsPath">Null where nobody asks whether a certificate was taken back.</param>
    /// <exception cref="SettingException">A file cannot be used; names it.</exception>
    public ClientCertificates(string authoritiesPath, string? listsPath, TimeProvider time)
    {
        _time = time;
        try
        {
            _files = new RenewedFiles<Authorities>(
                listsPath is null ? [authoritiesPath] : [authoritiesPath, listsPath],
                contents =>
                    listsPath is null
                        ? Authorities.Read(authoritiesPath, contents[0])
                        : Authorities.Read(authoritiesPath, contents[0], listsPath, contents[1]),
                time
            );
        }
        catch (Exception exception) when (RenewedFiles<Authorities>.IsUnusable(exception))
        {
            throw new SettingException(
                MutualTls.AuthoritiesName,
                listsPath is null
                    ? $"cannot be used: {exception.Message}"
                    : $"and {MutualTls.ListsName} cannot be used: {exception.Message}"
            );
        }
    }

    /// <summary>Whether the files hold something else by now, which cannot be used.</summary>
    public bool IsStale => _files.IsStale;

    /// <summary>Reads MTLS_CA_FILE and MTLS_CRL_FILE; null where callers are not asked for certificates.</summary>
    /// <exception cref="SettingException">A file cannot be used.</exception>
    public static ClientCertificates? Read(IConfiguration configuration, MutualTls mutual) =>
        mutual.IsOn
            ? new ClientCertificates(
                configuration[MutualTls.AuthoritiesName]!.Trim(),
                configuration[MutualTls.ListsName]?.Trim() is { Length: > 0 } lists ? lists : null,
                TimeProvider.System
            )
            : null;

    public Authorities Current(ILogger logger) =>
        _files.Current(
            authorities => Log.AuthoritiesRead(logger, authorities.All.Count(), authorities.Lists?.Count ?? 0),
            exception => Log.AuthoritiesNotRead(logger, exception.Message)
        );

    /// <summary>Has a handshake ask for a certificate, and end where it does not count.</summary>
    public void Ask(SslServerAuthenticationOptions handshake, bool isRequired, ILogger logger)
    {
        handshake.ServerCertificateContext = Naming(handshake.ServerCertificateContext!, Current(logger));
        handshake.ClientCertificateRequired = true;
        // Each connection is looked at anew: what was taken back meanwhile does not come in by an older session.
        handshake.AllowTlsResume = false;
        handshake.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        // The framework builds a chain of its own, whose verdict is not asked; it must not go and download parts of it.
        handshake.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        handshake.RemoteCertificateValidationCallback = (_, shown, chain, _) =>
        {
            if (shown is null)
            {
                return !isRequired;
            }

            var certificate = (X509Certificate2)shown;
            var sent = chain?.ChainPolicy.ExtraStore ?? [];
            if (Judge(certificate, sent, Current(logger)) is { } why)
            {
                Log.CallerRefused(logger, PeerCertificate.Line(certificate.Subject), why);
                return false;
            }

            return true;
        };
    }

    /// <summary>By the names a browser knows whether it has a certificate to ask its person for.</summary>
    private SslStreamCertificateContext Naming(SslStreamCertificateContext server, Authorities authorities)
    {
        if (_shown is { } shown && shown.Server == server && shown.Authorities == authorities)
        {
            return shown.Together;
        }

        var together = SslStreamCertificateContext.Create(
            server.TargetCertificate,
            [.. server.IntermediateCertificates],
            offline: true,
            SslCertificateTrust.CreateForX509Collection(authorities.Roots, sendTrustInHandshake: true)
        );
        _shown = new Shown(server, authorities, together);
        return together;
    }

    /// <summary>
    /// Whether a certificate that came in still counts: its connection may be older than what authorities and lists say now.
    /// </summary>
    public bool StillCounts(X509Certificate2 shown, ILogger logger)
    {
        var authorities = Current(logger);
        if (
            _judged.TryGetValue(shown, out var before)
            && before.By == authorities
            && _time.GetUtcNow() <= before.Judgement.Until
        )
        {
            return before.Judgement.WhyNot is null;
        }

        X509Certificate2Collection sent =
        [
            .. (before?.Sent ?? []).Select(encoded => X509CertificateLoader.LoadCertificate(encoded)),
        ];
        return Judge(shown, sent, authorities) is null;
    }

    private string? Judge(X509Certificate2 shown, X509Certificate2Collection sent, Authorities authorities)
    {
        var judgement = PeerCertificate.Judge(shown, sent, authorities, CertificateUse.Client, _time.GetUtcNow());
        _judged.AddOrUpdate(shown, new Judged([.. sent.Select(one => one.RawData)], authorities, judgement));
        return judgement.WhyNot;
    }
}
