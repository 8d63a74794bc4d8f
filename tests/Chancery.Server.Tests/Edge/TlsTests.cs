using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Edge;

/// <summary>TLS from files, which somebody else renews.</summary>
public sealed class TlsTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_speaks_TLS_and_takes_a_renewed_certificate_without_a_restart()
    {
        using var files = new PemFiles();
        var first = files.Write("first.example");
        await using var app = Build(files);
        await app.StartAsync(Cancel);
        var address = app.Urls.Single();

        Assert.StartsWith("https://127.0.0.1:", address, StringComparison.Ordinal);
        Assert.Equal(first, await ShownAsync(address));

        var second = files.Write("second.example");
        await AccessApi.EventuallyAsync(async () => await ShownAsync(address) == second, TimeSpan.FromSeconds(30));

        // As in the middle of a renewal: the key of another certificate.
        files.BreakKey();
        await Task.Delay(TimeSpan.FromSeconds(2.5), Cancel);
        Assert.Equal(second, await ShownAsync(address));

        var third = files.Write("third.example");
        await AccessApi.EventuallyAsync(async () => await ShownAsync(address) == third, TimeSpan.FromSeconds(30));
        await app.StopAsync(Cancel);
    }

    [Fact]
    public async Task Over_TLS_browsers_are_told_to_stay_with_it()
    {
        using var files = new PemFiles();
        files.Write("localhost");
        await using var app = Build(files);
        await app.StartAsync(Cancel);

        // HSTS is for names, and Kestrel for any.
        using var client = Client(_ => { });
        using var response = await client.GetAsync(app.Urls.Single() + "/health", Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(
            "max-age=",
            response.Headers.GetValues("Strict-Transport-Security").Single(),
            StringComparison.Ordinal
        );
        await app.StopAsync(Cancel);
    }

    [Theory]
    [InlineData(true, false, "TLS_KEY_FILE")]
    [InlineData(false, true, "TLS_CERT_FILE")]
    public void One_file_without_the_other_stops_the_start(bool certificate, bool key, string named)
    {
        using var files = new PemFiles();
        files.Write("half.example");
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["TLS_CERT_FILE"] = certificate ? files.Certificate : null,
                    ["TLS_KEY_FILE"] = key ? files.Key : null,
                }
            )
            .Build();

        var fault = Assert.Throws<SettingException>(() => CertificateFiles.Read(settings));

        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_no_certificate_stop_the_start_with_the_names_of_the_settings()
    {
        using var files = new PemFiles();
        files.Write("broken.example");
        files.BreakKey();

        var fault = Assert.Throws<SettingException>(() =>
            new CertificateFiles(files.Certificate, files.Key, TimeProvider.System)
        );

        Assert.Contains("TLS_CERT_FILE", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chain_that_the_file_holds_is_shown_too()
    {
        using var files = new PemFiles();
        files.Write("leaf.example", withIssuer: true);

        var shown = new CertificateFiles(files.Certificate, files.Key, TimeProvider.System).Current(
            NullLogger.Instance
        );

        Assert.Equal("CN=leaf.example", shown.TargetCertificate.Subject);
        Assert.Contains(shown.IntermediateCertificates, one => one.Subject == "CN=Intermediate of the tests");
    }

    private WebApplication Build(PemFiles files) =>
        Program.Build(
            chancery.Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = "Local";
                builder.Configuration.AddInMemoryCollection(chancery.Settings);
                builder.Configuration["TLS_CERT_FILE"] = files.Certificate;
                builder.Configuration["TLS_KEY_FILE"] = files.Key;
                builder.UseAddress("127.0.0.1", 0);
            }
        );

    private static async Task<string> ShownAsync(string address)
    {
        var shown = "";
        using var client = Client(certificate => shown = certificate.Thumbprint);
        using var response = await client.GetAsync(address + "/health", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return shown;
    }

    private static HttpClient Client(Action<X509Certificate2> look) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    {
                        look((X509Certificate2)certificate!);
                        // Nobody vouches for it; but there is one.
                        return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable);
                    },
                },
            }
        );

    /// <summary>A certificate and its key as files, written one after the other as renewers do.</summary>
    private sealed class PemFiles : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("chancery-tls-").FullName;

        public string Certificate => Path.Combine(_folder, "tls.crt");

        public string Key => Path.Combine(_folder, "tls.key");

        /// <returns>The thumbprint.</returns>
        public string Write(string name, bool withIssuer = false)
        {
            var (from, to) = (DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var chain = "";
            X509Certificate2 certificate;
            if (withIssuer)
            {
                using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var issuing = new CertificateRequest(
                    "CN=Intermediate of the tests",
                    issuerKey,
                    HashAlgorithmName.SHA256
                );
                issuing.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
                // One that vouches for itself is a root, which nobody is shown.
                using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var rooting = new CertificateRequest("CN=Root of the tests", rootKey, HashAlgorithmName.SHA256);
                rooting.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
                using var root = rooting.CreateSelfSigned(from, to);
                using var issued = issuing.Create(root, from, to, [4, 3, 2, 1]);
                using var issuer = issued.CopyWithPrivateKey(issuerKey);
                certificate = request.Create(issuer, from, to, [1, 2, 3, 4]);
                chain = issuer.ExportCertificatePem();
            }
            else
            {
                certificate = request.CreateSelfSigned(from, to);
            }

            using (certificate)
            {
                File.WriteAllText(Certificate, certificate.ExportCertificatePem() + "\n" + chain);
                File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
                return certificate.Thumbprint;
            }
        }

        public void BreakKey()
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            File.WriteAllText(Key, other.ExportPkcs8PrivateKeyPem());
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
