using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Platform.Operators;
using Chancery.Testing;
using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace Chancery.Server.Tests.Edge;

public sealed class HealthTests(HealthTests.Fixture chancery) : IClassFixture<HealthTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    public async Task The_process_says_that_it_answers(string address)
    {
        var (status, body) = await GetAsync(address);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("healthy", body.GetProperty("status").GetString());
        Assert.Equal("chancery", body.GetProperty("service").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+", body.GetProperty("version").GetString());
    }

    [Fact]
    public async Task It_is_ready_when_the_schema_of_this_build_is_there()
    {
        var (status, body) = await GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("healthy", body.GetProperty("status").GetString());
        Assert.All(
            body.GetProperty("dependencies").EnumerateArray(),
            dependency => Assert.Equal("up", dependency.GetProperty("state").GetString())
        );
    }

    [Fact]
    public async Task The_operators_token_opens_the_inside_view()
    {
        var (status, body) = await GetAsync("/health/advanced", Fixture.Token);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.GetProperty("memory_usage").GetProperty("process_bytes").GetInt64() > 1_000_000);
        Assert.True(body.GetProperty("connected_clients").GetProperty("postgres").GetInt64() >= 1);
        Assert.True(body.GetProperty("connected_clients").GetProperty("redis").GetInt64() >= 1);
        Assert.True(body.GetProperty("task_queue_depth").GetProperty("queued").GetInt64() >= 0);
        Assert.True(body.GetProperty("database_latency").GetDouble() > 0);
        Assert.Equal(2, body.GetProperty("dependencies").GetArrayLength());
    }

    [Theory]
    [InlineData("wrong-token-of-the-same-kind")]
    [InlineData("")]
    public async Task A_wrong_token_is_refused_even_from_this_machine(string token)
    {
        var (status, body) = await GetAsync("/health/advanced", token.Length == 0 ? "x" : token);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("operator-only", body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Where_there_is_a_token_this_machine_needs_it_too()
    {
        var (status, _) = await GetAsync("/health/advanced");

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task The_service_describes_itself()
    {
        var (status, body) = await GetAsync("/api");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("chancery", body.GetProperty("service").GetString());
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string address, string? token = null) =>
        GetAsync(chancery, address, token);

    private static async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(
        ChanceryFixture chancery,
        string address,
        string? token = null,
        params (string Name, string Value)[] headers
    )
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancel));
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string Token = "operator-token-of-the-tests";

        public Fixture() => Settings["OPERATOR_TOKEN"] = Token;
    }

    public sealed class WithoutToken(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
    {
        [Fact]
        public async Task In_the_local_environment_the_machine_itself_sees_inside()
        {
            var (status, _) = await GetAsync(chancery, "/health/advanced");

            Assert.Equal(HttpStatusCode.OK, status);
        }

        [Theory]
        [InlineData("X-Forwarded-For", "127.0.0.1")]
        [InlineData("X-Forwarded-Host", "chancery.example.org")]
        [InlineData("X-Real-IP", "203.0.113.7")]
        [InlineData("Forwarded", "for=127.0.0.1")]
        [InlineData("Via", "1.1 proxy")]
        [InlineData("Host", "rebound.example.org")]
        public async Task What_a_proxy_or_another_name_brought_here_sees_nothing(string name, string value)
        {
            var (status, body) = await GetAsync(chancery, "/health/advanced", null, (name, value));

            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Equal("operator-only", body.GetProperty("code").GetString());
        }

        [Fact]
        public async Task Outside_of_the_local_environment_it_is_closed_to_everybody()
        {
            var context = new DefaultHttpContext();
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            context.Request.Host = new HostString("localhost");
            var operators = new OperatorDirectory(chancery.Owner);
            var passes = chancery.Services.GetRequiredService<OperatorPasses>();
            var ended = chancery.Services.GetRequiredService<EndedPasses>();
            OperatorGate Gate(string environment) =>
                new(
                    null,
                    "http://localhost",
                    new HostingEnvironment { EnvironmentName = environment },
                    operators,
                    passes,
                    ended
                );

            var visit = await Gate("Local").AdmitAsync(context, Cancel);

            Assert.Equal(OperatorWay.AtTheMachine, visit?.Way);
            Assert.Null(await Gate("Production").AdmitAsync(context, Cancel));
            // Whose browser is led here by a page of somebody else changes nothing.
            context.Request.Method = "POST";
            Assert.False(Gate("Local").IsForeign(context.Request, visit!));
            context.Request.Headers["Sec-Fetch-Site"] = "cross-site";
            Assert.True(Gate("Local").IsForeign(context.Request, visit!));
        }
    }

    public sealed class WhenThingsAreGone(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
    {
        [Fact]
        public async Task A_missing_migration_means_not_ready_while_the_process_lives()
        {
            await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
            {
                await connection.ExecuteAsync(
                    "UPDATE migrations SET name = 'x' || name WHERE name LIKE '%0005_answers.sql'"
                );
            }

            var ready = await GetAsync(chancery, "/health/ready");
            var live = await GetAsync(chancery, "/health/live");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
            Assert.Equal("unavailable", ready.Body.GetProperty("status").GetString());
            Assert.Equal(HttpStatusCode.OK, live.Status);
        }
    }

    public sealed class WithoutRedis(WithoutRedis.Fixture chancery) : IClassFixture<WithoutRedis.Fixture>
    {
        [Fact]
        public async Task A_missing_redis_degrades_and_does_not_take_the_server_out_of_service()
        {
            var (status, body) = await GetAsync(chancery, "/health/ready");

            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal("degraded", body.GetProperty("status").GetString());
        }

        public sealed class Fixture : ChanceryFixture
        {
            public Fixture() =>
                ConfigureServices = services =>
                    services.AddSingleton(provider => new Chancery.Server.Platform.Redis.RedisGateway(
                        "127.0.0.1:1,connectTimeout=200",
                        provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<Chancery.Server.Platform.Redis.RedisGateway>>()
                    ));
        }
    }

    public sealed class WhileStopping(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
    {
        [Fact]
        public async Task New_requests_are_sent_elsewhere_and_health_goes_on_answering()
        {
            using var client = chancery.Anonymous();
            // The connection is open before the listener closes; only then can anything be answered at all.
            (await client.GetAsync("/health", Cancel)).Dispose();
            var lifetime = chancery.Services.GetRequiredService<IHostApplicationLifetime>();

            lifetime.StopApplication();
            using var refused = await client.GetAsync("/api", Cancel);
            using var live = await chancery.Anonymous().GetAsync("/health/live", Cancel);
            using var ready = await chancery.Anonymous().GetAsync("/health/ready", Cancel);

            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("5", Assert.Single(refused.Headers.GetValues("Retry-After")));
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        }
    }
}
