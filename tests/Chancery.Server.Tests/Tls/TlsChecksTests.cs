using System.Net;
using Chancery.Server.Commands.Doctor;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Tls;

/// <summary>What the doctor says of the server's own certificate, and of what callers are held against.</summary>
public sealed class TlsChecksTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public void Without_TLS_there_is_nothing_to_say() => Assert.Empty(Run());

    [Theory]
    [InlineData(-1, 90, Verdict.Good)]
    [InlineData(-1, 3, Verdict.Weak)]
    [InlineData(-10, -1, Verdict.Bad)]
    [InlineData(1, 90, Verdict.Bad)]
    public void The_end_of_the_certificate_decides(int begins, int ends, Verdict verdict)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue(
            "chancery.example",
            TestAuthority.ForServers,
            address: IPAddress.Loopback,
            from: Now.AddDays(begins),
            to: Now.AddDays(ends)
        );
        var (certificate, key) = files.Write("server", shown);

        var finding = Assert.Single(Run(("TLS_CERT_FILE", certificate), ("TLS_KEY_FILE", key)));

        Assert.Equal(verdict, finding.Verdict);
        Assert.Contains("CN=chancery.example", finding.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(48, Verdict.Good)]
    [InlineData(3, Verdict.Weak)]
    [InlineData(-1, Verdict.Bad)]
    public void A_revocation_list_that_is_due_is_told_before_it_keeps_everybody_out(int hoursLeft, Verdict verdict)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("chancery.example", TestAuthority.ForServers);
        var (certificate, key) = files.Write("server", shown);

        var findings = Run(
            ("TLS_CERT_FILE", certificate),
            ("TLS_KEY_FILE", key),
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem)),
            ("MTLS_CRL_FILE", files.Write("crl.pem", authority.Revoke(Now.AddHours(hoursLeft))))
        );

        Assert.Equal(verdict, findings.Single(one => one.Subject == "revocation lists").Verdict);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_named_with_what_is_wrong()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("chancery.example", TestAuthority.ForServers);
        var (certificate, key) = files.Write("server", shown);
        var broken = files.Write("ca.pem", "nothing");

        var finding = Assert.Single(
            Run(("TLS_CERT_FILE", certificate), ("TLS_KEY_FILE", key), ("MTLS", "required"), ("MTLS_CA_FILE", broken))
        );

        Assert.Equal(Verdict.Bad, finding.Verdict);
        Assert.Contains($"{broken} holds no certificate", finding.Found, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Finding> Run(params (string Name, string? Value)[] settings) =>
        new TlsChecks(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)))
                .Build(),
            TimeProvider.System
        ).Run();
}
