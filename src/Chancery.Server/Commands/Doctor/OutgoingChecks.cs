using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Commands.Doctor;

/// <summary>What the server shows to endpoints that the operator named, and who vouches for them: until when.</summary>
internal sealed class OutgoingChecks(IConfiguration configuration, TimeProvider time)
{
    public const string OfCertificate = "outgoing certificate";
    public const string OfAuthorities = "outgoing authorities";

    /// <summary>For the other checks: as the server calls; plainly where the files cannot be used, which <see cref="Run"/> tells.</summary>
    public static OperatorHttp Client(IConfiguration configuration)
    {
        try
        {
            return new OperatorHttp(OutgoingTls.Read(configuration));
        }
        catch (SettingException)
        {
            return new OperatorHttp();
        }
    }

    /// <summary>None where nothing of it is set.</summary>
    public IReadOnlyList<Finding> Run()
    {
        OutgoingTls tls;
        try
        {
            tls = OutgoingTls.Read(configuration, time);
        }
        catch (SettingException exception)
        {
            return [Finding.Bad(OfCertificate, exception.Message, $"correct or unset {exception.Name}")];
        }

        var findings = new List<Finding>();
        if (tls.Own(NullLogger.Instance)?.TargetCertificate is { } leaf)
        {
            findings.Add(Until(OfCertificate, leaf.Subject, PeerCertificate.EndOf(leaf)));
        }

        if (tls.Vouching(NullLogger.Instance) is { } authorities)
        {
            findings.Add(
                Until(
                    OfAuthorities,
                    $"{authorities.All.Count()}, the first to end",
                    authorities.All.Min(one => PeerCertificate.EndOf(one))
                )
            );
        }

        return findings;
    }

    private Finding Until(string subject, string found, DateTimeOffset ends)
    {
        const string mend = "renew it; the server reads the new files by itself";
        var left = ends - time.GetUtcNow();
        return left <= TimeSpan.Zero ? Finding.Bad(subject, $"{found}, ended {PeerCertificate.Day(ends)}", mend)
            : left < CertificateFiles.EndsSoon
                ? Finding.Weak(subject, $"{found}, ends {PeerCertificate.Day(ends)}", mend)
            : Finding.Good(subject, $"{found}, ends {PeerCertificate.Day(ends)}");
    }
}
