using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Tests.Commands;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Tls;

/// <summary>PostgreSQL over TLS: a real one, with certificates of every kind.</summary>
public sealed class PostgresTlsTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_installation_starts_on_a_PostgreSQL_with_a_certificate_of_the_authority()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("postgres", TestAuthority.ForServers, "localhost");
        await using var postgres = await PostgresTlsServer.StartAsync(shown);
        var address = postgres.Address("localhost", $"sslrootcert={files.Write("ca.pem", authority.Pem)}");

        await using var start = await OpenAsync(address);

        await using var app = NpgsqlDataSource.Create(start.Storage.AppConnectionString);
        await using var asked = app.CreateCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        Assert.Equal(true, await asked.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task A_start_on_a_PostgreSQL_whose_certificate_does_not_count_ends_with_the_reason_and_the_file()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var other = new TestAuthority("Somebody else");
        using var right = authority.Issue("postgres", TestAuthority.ForServers, "localhost");
        await using var postgres = await PostgresTlsServer.StartAsync(right);
        var path = files.Write("ca.pem", authority.Pem);
        var address = postgres.Address("localhost", $"sslmode=verify-full&sslrootcert={path}");
        (X509Certificate2 Shown, string[] Said)[] wrong =
        [
            (
                other.Issue("postgres", TestAuthority.ForServers, "localhost"),
                ["no authority that is believed here signed it", path]
            ),
            (
                authority.Issue("postgres", TestAuthority.ForServers, "localhost", to: Now.AddMinutes(-1)),
                ["it ended", path]
            ),
            (
                authority.Issue("postgres", TestAuthority.ForServers, "localhost", from: Now.AddHours(1)),
                ["it begins only", path]
            ),
            (
                TestAuthority.SelfSigned("postgres", TestAuthority.ForServers, "localhost"),
                ["it vouches for itself", path]
            ),
            (
                authority.Issue("postgres", TestAuthority.ForServers, "elsewhere.example"),
                ["it is for elsewhere.example, and not for localhost"]
            ),
            (authority.Issue("postgres", TestAuthority.ForClients, "localhost"), ["it is not for servers", path]),
        ];

        foreach (var (shown, said) in wrong)
        {
            using (shown)
            {
                await postgres.ShowAsync(shown);
                var fault = await Assert.ThrowsAsync<SettingException>(() => OpenAsync(address));
                Assert.Equal("DATABASE_URL", fault.Name);
                Assert.All(said, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task A_PostgreSQL_without_TLS_is_not_used_where_TLS_is_asked_for()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        await using var postgres = await PostgresTlsServer.StartAsync(shown: null);
        var address = postgres.Address("localhost", $"sslrootcert={files.Write("ca.pem", authority.Pem)}");

        var fault = await Assert.ThrowsAsync<SettingException>(() => OpenAsync(address));
        var required = await Assert.ThrowsAsync<SettingException>(() =>
            OpenAsync(postgres.Address("localhost", "sslmode=require"))
        );

        Assert.Contains("speaks no TLS", fault.Message, StringComparison.Ordinal);
        Assert.Contains("speaks no TLS", required.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PostgreSQL_that_asks_for_a_certificate_gets_the_one_of_the_address()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var shown = authority.Issue("postgres", TestAuthority.ForServers, "localhost");
        using var own = authority.Issue("chancery");
        await using var postgres = await PostgresTlsServer.StartAsync(shown, clients: authority);
        var ca = files.Write("ca.pem", authority.Pem);
        var (certificate, key) = files.Write("own", own);

        var without = Parse(postgres.Address("localhost", $"sslrootcert={ca}&pooling=false"));
        var with = Parse(
            postgres.Address("localhost", $"sslrootcert={ca}&sslcert={certificate}&sslkey={key}&pooling=false")
        );

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => AskAsync(without));
        Assert.Equal(1, await AskAsync(with));
    }

    [Fact]
    public async Task The_root_certificate_is_read_again_for_each_connection()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var next = new TestAuthority("The next authority");
        using var shown = authority.Issue("postgres", TestAuthority.ForServers, "localhost");
        using var renewed = next.Issue("postgres", TestAuthority.ForServers, "localhost");
        await using var postgres = await PostgresTlsServer.StartAsync(shown);
        var path = files.Write("ca.pem", authority.Pem);
        var connection = Parse(postgres.Address("localhost", $"sslrootcert={path}&pooling=false"));
        await using var open = new NpgsqlConnection(connection);
        await open.OpenAsync(Cancel);

        await postgres.ShowAsync(renewed);
        files.Write("ca.pem", next.Pem);

        Assert.Equal(1, await AskAsync(connection));
        files.Write("ca.pem", next.Pem[..100]);
        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(connection));
        files.Write("ca.pem", next.Pem);
        Assert.Equal(1, await AskAsync(connection));
        await using var still = new NpgsqlCommand("SELECT 1", open);
        Assert.Equal(1, await still.ExecuteScalarAsync(Cancel));
    }

    [Theory]
    [InlineData("sslrootcert={0}", SslMode.VerifyFull)]
    [InlineData("sslmode=prefer&sslrootcert={0}", SslMode.VerifyFull)]
    [InlineData("sslmode=require&sslrootcert={0}", SslMode.VerifyFull)]
    [InlineData("sslmode=verify-ca&sslrootcert={0}", SslMode.VerifyCA)]
    public void Whoever_names_a_root_certificate_gets_no_connection_that_does_not_ask_it(string options, SslMode mode)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        var path = files.Write("ca.pem", authority.Pem);

        var read = Parse("postgres://ann@db.example/db?" + options.Replace("{0}", path, StringComparison.Ordinal));

        Assert.Equal(mode, new NpgsqlConnectionStringBuilder(read).SslMode);
    }

    [Theory]
    [InlineData("sslmode=disable&sslrootcert=")]
    [InlineData("sslmode=allow&sslrootcert=")]
    public void An_address_that_names_a_root_certificate_and_goes_on_without_TLS_is_refused(string options)
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();

        var fault = Assert.Throws<SettingException>(() =>
            Parse("postgres://ann@db.example/db?" + options + files.Write("ca.pem", authority.Pem))
        );

        Assert.Contains("sslmode=verify-full", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sslrootcert")]
    [InlineData("sslcert")]
    [InlineData("sslkey")]
    public void A_file_that_is_not_there_is_named(string option)
    {
        var fault = Assert.Throws<SettingException>(() =>
            Parse($"postgres://ann@db.example/db?sslmode=verify-full&{option}=/nowhere/at-all.pem")
        );

        Assert.Contains($"{option} /nowhere/at-all.pem", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_says_how_well_the_way_to_each_engine_is_kept()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var other = new TestAuthority("Somebody else");
        using var shown = authority.Issue("engine", TestAuthority.ForServers, "localhost");
        await using var postgres = await PostgresTlsServer.StartAsync(shown);
        await using var redis = await RedisTlsServer.StartAsync(shown);
        var (right, wrong) = (files.Write("ca.pem", authority.Pem), files.Write("other.pem", other.Pem));

        var good = await ExamineAsync(postgres, redis, right);
        var bad = await ExamineAsync(postgres, redis, wrong);

        Assert.Contains(good, one => one is { Subject: "way to PostgreSQL", Verdict: Verdict.Good });
        Assert.Contains(
            good,
            one =>
                one is { Subject: "Redis", Verdict: Verdict.Good }
                && one.Found.Contains("over TLS", StringComparison.Ordinal)
        );
        Assert.All(
            new[] { "PostgreSQL", "Redis" },
            engine =>
                Assert.Contains(
                    bad,
                    one =>
                        one.Subject == engine
                        && one.Verdict == Verdict.Bad
                        && one.Found.Contains(wrong, StringComparison.Ordinal)
                )
        );
    }

    private static Task<IReadOnlyList<Finding>> ExamineAsync(
        PostgresTlsServer postgres,
        RedisTlsServer redis,
        string authorities
    ) =>
        new StorageChecks(
            Settings(
                ("DATABASE_URL", postgres.Address("localhost", $"sslmode=verify-full&sslrootcert={authorities}")),
                ("REDIS_URL", $"rediss://localhost:{redis.Port}"),
                ("REDIS_PASSWORD", RedisTlsServer.Password),
                ("REDIS_CA_CERT_PATH", authorities)
            ),
            Path.GetTempPath()
        ).RunAsync(Cancel);

    private static Task<StorageStart> OpenAsync(string address) =>
        StorageStart.OpenAsync(
            Settings(("DATABASE_URL", address), ("REDIS_URL", "redis://127.0.0.1:1")),
            ServerProcess.NewDirectory(),
            mayCreateKey: true,
            NullLoggerFactory.Instance,
            Cancel
        );

    private static string Parse(string address) =>
        ConnectionSettings.Read(Settings(("DATABASE_URL", address))).Postgres!;

    private static async Task<int> AskAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        return (int)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static IConfigurationRoot Settings(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, one.Value)))
            .Build();
}
