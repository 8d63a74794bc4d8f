using System.Net.Security;

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

    private readonly Connections _handler;

    /// <param name="tls">What is shown to endpoints, and who vouches for them; without it nothing, and the machine's authorities.</param>
    /// <param name="loggers">
    /// Told of certificates that do not count, and of files that were read again. Asked for when there is something to tell: loggers may
    /// themselves send what they are told through this client.
    /// </param>
    public OperatorHttp(OutgoingTls? tls = null, Func<ILoggerFactory>? loggers = null)
    {
        _handler = new Connections(tls is { IsSet: true } ? tls : null, new LaterLogger(loggers));
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

    /// <summary>A logger that comes into being with the first thing it is told.</summary>
    private sealed class LaterLogger(Func<ILoggerFactory>? loggers) : ILogger
    {
        private ILogger? _logger;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => loggers is not null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            _logger ??= loggers?.Invoke().CreateLogger<OperatorHttp>();
            _logger?.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    /// <summary>
    /// The connections, and others in their place once the certificate that is shown was renewed: what a connection shows is settled
    /// when it begins. Calls that run on the old ones end there, and those close when nothing has used them for a minute.
    /// </summary>
    private sealed class Connections : HttpMessageHandler
    {
        private readonly OutgoingTls? _tls;
        private readonly ILogger _logger;
        private readonly Lock _gate = new();
        private volatile Generation _current;
        private string? _said;

        public Connections(OutgoingTls? tls, ILogger logger)
        {
            (_tls, _logger) = (tls, logger);
            _current = Make(tls?.Own(logger));
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Now().Invoker.Send(request, cancellationToken);

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => Now().Invoker.SendAsync(request, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _current.Invoker.Dispose();
            }

            base.Dispose(disposing);
        }

        private Generation Now()
        {
            if (_tls is null)
            {
                return _current;
            }

            var shown = _tls.Own(_logger);
            if (ReferenceEquals(shown, _current.Shown))
            {
                return _current;
            }

            lock (_gate)
            {
                if (!ReferenceEquals(shown, _current.Shown))
                {
                    _current = Make(shown);
                }

                return _current;
            }
        }

        private Generation Make(SslStreamCertificateContext? shown)
        {
            var handler = new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = ConnectTimeout,
                PooledConnectionLifetime = ConnectionLifetime,
                EnableMultipleHttp2Connections = true,
            };
            if (_tls is { } tls)
            {
                handler.SslOptions = new SslClientAuthenticationOptions
                {
                    ClientCertificateContext = shown,
                    RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                    {
                        var host = (sender as SslStream)?.TargetHostName ?? "";
                        var why = tls.WhyNot(host, certificate, chain, errors, _logger);
                        // Once for each reason: whoever calls tries again and again.
                        if (why is not null && Interlocked.Exchange(ref _said, host + why) != host + why)
                        {
                            Log.OutgoingRefused(_logger, host, why);
                        }

                        return why is null;
                    },
                };
            }

#pragma warning disable RS0030 // As above.
            return new Generation(new HttpMessageInvoker(handler), shown);
#pragma warning restore RS0030
        }

        /// <param name="Shown">What its connections show.</param>
        private sealed record Generation(HttpMessageInvoker Invoker, SslStreamCertificateContext? Shown);
    }
}
