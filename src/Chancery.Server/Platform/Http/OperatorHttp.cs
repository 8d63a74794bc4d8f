namespace Chancery.Server.Platform.Http;

/// <summary>
/// The one client for addresses that the operator configured, such as model endpoints. Loopback and private addresses are
/// allowed: a local model is the ordinary case. Addresses of any other origin never go through it.
/// </summary>
/// <remarks>Timeouts belong to the caller's token. Redirects are not followed: they would carry a key elsewhere.</remarks>
public sealed class OperatorHttp : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly SocketsHttpHandler _handler = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
        EnableMultipleHttp2Connections = true,
    };

    public OperatorHttp()
    {
#pragma warning disable RS0030 // This is the place that the rule sends everybody to.
        Client = new HttpClient(_handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
#pragma warning restore RS0030
    }

    /// <summary>Shared; safe for concurrent use; not to be disposed by those who use it.</summary>
    public HttpClient Client { get; }

    /// <summary>Over the same connections, for a library that leaves the time of a call to its client.</summary>
    public HttpClient Within(TimeSpan timeout)
    {
#pragma warning disable RS0030 // As above.
        return new HttpClient(_handler, disposeHandler: false) { Timeout = timeout };
#pragma warning restore RS0030
    }

    public void Dispose()
    {
        Client.Dispose();
        _handler.Dispose();
    }
}
