using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Tests.Tls;

/// <summary>A real Redis in a process of its own, that speaks TLS and nothing else.</summary>
internal sealed class RedisTlsServer : IAsyncDisposable
{
    public const string Password = "a,test";

    private readonly RenewedFolder _files;
    private readonly Process _process;

    private RedisTlsServer(Process process, RenewedFolder files, int port) =>
        (_process, _files, Port) = (process, files, port);

    public int Port { get; }

    /// <param name="clients">Who issues its clients' certificates; null where it asks for none.</param>
    public static async Task<RedisTlsServer> StartAsync(X509Certificate2 certificate, TestAuthority? clients = null)
    {
        var files = new RenewedFolder();
        var port = MutualTlsServer.FreePort();
        var (certificatePath, keyPath) = files.Write("redis", certificate);
        string[] arguments =
        [
            "--port",
            "0",
            "--tls-port",
            port.ToString(CultureInfo.InvariantCulture),
            "--tls-cert-file",
            certificatePath,
            "--tls-key-file",
            keyPath,
            "--tls-ca-cert-file",
            files.Write("clients.pem", clients?.Pem ?? certificate.ExportCertificatePem()),
            "--tls-auth-clients",
            clients is null ? "no" : "yes",
            "--bind",
            "127.0.0.1",
            "--requirepass",
            Password,
            "--save",
            "",
            "--dir",
            files.Path,
        ];
        var process = Process.Start(
            new ProcessStartInfo(RedisEngine.Find()!, arguments) { RedirectStandardOutput = true }
        )!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return new RedisTlsServer(process, files, port);
            }
            catch (SocketException) when (attempt < 200 && !process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _files.Dispose();
    }
}
