using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Platform.Engines;

/// <summary>
/// The private Redis, on loopback because the client library knows no unix sockets. It keeps nothing on disk: what is in it
/// may be lost.
/// </summary>
internal sealed class RedisEngine
{
    private static readonly string[] Places =
    [
        "/usr/bin/redis-server",
        "/usr/local/bin/redis-server",
        "/usr/bin/valkey-server",
        "/usr/local/bin/valkey-server",
    ];

    private readonly EngineLayout _layout;
    private readonly EngineUser _user;
    private readonly string _program;

    public RedisEngine(EngineLayout layout)
    {
        _layout = layout;
        _user = EngineUser.Choose(layout.RedisDirectory, "redis", "chancery", "postgres");
        _program =
            Find()
            ?? throw new EngineException(
                "Redis is not installed: apt-get install redis-server, or name a server of your own in REDIS_URL"
            );
    }

    public int Port { get; private set; }

    public string Password { get; } = RandomNumberGenerator.GetHexString(48, lowercase: true);

    public string PidFile => Path.Combine(_layout.RedisDirectory, "redis.pid");

    public EngineLaunch Launch =>
        new(
            "redis",
            _program,
            [ConfigurationPath],
            _user,
            _layout.RedisDirectory,
            Path.Combine(_layout.LogsDirectory, "redis.log"),
            Posix.Terminate,
            TimeSpan.FromSeconds(5)
        );

    private string ConfigurationPath => Path.Combine(_layout.RedisDirectory, "redis.conf");

    /// <summary>The installed program; Valkey, its free successor, will do.</summary>
    public static string? Find() => Places.FirstOrDefault(File.Exists);

    /// <summary>Chooses a free port and writes the configuration.</summary>
    public void Prepare()
    {
        _user.MakePrivateDirectory(_layout.RedisDirectory);
        Port = FreePort();
        _user.WritePrivateFile(ConfigurationPath, Configuration());
    }

    /// <summary>True when it answers to our password.</summary>
    public async Task<bool> IsReadyAsync(int processId, CancellationToken cancellationToken)
    {
        using var client = new TcpClient(AddressFamily.InterNetwork);

        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {Password}\r\n"), cancellationToken);
            var answer = new byte[64];
            var length = await stream.ReadAsync(answer, cancellationToken);
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("+OK", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Configuration() =>
        $"""
            # Written at each start; what you change here is lost.
            bind 127.0.0.1
            protected-mode yes
            port {Port}
            requirepass {Password}
            dir "{_layout.RedisDirectory}"
            pidfile "{PidFile}"
            daemonize no
            supervised no
            logfile ""
            save ""
            appendonly no
            maxmemory 256mb
            maxmemory-policy allkeys-lru

            """;
}
