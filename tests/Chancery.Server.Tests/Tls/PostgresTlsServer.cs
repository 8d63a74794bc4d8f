using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Engines;
using Npgsql;

namespace Chancery.Server.Tests.Tls;

/// <summary>A real PostgreSQL of its own, with TLS or without, on a port of the loopback.</summary>
internal sealed class PostgresTlsServer : IAsyncDisposable
{
    private const string Password = "test";

    private readonly string _directory;
    private readonly EngineUser _user;
    private readonly PostgresBinaries _binaries;
    private Process? _process;

    private PostgresTlsServer(string directory, EngineUser user, PostgresBinaries binaries) =>
        (_directory, _user, _binaries) = (directory, user, binaries);

    public int Port { get; } = MutualTlsServer.FreePort();

    private string Cluster => Path.Combine(_directory, "cluster");

    /// <param name="shown">Its certificate; null for a server without TLS.</param>
    /// <param name="clients">Who issues its clients' certificates; null where it asks for none.</param>
    public static async Task<PostgresTlsServer> StartAsync(X509Certificate2? shown, TestAuthority? clients = null)
    {
        var directory = Directory.CreateTempSubdirectory("chancery-tls-postgres-").FullName;
        // Root's PostgreSQL runs as another user, who has to pass through.
        File.SetUnixFileMode(
            directory,
            File.GetUnixFileMode(directory) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute
        );
        var server = new PostgresTlsServer(
            directory,
            EngineUser.Choose(directory, "postgres", "chancery"),
            PostgresBinaries.FindAll()[0]
        );
        await server.MakeAsync(shown, clients);
        return server;
    }

    /// <summary>An address as an operator writes it.</summary>
    public string Address(string host, string options) =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://postgres:{Password}@{host}:{Port}/postgres?{options}");

    /// <summary>Shows another certificate to those who come from now on; waits until it does.</summary>
    public async Task ShowAsync(X509Certificate2 shown)
    {
        WriteShown(shown);
        await LookAsync("SELECT pg_reload_conf()");
        await AccessApi.EventuallyAsync(
            async () => await LookAsync("SELECT 1") == shown.Thumbprint,
            TimeSpan.FromSeconds(30)
        );
    }

    /// <summary>Asks something, whatever it shows, and gives the thumbprint of that.</summary>
    private async Task<string> LookAsync(string question)
    {
        var seen = "";
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder
            {
                Host = "localhost",
                Port = Port,
                Username = "postgres",
                Password = Password,
                SslMode = SslMode.Require,
                Pooling = false,
            }.ConnectionString
        );
        connection.SslClientAuthenticationOptionsCallback = options =>
            options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                seen = ((X509Certificate2)certificate!).Thumbprint;
                return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable);
            };
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(question, connection);
        await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await EngineSandbox.SignalAsync("INT", _process.Id);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task MakeAsync(X509Certificate2? shown, TestAuthority? clients)
    {
        _user.MakePrivateDirectory(Cluster);
        var password = Path.Combine(Cluster, "..", "password");
        _user.WritePrivateFile(password, Password);
        using (
            var initdb = Start(
                _binaries.Initdb,
                "-D",
                Cluster,
                "-U",
                "postgres",
                "--pwfile",
                password,
                "--auth=scram-sha-256",
                "--no-sync"
            )
        )
        {
            await initdb.WaitForExitAsync();
            Assert.Equal(0, initdb.ExitCode);
        }

        var kind = shown is null ? "host" : "hostssl";
        var certificates = clients is null ? "" : " clientcert=verify-ca";
        _user.WritePrivateFile(
            Path.Combine(Cluster, "pg_hba.conf"),
            $"{kind} all all 127.0.0.1/32 scram-sha-256{certificates}\n{kind} all all ::1/128 scram-sha-256{certificates}\n"
        );
        List<string> tls = [];
        if (shown is not null)
        {
            WriteShown(shown);
            tls.AddRange(["-c", "ssl=on"]);
        }

        if (clients is not null)
        {
            _user.WritePrivateFile(Path.Combine(Cluster, "clients.pem"), clients.Pem);
            tls.AddRange(["-c", "ssl_ca_file=clients.pem"]);
        }

        _process = Start(
            _binaries.Postgres,
            [
                "-D",
                Cluster,
                "-c",
                string.Create(CultureInfo.InvariantCulture, $"port={Port}"),
                "-c",
                "listen_addresses=localhost",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
                .. tls,
            ]
        );
        var pidFile = Path.Combine(Cluster, "postmaster.pid");
        for (var attempt = 0; attempt < 400 && !_process.HasExited; attempt++)
        {
            if (File.Exists(pidFile) && File.ReadAllText(pidFile).Contains("ready", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException("PostgreSQL did not start.");
    }

    private void WriteShown(X509Certificate2 shown)
    {
        using var key = shown.GetECDsaPrivateKey()!;
        _user.WritePrivateFile(Path.Combine(Cluster, "server.key"), key.ExportPkcs8PrivateKeyPem());
        _user.WritePrivateFile(Path.Combine(Cluster, "server.crt"), shown.ExportCertificatePem());
    }

    private Process Start(string program, params string[] arguments)
    {
        string[] asUser = _user.IsOther
            ? [$"--reuid={_user.UserId}", $"--regid={_user.GroupId}", "--clear-groups"]
            : [];
        var process = Process.Start(
            new ProcessStartInfo("setpriv", [.. asUser, "--no-new-privs", program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            }
        )!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
