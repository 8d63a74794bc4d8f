using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Platform.Http;

/// <summary>
/// The one client for addresses that came from a tenant, a user, a document, a token or a client. It reaches public servers
/// only, takes nothing of ours along (credentials, cookies, proxies, trace ids), and ends in time whatever the other side does.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// A name is resolved once, and the connection goes to the very address that was looked at. Nothing outlives a fetch: no
/// connection, no TLS session is shared, so that one tenant's fetch leaves nothing to another's.
/// </remarks>
public sealed class GuardedHttp
{
    private const int MostRedirects = 5;
    private const int MostAddresses = 6;
    private const int MaxHeaderKilobytes = 32;

    // Headers, chunk marks and what a compressor adds to what it cannot compress.
    private const long EnvelopeBytes = 256 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly ProductInfoHeaderValue Agent = new("Chancery", "1.0");

    private readonly TimeSpan _mostTime;
    private readonly TimeProvider _time;

    public GuardedHttp(IOptions<GuardedHttpOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        Rules = new GuardedAddress(options.Value);
        _mostTime = TimeSpan.FromSeconds(options.Value.Seconds);
        _time = time;
    }

    /// <summary>For whoever wants to refuse an address before it is fetched.</summary>
    public GuardedAddress Rules { get; }

    /// <summary>How names become addresses.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } =
        static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);

    /// <summary>How a connection is made, once its address was found good.</summary>
    internal Func<IPEndPoint, CancellationToken, Task<NetworkStream>> Connect { get; init; } = ConnectAsync;

    /// <summary>
    /// Follows redirects, each of them checked like the first address, to an answer that is none; its body is not read yet. Sends
    /// instead, where there is something to send.
    /// </summary>
    /// <exception cref="GuardedHttpException">It came to no answer. Also thrown while the body is read.</exception>
    public async Task<GuardedAnswer> GetAsync(GuardedRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var deadline = new CancellationTokenSource(_mostTime, _time);
        try
        {
            return await FollowAsync(request, deadline, cancellationToken);
        }
        catch (Exception exception)
        {
            deadline.Dispose();
            if (exception is GuardedHttpException || cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw FailureOf(exception);
        }
    }

    /// <summary>What a fault below means for the fetch.</summary>
    internal static GuardedHttpException FailureOf(Exception fault)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case GuardedHttpException ours:
                    return ours;
                case OperationCanceledException or TimeoutException:
                    return new GuardedHttpException(GuardedFailure.TooSlow, fault);
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return new GuardedHttpException(GuardedFailure.Tls, fault);
                case HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }:
                    return new GuardedHttpException(GuardedFailure.TooLarge, fault);
                case SocketException
                    when fault is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }:
                    return new GuardedHttpException(GuardedFailure.Unreachable, fault);
            }
        }

        return new GuardedHttpException(GuardedFailure.Broken, fault);
    }

    private async Task<GuardedAnswer> FollowAsync(
        GuardedRequest request,
        CancellationTokenSource deadline,
        CancellationToken cancellationToken
    )
    {
        var (address, failure) = Rules.Check(request.Address.OriginalString);
        var seen = new HashSet<Uri>();
        for (var hop = 0; ; hop++)
        {
            if (address is null)
            {
                throw new GuardedHttpException(failure!.Value);
            }

            if (hop > MostRedirects || !seen.Add(address))
            {
                throw new GuardedHttpException(GuardedFailure.RedirectLoop);
            }

            var answer = await CallAsync(address, request, deadline, cancellationToken);
            if (!IsRedirect(answer.Status))
            {
                return answer;
            }

            await using (answer)
            {
                (address, failure) = request.Post is null ? Target(answer) : (null, GuardedFailure.RedirectTarget);
            }
        }
    }

    private (Uri? Address, GuardedFailure? Failure) Target(GuardedAnswer answer)
    {
        // The text, not the header's parsed form: one parser decides.
        var location = answer.Location;
        if (string.IsNullOrEmpty(location))
        {
            return (null, GuardedFailure.RedirectTarget);
        }

        var (address, failure) = Rules.Check(location, answer.Address);
        return (
            address,
            failure is GuardedFailure.Address or GuardedFailure.Inside ? GuardedFailure.RedirectTarget : failure
        );
    }

    private async Task<GuardedAnswer> CallAsync(
        Uri address,
        GuardedRequest request,
        CancellationTokenSource deadline,
        CancellationToken cancellationToken
    )
    {
#pragma warning disable RS0030 // This is the place that the rule sends everybody to.
        var invoker = new HttpMessageInvoker(Handler(address, request.MaxBytes, deadline.Token));
#pragma warning restore RS0030
        HttpResponseMessage? response = null;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
            using var message = Message(address, request);
            response = await invoker.SendAsync(message, either.Token);
            var body = await response.Content.ReadAsStreamAsync(either.Token);
            // A redirect's answer does not end the deadline, which is the whole fetch's.
            return IsRedirect(response.StatusCode)
                ? new GuardedAnswer(address, response, body, invoker)
                : new GuardedAnswer(
                    address,
                    response,
                    new LimitedStream(body, request.MaxBytes, deadline.Token),
                    invoker,
                    deadline
                );
        }
        catch
        {
            response?.Dispose();
            invoker.Dispose();
            throw;
        }
    }

    private static HttpRequestMessage Message(Uri address, GuardedRequest request)
    {
        var message = new HttpRequestMessage(request.Post is null ? HttpMethod.Get : HttpMethod.Post, address)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.UserAgent.Add(Agent);
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        if (request.Post is { } post)
        {
            message.Content = new ReadOnlyMemoryContent(post.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(post.MediaType);
            foreach (var (name, value) in post.Headers)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (request.Validators is { } known && known.Address == address)
        {
            if (known.ETag is { Length: > 0 } tag)
            {
                message.Headers.TryAddWithoutValidation("If-None-Match", tag);
            }

            message.Headers.IfModifiedSince = known.LastModified;
        }

        return message;
    }

    private SocketsHttpHandler Handler(Uri address, long maxBytes, CancellationToken deadline) =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.All,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectTimeout = ConnectTimeout,
            SslOptions = new SslClientAuthenticationOptions
            {
                // A certificate may name places to download others from: addresses of the same stranger.
                CertificateChainPolicy = new X509ChainPolicy
                {
                    DisableCertificateDownloads = true,
                    RevocationMode = X509RevocationMode.NoCheck,
                },
                AllowTlsResume = false,
            },
            ConnectCallback = async (_, cancellationToken) =>
                new LimitedStream(await DialAsync(address, cancellationToken), maxBytes + EnvelopeBytes, deadline),
        };

    /// <summary>Resolves once, and connects to the first address that is good and answers.</summary>
    private async Task<NetworkStream> DialAsync(Uri address, CancellationToken cancellationToken)
    {
        var isAllowed = Rules.IsAllowed(address);
        var found = await ResolveAsync(GuardedAddress.HostOf(address), cancellationToken);
        var good = found.Where(candidate => isAllowed || PublicAddress.Is(candidate)).Take(MostAddresses).ToArray();
        if (good.Length == 0)
        {
            throw new GuardedHttpException(GuardedFailure.NotPublic);
        }

        for (var i = 0; ; i++)
        {
            try
            {
                var stream = await Connect(new IPEndPoint(good[i], address.Port), cancellationToken);
                if (isAllowed || !IsOurselves(stream.Socket))
                {
                    return stream;
                }

                await stream.DisposeAsync();
                throw new GuardedHttpException(GuardedFailure.NotPublic);
            }
            catch (SocketException) when (i < good.Length - 1)
            {
                // The next one may answer.
            }
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await Resolve(host, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new GuardedHttpException(
                exception.SocketErrorCode is SocketError.TryAgain
                    ? GuardedFailure.NameService
                    : GuardedFailure.NotPublic,
                exception
            );
        }
    }

    private static async Task<NetworkStream> ConnectAsync(IPEndPoint end, CancellationToken cancellationToken)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(end, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A public address of this very machine leads past its firewall.</summary>
    private static bool IsOurselves(Socket socket) =>
        socket.LocalEndPoint is IPEndPoint local
        && socket.RemoteEndPoint is IPEndPoint remote
        && local.Address.Equals(remote.Address);

    private static bool IsRedirect(HttpStatusCode status) =>
        status
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.PermanentRedirect;
}
