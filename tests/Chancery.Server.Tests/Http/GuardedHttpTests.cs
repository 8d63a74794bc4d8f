using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Chancery.Server.Platform.Http;
using Chancery.Testing.Web;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Http;

public sealed class GuardedHttpTests
{
    private static readonly IPAddress Public = IPAddress.Parse("93.184.216.34");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_of_the_collected_attacks_leads_to_a_connection_inside()
    {
        var dialled = new List<IPEndPoint>();
        var http = Http(
            new GuardedHttpOptions(),
            // What the names of the collection resolve to when an attacker owns them.
            (host, _) =>
                Task.FromResult<IPAddress[]>(
                    host.EndsWith("google.com", StringComparison.Ordinal)
                        ? [Public]
                        : [IPAddress.Parse("169.254.169.254")]
                ),
            (end, _) =>
            {
                dialled.Add(end);
                throw new SocketException((int)SocketError.ConnectionRefused);
            }
        );
        var odd = OddNotations
            .Of(127, 0, 0, 1)
            .Concat(OddNotations.Of(169, 254, 169, 254))
            .Concat(OddNotations.Inside6);
        var attacks = OddNotations.Collected().Concat(odd.Select(host => $"http://{host}/latest/meta-data/")).ToList();

        var answered = new List<string>();
        foreach (var attack in attacks)
        {
            var (address, _) = http.Rules.Check(attack);
            if (address is not null && await FailureAsync(http, address.OriginalString) is GuardedFailure.Broken)
            {
                answered.Add(attack);
            }
        }

        Assert.Empty(answered);
        Assert.All(dialled, end => Assert.True(PublicAddress.Is(end.Address) && end.Port is 80 or 443, $"{end}"));
        Assert.True(attacks.Count > 90, $"Only {attacks.Count} attacks were found.");
    }

    [Fact]
    public void No_commonly_open_port_but_those_of_the_web_may_be_called()
    {
        var rules = new GuardedAddress(new GuardedHttpOptions());
        var ports = OddNotations.CollectedPorts().ToList();

        var open = ports.Where(port => rules.Check($"http://example.com:{port}/").Failure is null).Distinct().Order();

        Assert.True(ports.Count > 1000);
        Assert.Equal([80, 443], open);
    }

    [Fact]
    public async Task A_name_is_asked_for_once_and_the_connection_goes_to_the_address_that_was_looked_at()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/", new WebReply("hello"));
        var answers = new Queue<IPAddress>([Public, IPAddress.Loopback, IPAddress.Loopback]);
        var dialled = new List<IPEndPoint>();
        var http = Http(
            new GuardedHttpOptions(),
            (_, _) => Task.FromResult<IPAddress[]>([answers.Dequeue()]),
            (end, cancellationToken) =>
            {
                dialled.Add(end);
                return FromElsewhereAsync(web, cancellationToken);
            }
        );

        var text = await TextAsync(http, "http://rebinding.example.com/");

        Assert.Equal("hello", text);
        Assert.Equal(2, answers.Count);
        Assert.Equal(new IPEndPoint(Public, 80), Assert.Single(dialled));
        Assert.Equal("rebinding.example.com", Assert.Single(web.Requests).Header("Host"));
    }

    [Fact]
    public async Task Of_many_addresses_only_the_public_ones_are_tried_in_turn()
    {
        var dialled = new List<IPEndPoint>();
        var http = Http(
            new GuardedHttpOptions(),
            (_, _) =>
                Task.FromResult<IPAddress[]>([
                    IPAddress.Loopback,
                    Public,
                    IPAddress.IPv6Loopback,
                    IPAddress.Parse("8.8.8.8"),
                ]),
            (end, _) =>
            {
                dialled.Add(end);
                throw new SocketException((int)SocketError.HostUnreachable);
            }
        );

        Assert.Equal(GuardedFailure.Unreachable, await FailureAsync(http, "https://mixed.example.com/"));
        Assert.Equal([Public, IPAddress.Parse("8.8.8.8")], dialled.Select(end => end.Address));
    }

    [Theory]
    [InlineData(SocketError.HostNotFound, GuardedFailure.NotPublic)]
    [InlineData(SocketError.NoData, GuardedFailure.NotPublic)]
    [InlineData(SocketError.TryAgain, GuardedFailure.NameService)]
    public async Task A_name_that_does_not_exist_is_told_like_one_that_leads_inside(
        SocketError error,
        GuardedFailure expected
    )
    {
        var unknown = Http(new GuardedHttpOptions(), (_, _) => throw new SocketException((int)error));
        var inside = Http(
            new GuardedHttpOptions(),
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")])
        );

        Assert.Equal(expected, await FailureAsync(unknown, "http://db.example.com/"));
        Assert.Equal(GuardedFailure.NotPublic, await FailureAsync(inside, "http://db.example.com/"));
    }

    [Fact]
    public async Task An_address_of_this_machine_is_refused_even_when_it_looks_public()
    {
        await using var web = ScriptedWebServer.Start();
        var http = Http(
            new GuardedHttpOptions(),
            (_, _) => Task.FromResult<IPAddress[]>([Public]),
            async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, web.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
        );

        Assert.Equal(GuardedFailure.NotPublic, await FailureAsync(http, "http://ourselves.example.com/"));
        Assert.Empty(web.Requests);
    }

    [Fact]
    public async Task Every_redirect_is_checked_anew()
    {
        await using var inside = ScriptedWebServer.Start();
        inside.Serves("/latest/meta-data/", new WebReply("a secret"));
        await using var web = ScriptedWebServer.Start();
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort }, NoNames);
        var targets = OddNotations
            .Collected()
            .Concat(OddNotations.Of(127, 0, 0, 1).Select(host => $"http://{host}:{inside.Port}/latest/meta-data/"))
            .Append($"//127.0.0.1:{inside.Port}/latest/meta-data/")
            .Append("file:///etc/passwd")
            .Append("ftp://example.com/")
            .Append($"http://user@127.0.0.1:{web.Port}/ok")
            .ToList();
        var statuses = new[] { 301, 302, 303, 307, 308 };

        var followed = new List<string>();
        for (var i = 0; i < targets.Count; i++)
        {
            web.Serves("/go", WebReply.Redirect(targets[i], statuses[i % statuses.Length]));
            var failure = await FailureAsync(http, web.AddressOf("/go"));
            if (failure is not (GuardedFailure.NotPublic or GuardedFailure.RedirectTarget or GuardedFailure.Port))
            {
                followed.Add($"{targets[i]}: {failure}");
            }
        }

        Assert.Empty(followed);
        Assert.Equal(0, inside.Connections);
    }

    [Fact]
    public async Task Redirects_are_followed_a_few_times_and_never_in_a_circle()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/1", WebReply.Redirect("/2", 301))
            .Serves("/2", WebReply.Redirect("3?x=1", 307))
            .Serves("/3", new WebReply("there"))
            .Serves("/round", WebReply.Redirect("/round"))
            .Serves("/on", request => WebReply.Redirect("/on?" + request.Target.Length))
            .Serves("/nowhere", new WebReply("") { Status = 302 });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        await using (var answer = await GetAsync(http, web.AddressOf("/1")))
        {
            Assert.Equal(web.AddressOf("/3?x=1"), answer.Address.AbsoluteUri);
        }

        Assert.Equal(GuardedFailure.RedirectLoop, await FailureAsync(http, web.AddressOf("/round")));
        Assert.Equal(GuardedFailure.RedirectLoop, await FailureAsync(http, web.AddressOf("/on")));
        Assert.Equal(GuardedFailure.RedirectTarget, await FailureAsync(http, web.AddressOf("/nowhere")));
        Assert.True(web.Connections < 20, $"{web.Connections} connections");
    }

    [Fact]
    public async Task Nothing_of_ours_is_taken_along()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/set", new WebReply("") { Status = 302, Headers = [("Set-Cookie", "a=b"), ("Location", "/get")] });
        web.Serves("/get", new WebReply("got"));
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });
        using var activity = new System.Diagnostics.Activity("request").Start();

        await TextAsync(http, web.AddressOf("/set"));

        Assert.Equal(2, web.Requests.Count);
        Assert.All(
            web.Requests,
            request =>
                Assert.Equal(
                    ["Accept", "Accept-Encoding", "Host", "User-Agent"],
                    request.Headers.Keys.Order(StringComparer.Ordinal)
                )
        );
    }

    [Fact]
    public async Task Validators_are_shown_to_the_address_that_gave_them_only()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/moved", WebReply.Redirect("/file")).Serves("/file", WebReply.Failing(304));
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });
        var request = new GuardedRequest(new Uri(web.AddressOf("/moved")), "*/*", 1000)
        {
            Validators = new Validators(
                new Uri(web.AddressOf("/file")),
                "\"v1\"",
                new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)
            ),
        };

        await using var answer = await http.GetAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NotModified, answer.Status);
        Assert.Null(web.Requests[0].Header("If-None-Match"));
        Assert.Equal("\"v1\"", web.Requests[1].Header("If-None-Match"));
        Assert.Equal("Fri, 02 Jan 2026 03:04:05 GMT", web.Requests[1].Header("If-Modified-Since"));
    }

    [Fact]
    public async Task What_is_sent_is_sent_to_one_address_and_follows_no_redirect()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/here", new WebReply("")).Serves("/moved", WebReply.Redirect("/here", 307));
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });
        var post = new GuardedPost("{}"u8.ToArray(), new Dictionary<string, string> { ["X-Mark"] = "it" });

        await using (
            var answer = await http.GetAsync(
                new GuardedRequest(new Uri(web.AddressOf("/here")), "*/*", 1000) { Post = post },
                Cancel
            )
        )
        {
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        }

        var refused = await Assert.ThrowsAsync<GuardedHttpException>(() =>
            http.GetAsync(new GuardedRequest(new Uri(web.AddressOf("/moved")), "*/*", 1000) { Post = post }, Cancel)
        );
        Assert.Equal(GuardedFailure.RedirectTarget, refused.Failure);
        Assert.Equal(["it", "it"], web.Requests.Select(request => request.Header("X-Mark")));
    }

    [Fact]
    public async Task A_compression_bomb_ends_at_the_limit()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/bomb", Compressed(new byte[40_000_000]));
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        Assert.Equal(GuardedFailure.TooLarge, await FailureAsync(http, web.AddressOf("/bomb"), maxBytes: 1_000_000));
    }

    [Fact]
    public async Task What_unpacks_to_nothing_ends_by_what_came_over_the_wire()
    {
        await using var web = ScriptedWebServer.Start();
        byte[] begin = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        byte[] emptyBlock = [0, 0, 0, 0xff, 0xff];
        var head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"u8;
        web.Serves("/nothing", new WebReply("") { Raw = [.. head, .. begin, .. Many(emptyBlock, 200_000)] });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        Assert.Equal(GuardedFailure.TooLarge, await FailureAsync(http, web.AddressOf("/nothing"), maxBytes: 100_000));
    }

    [Fact]
    public async Task A_body_without_an_end_and_headers_without_an_end_are_cut()
    {
        await using var web = ScriptedWebServer.Start();
        var header = Encoding.ASCII.GetBytes($"X: {new string('a', 1000)}\r\n");
        var early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"u8.ToArray();
        web.Serves("/body", new WebReply(new string('a', 50_000)) { IsEndless = true })
            .Serves("/headers", new WebReply("") { Raw = [.. "HTTP/1.1 200 OK\r\n"u8, .. Many(header, 2000)] })
            .Serves("/early", new WebReply("") { Raw = Many(early, 20_000) });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        Assert.Equal(GuardedFailure.TooLarge, await FailureAsync(http, web.AddressOf("/body"), maxBytes: 1_000_000));
        Assert.Equal(GuardedFailure.TooLarge, await FailureAsync(http, web.AddressOf("/headers"), maxBytes: 100_000));
        Assert.Equal(GuardedFailure.TooLarge, await FailureAsync(http, web.AddressOf("/early"), maxBytes: 100_000));
    }

    [Fact]
    public async Task Whoever_is_slow_is_left_when_the_time_is_up()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/silent", new WebReply("late") { BeforeFirstByte = TimeSpan.FromMinutes(5) })
            .Serves("/drip", new WebReply(new string('a', 10_000)) { BetweenBytes = TimeSpan.FromMilliseconds(20) });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort, Seconds = 1 });

        var failures = await Task.WhenAll(
            FailureAsync(http, web.AddressOf("/silent")),
            FailureAsync(http, web.AddressOf("/drip"))
        );

        Assert.Equal([GuardedFailure.TooSlow, GuardedFailure.TooSlow], failures);
    }

    [Fact]
    public async Task Whoever_asked_and_leaves_is_obeyed_at_once()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/silent", new WebReply("late") { BeforeFirstByte = TimeSpan.FromMinutes(5) });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var asking = http.GetAsync(new GuardedRequest(new Uri(web.AddressOf("/silent")), "*/*", 100), leaving.Token);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task What_breaks_off_or_is_no_http_is_broken()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/reset", new WebReply(new string('a', 10_000)) { BreaksAfter = 100 })
            .Serves("/no-http", new WebReply("") { Raw = "SSH-2.0-OpenSSH_9.6\r\n"u8.ToArray() })
            .Serves("/nothing", new WebReply("") { Raw = [] })
            .Serves("/bad-gzip", new WebReply("no gzip") { Headers = [("Content-Encoding", "gzip")] });
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        foreach (var path in new[] { "/reset", "/no-http", "/nothing", "/bad-gzip" })
        {
            Assert.Equal(GuardedFailure.Broken, await FailureAsync(http, web.AddressOf(path)));
        }
    }

    [Fact]
    public async Task A_certificate_that_does_not_hold_ends_it_and_is_not_completed_from_where_it_says()
    {
        await using var issuers = ScriptedWebServer.Start();
        await using var web = ScriptedWebServer.Start(SelfMade(issuers.AddressOf("/issuer.crt")));
        web.Serves("/", new WebReply("secret"));
        var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

        Assert.Equal(GuardedFailure.Tls, await FailureAsync(http, web.AddressOf("/")));
        Assert.Empty(web.Requests);
        Assert.Equal(0, issuers.Connections);
    }

    [Fact]
    public async Task The_environments_proxy_is_not_used()
    {
        await using var proxy = ScriptedWebServer.Start();
        await using var web = ScriptedWebServer.Start();
        web.Serves("/", new WebReply("direct"));
        var before = Environment.GetEnvironmentVariable("http_proxy");
        Environment.SetEnvironmentVariable("http_proxy", $"http://{proxy.HostAndPort}");
        try
        {
            var http = Http(new GuardedHttpOptions { Allow = web.HostAndPort });

            Assert.Equal("direct", await TextAsync(http, web.AddressOf("/")));
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", before);
        }

        Assert.Equal(0, proxy.Connections);
    }

    private static GuardedHttp Http(
        GuardedHttpOptions options,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null,
        Func<IPEndPoint, CancellationToken, Task<NetworkStream>>? connect = null
    )
    {
        var real = new GuardedHttp(Options.Create(options), TimeProvider.System);
        return new GuardedHttp(Options.Create(options), TimeProvider.System)
        {
            Resolve = resolve ?? real.Resolve,
            Connect = connect ?? real.Connect,
        };
    }

    private static Task<IPAddress[]> NoNames(string host, CancellationToken cancellationToken) =>
        Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254")]);

    /// <summary>From another loopback address, as if the server were another machine.</summary>
    private static async Task<NetworkStream> FromElsewhereAsync(
        ScriptedWebServer web,
        CancellationToken cancellationToken
    )
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await socket.ConnectAsync(IPAddress.Loopback, web.Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static Task<GuardedAnswer> GetAsync(GuardedHttp http, string address, long maxBytes = 1_000_000) =>
        http.GetAsync(new GuardedRequest(new Uri(address), "*/*", maxBytes), Cancel);

    private static async Task<string> TextAsync(GuardedHttp http, string address, long maxBytes = 1_000_000)
    {
        await using var answer = await GetAsync(http, address, maxBytes);
        using var reader = new StreamReader(answer.Body);
        return await reader.ReadToEndAsync(Cancel);
    }

    /// <summary>Null when it came to an end.</summary>
    private static async Task<GuardedFailure?> FailureAsync(GuardedHttp http, string address, long maxBytes = 1_000_000)
    {
        try
        {
            await TextAsync(http, address, maxBytes);
            return null;
        }
        catch (GuardedHttpException exception)
        {
            return exception.Failure;
        }
    }

    private static WebReply Compressed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return new WebReply(packed.ToArray()) { Headers = [("Content-Encoding", "gzip")] };
    }

    private static byte[] Many(byte[] part, int times) =>
        [.. Enumerable.Repeat(part, times).SelectMany(bytes => bytes)];

    private static X509Certificate2 SelfMade(string issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuer]));
        var now = TimeProvider.System.GetUtcNow();
        using var authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = request.Create(
            new X500DistinguishedName("CN=Nobody"),
            X509SignatureGenerator.CreateForECDsa(authority),
            now.AddDays(-1),
            now.AddDays(1),
            [1, 2, 3]
        );
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
