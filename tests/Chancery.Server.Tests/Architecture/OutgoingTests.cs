using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

/// <summary>Whatever can connect to somewhere is made in a few places, each of which was looked at.</summary>
public sealed partial class OutgoingTests
{
    private static readonly Dictionary<string, string> Known = new()
    {
        ["Platform/Http/GuardedHttp.cs"] = "addresses of strangers, checked and connected to as checked",
        ["Platform/Http/OperatorHttp.cs"] = "addresses that the operator configured",
        ["Platform/Engines/RedisEngine.cs"] = "the private engine, on loopback",
        ["Platform/Tls/TlsProbe.cs"] = "the operator's own engines, to say what is wrong with their certificates",
        ["Platform/Telemetry/Metrics/DogStatsDBackend.cs"] = "datagrams to the agent that the operator named",
        ["Access/Mail/SmtpMailSender.cs"] = "the mail server that the operator named",
        ["Commands/Doctor/StorageChecks.cs"] = "the operator's own engines, from the command line",
        ["Commands/Remote/ServerSession.cs"] = "the server that somebody at a terminal named",
    };

    [Fact]
    public void Nothing_connects_but_the_two_clients_and_what_is_known_to_stay_at_home()
    {
        var found = SourceTree
            .CSharp("src", "Chancery.Server")
            .Where(file => Connects().IsMatch(SourceTree.WithoutComments(file.Text)))
            .Select(file => file.Path.Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.Equal(Known.Keys.Order(StringComparer.Ordinal), found);
    }

    [Theory]
    [InlineData("Chancery.Documents")]
    [InlineData("Chancery.Models")]
    [InlineData("Chancery.Search")]
    public void A_library_connects_to_nothing_by_itself(string library)
    {
        var found = SourceTree
            .CSharp("src", library)
            .Where(file => Connects().IsMatch(SourceTree.WithoutComments(file.Text)))
            .Select(file => file.Path);

        Assert.Empty(found);
    }

    [GeneratedRegex(
        @"new\s+(HttpClient|HttpMessageInvoker|SocketsHttpHandler|HttpClientHandler|TcpClient|UdpClient|Socket|ClientWebSocket|"
            + @"SmtpClient|QuicConnection)\s*\(|\bSocketsHttpHandler\s+\w+\s*=\s*new\(|\bWebRequest\.|\bWebClient\b|\bFtpWebRequest\b"
    )]
    private static partial Regex Connects();
}
