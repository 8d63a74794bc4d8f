using System.Net;
using System.Net.Sockets;
using Chancery.Server.Platform.Http;
using Chancery.Testing;
using Chancery.Testing.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>The product with a web server of ours that it may fetch from, and with names that resolve to what a test needs.</summary>
public sealed class UrlFixture : ChanceryFixture
{
    public const int MaxBytes = 250_000;

    public ScriptedWebServer Web { get; } = ScriptedWebServer.Start();

    /// <summary>Nobody may ever reach this one.</summary>
    public ScriptedWebServer Inside { get; } = ScriptedWebServer.Start();

    public override async ValueTask InitializeAsync()
    {
        Settings["GUARDED_HTTP_ALLOW"] = Web.HostAndPort;
        Settings["GUARDED_HTTP_SECONDS"] = "3";
        Settings["MAX_UPLOAD_BYTES"] = $"{MaxBytes}";
        Settings["WORK_RETRY_MILLISECONDS"] = "1";
        Settings["LOG_LEVEL"] = "Critical";
        ConfigureServices = services =>
            services.AddSingleton(provider => new GuardedHttp(
                provider.GetRequiredService<IOptions<GuardedHttpOptions>>(),
                TimeProvider.System
            )
            {
                Resolve = Resolve,
            });
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Web.DisposeAsync();
        await Inside.DisposeAsync();
    }

    // An attacker's name servers answer with inside addresses; the others know nobody.
    private static Task<IPAddress[]> Resolve(string host, CancellationToken cancellationToken) =>
        host.EndsWith("unknown.example", StringComparison.Ordinal)
            ? throw new SocketException((int)SocketError.HostNotFound)
        : host.EndsWith("busy.example", StringComparison.Ordinal) ? throw new SocketException((int)SocketError.TryAgain)
        : Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
}
