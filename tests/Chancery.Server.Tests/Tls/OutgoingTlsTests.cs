using Chancery.Server.Commands.Doctor;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry.Metrics;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.Tls;

/// <summary>What the server shows to endpoints that ask for certificates, and whom it calls at all. The endpoint is the product itself.</summary>
public sealed class OutgoingTlsTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData("right", true)]
    [InlineData("of an intermediate", true)]
    [InlineData("none", false)]
    [InlineData("of another authority", false)]
    [InlineData("expired", false)]
    [InlineData("not begun", false)]
    [InlineData("for servers", false)]
    public async Task An_endpoint_that_wants_a_certificate_lets_in_who_shows_a_right_one(string which, bool letsIn)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);
        using var stranger = new TestAuthority("Somebody else");
        await using var endpoint = await RequiringAsync(files, authority);
        using var own = which switch
        {
            "none" => null,
            "of an intermediate" => between.Issue("billing"),
            "of another authority" => stranger.Issue("billing"),
            "expired" => authority.Issue("billing", to: Now.AddDays(-1)),
            "not begun" => authority.Issue("billing", from: Now.AddDays(1)),
            "for servers" => authority.Issue("billing", TestAuthority.ForServers),
            _ => authority.Issue("billing"),
        };
        var (certificate, key) = own is null ? (null, null) : ((string?, string?))files.Write("own", own, between.Pem);

        using var http = new OperatorHttp(
            OutgoingTls.Read(Settings(certificate, key, files.Write("vouching.pem", authority.Pem)))
        );

        Assert.Equal(letsIn, await MutualTlsServer.AnswersAsync(http.Client, endpoint.Address));
    }

    [Fact]
    public async Task An_endpoint_of_an_authority_that_nobody_named_is_not_called_and_the_log_says_why_once()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority("Somebody else");
        using var own = authority.Issue("billing");
        await using var endpoint = await RequiringAsync(files, authority);
        var (certificate, key) = files.Write("own", own);
        var said = new Said();
        using var http = new OperatorHttp(
            OutgoingTls.Read(Settings(certificate, key, files.Write("vouching.pem", stranger.Pem))),
            () => said
        );
        using var plain = new OperatorHttp(OutgoingTls.Read(Settings(certificate, key, null)), () => said);

        Assert.False(await MutualTlsServer.AnswersAsync(http.Client, endpoint.Address));
        Assert.False(await MutualTlsServer.AnswersAsync(http.Client, endpoint.Address));
        Assert.Contains("127.0.0.1 does not count", Assert.Single(said.Lines), StringComparison.Ordinal);

        Assert.False(await MutualTlsServer.AnswersAsync(plain.Client, endpoint.Address));
        Assert.Contains("this machine's authorities do not vouch for it", said.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_with_another_name_than_its_address_is_not_called()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var own = authority.Issue("billing");
        await using var endpoint = await RequiringAsync(files, authority);
        var (certificate, key) = files.Write("own", own);
        var said = new Said();
        using var http = new OperatorHttp(
            OutgoingTls.Read(Settings(certificate, key, files.Write("vouching.pem", authority.Pem))),
            () => said
        );
        var port = new Uri(endpoint.Address).Port;

        // Its certificate names localhost and 127.0.0.1.
        Assert.False(await MutualTlsServer.AnswersAsync(http.Client, $"https://127.0.0.2:{port}"));
        Assert.True(await MutualTlsServer.AnswersAsync(http.Client, endpoint.Address));
    }

    [Fact]
    public async Task Renewed_files_count_for_the_calls_after_and_broken_ones_leave_what_was_before()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority("Somebody else");
        using var expired = authority.Issue("billing", to: Now.AddDays(-1));
        using var right = authority.Issue("billing");
        await using var endpoint = await RequiringAsync(files, authority);
        var (certificate, key) = files.Write("own", expired);
        var vouching = files.Write("vouching.pem", stranger.Pem);
        var clock = new MovedClock();
        var said = new Said();
        using var http = new OperatorHttp(OutgoingTls.Read(Settings(certificate, key, vouching), clock), () => said);
        async Task<bool> LaterAsync()
        {
            clock.Ahead += TimeSpan.FromSeconds(5);
            return await MutualTlsServer.AnswersAsync(http.Client, endpoint.Address);
        }

        Assert.False(await LaterAsync());
        files.Write("vouching.pem", authority.Pem);
        Assert.False(await LaterAsync());
        files.Write("own", right);
        Assert.True(await LaterAsync());
        files.Write("own.key", "half of a key");
        Assert.True(await LaterAsync());
        files.Write("own", expired);
        Assert.False(await LaterAsync());

        Assert.Contains(said.Lines, line => line.Contains("OUTGOING_CA_FILE was read again", StringComparison.Ordinal));
        Assert.Contains(
            said.Lines,
            line =>
                line.Contains(
                    "OUTGOING_CERT_FILE and OUTGOING_KEY_FILE changed and cannot be used",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task The_figures_say_until_when_what_is_shown_counts_and_whether_newer_files_cannot_be_used()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        var ends = Now.AddDays(9);
        using var own = authority.Issue("billing", to: ends);
        var (certificate, key) = files.Write("own", own);
        await using var server = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("OUTGOING_CERT_FILE", certificate),
            ("OUTGOING_KEY_FILE", key),
            ("OUTGOING_CA_FILE", files.Write("vouching.pem", authority.Pem))
        );
        const string unusable = "chancery_tls_files_unusable{kind=\"outgoing\"}";

        Assert.Contains(
            $"chancery_tls_end_timestamp_seconds{{kind=\"outgoing\"}} {ends.ToUnixTimeSeconds()}",
            Figures(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "chancery_tls_end_timestamp_seconds{kind=\"outgoing_authorities\"}",
            Figures(),
            StringComparison.Ordinal
        );
        Assert.Contains($"{unusable} 0", Figures(), StringComparison.Ordinal);

        files.Write("own.key", "half of a key");
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(Figures().Contains($"{unusable} 1", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(30)
        );

        string Figures() => PrometheusText.Write(server.Services.GetRequiredService<MetricsCollector>().Read());
    }

    [Fact]
    public async Task The_server_calls_by_its_settings()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var own = authority.Issue("billing");
        await using var endpoint = await RequiringAsync(files, authority);
        var (certificate, key) = files.Write("own", own);
        await using var caller = await MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("OUTGOING_CERT_FILE", certificate),
            ("OUTGOING_KEY_FILE", key),
            ("OUTGOING_CA_FILE", files.Write("vouching.pem", authority.Pem))
        );
        await using var without = await MutualTlsServer.StartAsync(chancery, files, authority);

        Assert.True(
            await MutualTlsServer.AnswersAsync(
                caller.Services.GetRequiredService<OperatorHttp>().Client,
                endpoint.Address
            )
        );
        Assert.False(
            await MutualTlsServer.AnswersAsync(
                without.Services.GetRequiredService<OperatorHttp>().Client,
                endpoint.Address
            )
        );
    }

    [Theory]
    [InlineData(true, false, "OUTGOING_KEY_FILE: is missing, though OUTGOING_CERT_FILE is set")]
    [InlineData(false, true, "OUTGOING_CERT_FILE: is missing, though OUTGOING_KEY_FILE is set")]
    public void Half_of_a_certificate_is_refused_with_the_other_halfs_name(
        bool withCertificate,
        bool withKey,
        string why
    )
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var own = authority.Issue("billing");
        var (certificate, key) = files.Write("own", own);

        var fault = Assert.Throws<SettingException>(() =>
            OutgoingTls.Read(Settings(withCertificate ? certificate : null, withKey ? key : null, null))
        );

        Assert.Equal(why, fault.Message);
    }

    [Theory]
    [InlineData(90, Verdict.Good)]
    [InlineData(3, Verdict.Weak)]
    [InlineData(-1, Verdict.Bad)]
    public void The_doctor_tells_when_it_ends(int days, Verdict verdict)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var own = authority.Issue("billing", to: Now.AddDays(days));
        var (certificate, key) = files.Write("own", own);

        var finding = Assert.Single(new OutgoingChecks(Settings(certificate, key, null), TimeProvider.System).Run());
        var broken = Assert.Single(
            new OutgoingChecks(Settings(null, null, files.Write("none.pem", "nothing")), TimeProvider.System).Run()
        );

        Assert.Equal(verdict, finding.Verdict);
        Assert.Equal(Verdict.Bad, broken.Verdict);
        Assert.Contains("OUTGOING_CA_FILE", broken.Found, StringComparison.Ordinal);
        Assert.Empty(new OutgoingChecks(Settings(null, null, null), TimeProvider.System).Run());
    }

    private Task<MutualTlsServer> RequiringAsync(RenewedFolder files, TestAuthority authority) =>
        MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            ("MTLS", "required"),
            ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem))
        );

    private static IConfigurationRoot Settings(string? certificate, string? key, string? authorities) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["OUTGOING_CERT_FILE"] = certificate,
                    ["OUTGOING_KEY_FILE"] = key,
                    ["OUTGOING_CA_FILE"] = authorities,
                }
            )
            .Build();

    private sealed class Said : ILogger, ILoggerFactory
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) { }

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            lock (Lines)
            {
                Lines.Add(formatter(state, exception));
            }
        }
    }
}
