using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Commands.Doctor;

/// <summary>The server's certificate, and what callers' certificates are held against: whether they can be used, and until when.</summary>
internal sealed class TlsChecks(IConfiguration configuration, TimeProvider time)
{
    private const string OfServer = "TLS certificate";
    private const string OfCallers = "callers' certificates";
    private const string OfLists = "revocation lists";

    // Lists are due every few days or hours, and one that is late keeps everybody out.
    private static readonly TimeSpan ListEndsSoon = TimeSpan.FromHours(6);

    /// <summary>None where the server does not speak TLS itself.</summary>
    public IReadOnlyList<Finding> Run()
    {
        try
        {
            var mutual = MutualTls.Read(configuration);
            return
            [
                .. CertificateFiles.Read(configuration) is { } certificate ? [Server(certificate)] : NoFindings,
                .. ClientCertificates.Read(configuration, mutual) is { } clients
                    ? Clients(clients.Current(NullLogger.Instance), mutual)
                    : NoFindings,
            ];
        }
        catch (SettingException exception)
        {
            return [Finding.Bad(OfServer, exception.Message, $"correct or unset {exception.Name}")];
        }
    }

    private static IReadOnlyList<Finding> NoFindings => [];

    private Finding Server(CertificateFiles files)
    {
        var leaf = files.Current(NullLogger.Instance).TargetCertificate;
        var begins = new DateTimeOffset(leaf.NotBefore);
        return time.GetUtcNow() < begins
            ? Finding.Bad(
                OfServer,
                $"{leaf.Subject} begins only {PeerCertificate.Day(begins)}",
                "nobody believes it before: look at the clock, or wait"
            )
            : Until(
                OfServer,
                leaf.Subject,
                PeerCertificate.EndOf(leaf),
                CertificateFiles.EndsSoon,
                "renew it; the server reads the new files by itself"
            );
    }

    private IReadOnlyList<Finding> Clients(Authorities authorities, MutualTls mutual) =>
        [
            Until(
                OfCallers,
                $"{mutual.Mode.ToString().ToLowerInvariant()}, {authorities.All.Count()} authorities",
                authorities.All.Min(one => PeerCertificate.EndOf(one)),
                CertificateFiles.EndsSoon,
                $"name the authority's next certificate beside the old one in {MutualTls.AuthoritiesName}"
            ),
            authorities.Lists is not { } lists
                ? Finding.Weak(
                    OfLists,
                    "none: a certificate that was taken back goes on counting until it ends",
                    $"name the authorities' lists in {MutualTls.ListsName}"
                )
            : lists.Min(list => list.Ends) is { } ends
                ? Until(
                    OfLists,
                    $"{lists.Count}",
                    ends,
                    ListEndsSoon,
                    $"put the next one into the file of {MutualTls.ListsName}: callers of that authority are kept out after that"
                )
            : Finding.Good(OfLists, $"{lists.Count}, without an end"),
        ];

    private Finding Until(string subject, string found, DateTimeOffset ends, TimeSpan soon, string mend)
    {
        var left = ends - time.GetUtcNow();
        return left <= TimeSpan.Zero ? Finding.Bad(subject, $"{found}, ended {PeerCertificate.Day(ends)}", mend)
            : left < soon ? Finding.Weak(subject, $"{found}, ends {PeerCertificate.Day(ends)}", mend)
            : Finding.Good(subject, $"{found}, ends {PeerCertificate.Day(ends)}");
    }
}
