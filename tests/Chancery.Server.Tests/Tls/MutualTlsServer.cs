using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Edge;
using Chancery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Tls;

/// <summary>The real product, which asks its callers for certificates of a test's authority.</summary>
internal sealed class MutualTlsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MutualTlsServer(WebApplication app) => _app = app;

    /// <summary>Where it listens: the port for everybody first, then the one for certificates, where there are two.</summary>
    public IReadOnlyList<string> Addresses => [.. _app.Urls];

    public string Address => Addresses[0];

    public IServiceProvider Services => _app.Services;

    public static async Task<MutualTlsServer> StartAsync(
        ChanceryFixture chancery,
        RenewedFolder files,
        TestAuthority authority,
        params (string Name, string? Value)[] settings
    )
    {
        using var shown = authority.Issue(
            "localhost",
            TestAuthority.ForServers,
            "localhost",
            address: IPAddress.Loopback
        );
        var (certificate, key) = files.Write("server", shown);
        var app = Program.Build(
            chancery.Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = "Local";
                builder.Configuration.AddInMemoryCollection(chancery.Settings);
                builder.Configuration["TLS_CERT_FILE"] = certificate;
                builder.Configuration["TLS_KEY_FILE"] = key;
                foreach (var (name, value) in settings)
                {
                    builder.Configuration[name] = value;
                }

                builder.UseAddress("127.0.0.1", 0);
            }
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new MutualTlsServer(app);
    }

    /// <summary>A caller that keeps its connection, and shows a certificate where it is given one.</summary>
    public static HttpClient Caller(X509Certificate2? certificate, params X509Certificate2[] chain) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    ClientCertificateContext = certificate is null
                        ? null
                        : SslStreamCertificateContext.Create(certificate, [.. chain], offline: true),
                    // The server's certificate is another test's.
                    RemoteCertificateValidationCallback = (_, _, _, errors) =>
                        !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable),
                },
            }
        )
        {
            Timeout = TimeSpan.FromSeconds(20),
        };

    /// <summary>Whether a new connection is let in.</summary>
    public static async Task<bool> LetsInAsync(
        string address,
        X509Certificate2? certificate,
        params X509Certificate2[] chain
    )
    {
        using var caller = Caller(certificate, chain);
        return await AnswersAsync(caller, address);
    }

    public static async Task<bool> AnswersAsync(HttpClient caller, string address)
    {
        try
        {
            using var response = await caller.GetAsync(address + "/health/live", TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Whose certificates a new connection is asked for.</summary>
    public async Task<IReadOnlyList<string>> IssuersAsync()
    {
        var at = new Uri(Address);
        using var client = new TcpClient();
        await client.ConnectAsync(at.Host, at.Port, TestContext.Current.CancellationToken);
        string[] told = [];
        await using var stream = new SslStream(client.GetStream());

        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, _, _, errors) =>
                    !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable),
                LocalCertificateSelectionCallback = (_, _, _, _, issuers) =>
                {
                    told = issuers.Length > 0 ? issuers : told;
                    return null!;
                },
            },
            TestContext.Current.CancellationToken
        );
        return told;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
