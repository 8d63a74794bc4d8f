using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry.Metrics;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Tls;

/// <summary>Who comes in where callers are asked for certificates.</summary>
public sealed class MutualTlsTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_a_certificate_of_the_authority_for_clients_in_its_time_and_not_taken_back_comes_in()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);
        using var other = new TestAuthority("Somebody else");
        using var sameName = new TestAuthority();
        using var revoked = authority.Issue("revoked");
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem + between.Pem)),
            (
                "MTLS_CRL_FILE",
                files.Write("crl.pem", authority.Revoke(Now.AddDays(1), revoked) + between.Revoke(Now.AddDays(1)))
            )
        );
        using var offered = new X509Certificate2Set(
            authority.Issue("right"),
            between.Issue("below an intermediate"),
            other.Issue("of another authority"),
            sameName.Issue("of an authority of the same name"),
            authority.Issue("expired", to: Now.AddMinutes(-1)),
            authority.Issue("not yet valid", from: Now.AddHours(1)),
            revoked,
            authority.Issue("for servers", TestAuthority.ForServers),
            authority.Issue("for nothing that it says", use: null),
            TestAuthority.SelfSigned("self-signed", TestAuthority.ForClients)
        );

        var letIn = new List<string>();
        foreach (var certificate in offered)
        {
            if (await MutualTlsServer.LetsInAsync(server.Address, certificate, between.Certificate))
            {
                letIn.Add(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
            }
        }

        Assert.Equal(["right", "below an intermediate"], letIn);
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, certificate: null));
    }

    [Fact]
    public async Task Where_certificates_are_optional_one_may_come_without_and_not_with_a_wrong_one()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);
        using var other = new TestAuthority("Somebody else");
        using var right = authority.Issue("right");
        using var below = between.Issue("below an intermediate");
        using var wrong = other.Issue("wrong");
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "optional"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem))
        );

        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, certificate: null));
        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, right));
        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, below, between.Certificate));
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, below));
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, wrong));
    }

    [Fact]
    public async Task Callers_are_told_which_authorities_count()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority("Whom the server asks for");
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "optional"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem))
        );
        Assert.Equal(["CN=Whom the server asks for"], await server.IssuersAsync());
    }

    [Fact]
    public async Task With_a_port_of_their_own_the_other_port_asks_nobody()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var right = authority.Issue("right");
        var port = MutualTlsServer.FreePort();
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_PORT", $"{port}"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem))
        );
        var forCertificates = $"https://127.0.0.1:{port}";

        Assert.Contains(forCertificates, server.Addresses);
        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, certificate: null));
        Assert.False(await MutualTlsServer.LetsInAsync(forCertificates, certificate: null));
        Assert.True(await MutualTlsServer.LetsInAsync(forCertificates, right));
    }

    [Fact]
    public async Task Authorities_and_lists_are_read_again_while_connections_go_on()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var next = new TestAuthority("The next authority");
        using var first = authority.Issue("first");
        using var second = next.Issue("second");
        var list = authority.Revoke(Now.AddDays(1));
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem)),
            ("MTLS_CRL_FILE", files.Write("crl.pem", list))
        );
        using var connected = MutualTlsServer.Caller(first);
        Assert.True(await MutualTlsServer.AnswersAsync(connected, server.Address));
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, second));

        files.Write("crl.pem", list + next.Revoke(Now.AddDays(1)));
        files.Write("ca.pem", authority.Pem + next.Pem);
        await AccessApi.EventuallyAsync(() => MutualTlsServer.LetsInAsync(server.Address, second), Limit);
        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, first));

        files.Write("crl.pem", authority.Revoke(Now.AddDays(1), first) + next.Revoke(Now.AddDays(1)));
        await AccessApi.EventuallyAsync(async () => !await MutualTlsServer.LetsInAsync(server.Address, first), Limit);
        Assert.True(await MutualTlsServer.AnswersAsync(connected, server.Address));
        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, second));
    }

    [Fact]
    public async Task A_broken_file_leaves_what_was_before_in_use_and_the_figures_say_so()
    {
        const string unusable = "chancery_tls_files_unusable{kind=\"client_authorities\"}";
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var right = authority.Issue("right");
        using var revoked = authority.Issue("revoked");
        var list = authority.Revoke(Now.AddDays(1), revoked);
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem)),
            ("MTLS_CRL_FILE", files.Write("crl.pem", list))
        );
        Assert.Contains($"{unusable} 0", Figures(server), StringComparison.Ordinal);
        Assert.Contains(
            "chancery_tls_end_timestamp_seconds{kind=\"server\"} 4102444800",
            Figures(server),
            StringComparison.Ordinal
        );

        files.Write("crl.pem", list[..100]);
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(Figures(server).Contains($"{unusable} 1", StringComparison.Ordinal)),
            Limit
        );

        Assert.True(await MutualTlsServer.LetsInAsync(server.Address, right));
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, revoked));
    }

    [Fact]
    public async Task A_list_whose_time_is_over_and_one_that_somebody_else_signed_let_nobody_in()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var sameName = new TestAuthority();
        using var right = authority.Issue("right");
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem)),
            ("MTLS_CRL_FILE", files.Write("crl.pem", authority.Revoke(Now.AddMinutes(-1))))
        );

        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, right));

        files.Write("crl.pem", authority.Revoke(Now.AddDays(1)));
        await AccessApi.EventuallyAsync(() => MutualTlsServer.LetsInAsync(server.Address, right), Limit);
        var fault = Assert.Throws<SettingException>(() =>
            new ClientCertificates(
                files.Write("ca.pem", authority.Pem),
                files.Write("forged.pem", sameName.Revoke(Now.AddDays(1))),
                TimeProvider.System
            )
        );
        Assert.Contains("forged.pem", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_swapped_under_a_link_is_read_again()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var next = new TestAuthority("The next authority");
        using var second = next.Issue("second");
        var link = Path.Combine(files.Path, "mounted");
        foreach (var (version, content) in new[] { ("v1", authority.Pem), ("v2", next.Pem) })
        {
            Directory.CreateDirectory(Path.Combine(files.Path, version));
            files.Write($"{version}/ca.pem", content);
        }

        Directory.CreateSymbolicLink(link, "v1");
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", Path.Combine(link, "ca.pem"))
        );
        Assert.False(await MutualTlsServer.LetsInAsync(server.Address, second));

        Directory.CreateSymbolicLink(link + ".new", "v2");
        using (var mv = Process.Start("mv", ["-T", link + ".new", link]))
        {
            await mv.WaitForExitAsync(Cancel);
            Assert.Equal(0, mv.ExitCode);
        }

        await AccessApi.EventuallyAsync(() => MutualTlsServer.LetsInAsync(server.Address, second), Limit);
    }

    [Theory]
    [InlineData("MTLS", "maybe", "/ca.pem", null, null)]
    [InlineData("MTLS", null, "/ca.pem", null, null)]
    [InlineData("MTLS", null, null, "/crl.pem", null)]
    [InlineData("MTLS", null, null, null, "8443")]
    [InlineData("MTLS_CA_FILE", "required", null, null, null)]
    [InlineData("MTLS_PORT", "required", "/ca.pem", null, "many")]
    public void Settings_that_do_not_go_together_stop_the_start_with_the_name_of_one(
        string named,
        string? mode,
        string? authorities,
        string? lists,
        string? port
    )
    {
        var fault = Assert.Throws<SettingException>(() =>
            MutualTls.Read(
                Settings(
                    ("TLS_CERT_FILE", "/tls.crt"),
                    ("MTLS", mode),
                    ("MTLS_CA_FILE", authorities),
                    ("MTLS_CRL_FILE", lists),
                    ("MTLS_PORT", port)
                )
            )
        );

        Assert.Equal(named, fault.Name);
    }

    [Fact]
    public void A_port_for_certificates_is_not_the_one_for_everybody()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["TLS_CERT_FILE"] = "/nowhere.crt";
        builder.Configuration["MTLS"] = "required";
        builder.Configuration["MTLS_CA_FILE"] = "/nowhere.pem";
        builder.Configuration["MTLS_PORT"] = "8443";

        var fault = Assert.Throws<SettingException>(() => builder.UseAddress("localhost", 8443));

        Assert.Equal("MTLS_PORT", fault.Name);
    }

    [Fact]
    public void Certificates_of_callers_take_a_certificate_of_the_server()
    {
        var fault = Assert.Throws<SettingException>(() =>
            MutualTls.Read(Settings(("MTLS", "optional"), ("MTLS_CA_FILE", "/ca.pem")))
        );

        Assert.Equal("TLS_CERT_FILE", fault.Name);
    }

    private static string Figures(MutualTlsServer server) =>
        PrometheusText.Write(server.Services.GetRequiredService<MetricsCollector>().Read());

    private static IConfigurationRoot Settings(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)))
            .Build();

    /// <summary>Certificates that are given back together.</summary>
    private sealed class X509Certificate2Set(params X509Certificate2[] certificates)
        : List<X509Certificate2>(certificates),
            IDisposable
    {
        public void Dispose() => ForEach(one => one.Dispose());
    }
}
