using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Chancery.Testing.Web;

/// <summary>
/// A web server on a free loopback port that does what a test tells it to, down to the byte: it speaks HTTP itself, so that it
/// can speak it badly. One request for each connection. Safe for concurrent use; the script may be changed at any time.
/// </summary>
/// <example>
/// <code>
/// await using var web = ScriptedWebServer.Start();
/// web.Serves("/handbook.md", new WebReply("# Handbook"));
/// </code>
/// </example>
public sealed class ScriptedWebServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<WebRequest> _requests = new();
    private readonly ConcurrentDictionary<string, Func<WebRequest, WebReply>> _paths = new(StringComparer.Ordinal);
    private readonly X509Certificate2? _certificate;
    private readonly Task _serving;
    private int _connections;

    private ScriptedWebServer(X509Certificate2? certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>For the setting that lets the server fetch from here.</summary>
    public string HostAndPort => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public IReadOnlyList<WebRequest> Requests => [.. _requests];

    /// <summary>How often somebody connected.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <param name="certificate">Speaks TLS with it.</param>
    public static ScriptedWebServer Start(X509Certificate2? certificate = null) => new(certificate);

    public string AddressOf(string path) => $"{(_certificate is null ? "http" : "https")}://{HostAndPort}{path}";

    /// <summary>Answers this path so; all others with 404.</summary>
    public ScriptedWebServer Serves(string path, WebReply reply) => Serves(path, _ => reply);

    public ScriptedWebServer Serves(string path, Func<WebRequest, WebReply> reply)
    {
        _paths[path] = reply;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _serving;
        _closing.Dispose();
        _certificate?.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_closing.Token);
                _ = Task.Run(() => AnswerAsync(client));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        Interlocked.Increment(ref _connections);
        using (client)
        {
            try
            {
                await using var stream = await OpenAsync(client);
                if (await ReadAsync(stream) is { } request)
                {
                    _requests.Enqueue(request);
                    var reply = _paths.TryGetValue(request.Path, out var behaviour)
                        ? behaviour(request)
                        : WebReply.Failing(404);
                    await WriteAsync(client, stream, reply);
                }
            }
            catch (Exception exception)
                when (exception
                        is OperationCanceledException
                            or IOException
                            or SocketException
                            or AuthenticationException
                )
            {
                // The client left, which many tests want.
            }
        }
    }

    private async Task<Stream> OpenAsync(TcpClient client)
    {
        client.NoDelay = true;
        var plain = client.GetStream();
        if (_certificate is null)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                // Offline: this side would complete the chain, too.
                ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true),
            },
            _closing.Token
        );
        return secure;
    }

    private async Task<WebRequest?> ReadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _closing.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(':', 2))
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
        return new WebRequest(first[0], first[1], headers);
    }

    private async Task WriteAsync(TcpClient client, Stream stream, WebReply reply)
    {
        await Task.Delay(reply.BeforeFirstByte, _closing.Token);
        if (reply.Raw is not null)
        {
            await stream.WriteAsync(reply.Raw, _closing.Token);
            return;
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(HeadOf(reply)), _closing.Token);
        do
        {
            await WriteBodyAsync(stream, reply);
        } while (reply.IsEndless);

        if (reply.BreaksAfter is not null)
        {
            // No farewell: the other side sees a reset.
            client.LingerState = new LingerOption(true, 0);
        }
    }

    private async Task WriteBodyAsync(Stream stream, WebReply reply)
    {
        var body = reply.Body.AsMemory(0, reply.BreaksAfter ?? reply.Body.Length);
        if (reply.BetweenBytes == TimeSpan.Zero)
        {
            await stream.WriteAsync(body, _closing.Token);
            return;
        }

        for (var i = 0; i < body.Length; i++)
        {
            await stream.WriteAsync(body.Slice(i, 1), _closing.Token);
            await Task.Delay(reply.BetweenBytes, _closing.Token);
        }
    }

    private static string HeadOf(WebReply reply)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {reply.Status} Scripted\r\nConnection: close\r\n");
        if (reply.ContentType is not null && reply.Status != 304)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {reply.ContentType}\r\n");
        }

        if (!reply.IsEndless && reply.Status != 304)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {reply.Body.Length}\r\n");
        }

        foreach (var (name, value) in reply.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return head.Append("\r\n").ToString();
    }
}
