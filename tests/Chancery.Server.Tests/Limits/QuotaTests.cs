using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Access;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

/// <summary>Quotas of a month that count requests.</summary>
public sealed class QuotaTests(QuotaTests.Fixture chancery) : IClassFixture<QuotaTests.Fixture>
{
    private const string Route = "/api/v1/embeddings";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private MonthCounter Counter => chancery.Services.GetRequiredService<MonthCounter>();

    [Fact]
    public async Task Of_forty_requests_at_once_to_two_servers_exactly_seven_pass()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 7));
        using var other = ChanceryFixture.Client(await chancery.StartReplicaAsync());
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? user.Http : other).PostAsJsonAsync(Route, Body, Cancel))
        );

        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(33, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_refusal_says_which_quota_how_much_and_when_it_begins_anew()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 1));
        using var first = await user.Http.PostAsJsonAsync(Route, Body, Cancel);
        first.EnsureSuccessStatusCode();

        using var answer = await user.Http.PostAsJsonAsync(Route, Body, Cancel);
        var problem = await KnowledgeApi.BodyAsync(answer, HttpStatusCode.TooManyRequests);

        Assert.Equal("quota-exceeded", problem.Text("code"));
        Assert.Equal("embeddings_per_month", problem.Text("limit_name"));
        Assert.Equal((1, 1), (problem.GetProperty("limit").GetInt64(), problem.GetProperty("used").GetInt64()));
        var end = problem.GetProperty("resets_at").GetDateTimeOffset();
        Assert.Equal((1, TimeSpan.Zero), (end.Day, end.TimeOfDay));
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(31));
    }

    [Fact]
    public async Task OpenAIs_clients_are_told_that_there_is_no_quota_left()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 1));
        var body = new { input = "a few words", model = "scripted" };
        using var first = await user.Http.PostAsJsonAsync("/v1/embeddings", body, Cancel);
        first.EnsureSuccessStatusCode();

        using var second = await user.Http.PostAsJsonAsync("/v1/embeddings", body, Cancel);

        var error = (await KnowledgeApi.BodyAsync(second, HttpStatusCode.TooManyRequests)).GetProperty("error");
        Assert.Equal("insufficient_quota", error.Text("type"));
    }

    [Fact]
    public async Task A_call_that_is_repeated_by_its_key_gets_its_answer_and_takes_no_other_place()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 1));
        var key = Guid.CreateVersion7().ToString();

        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Route) { Content = JsonContent.Create(Body) };
            request.Headers.Add("Idempotency-Key", key);
            using var answer = await user.Http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(1, await UsedAsync(user));
    }

    [Fact]
    public async Task What_was_not_answered_is_not_counted()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 2));

        foreach (var _ in Enumerable.Range(0, 5))
        {
            using var wrong = await user.Http.PostAsJsonAsync(Route, new { input = "" }, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        }

        using var right = await user.Http.PostAsJsonAsync(Route, Body, Cancel);
        right.EnsureSuccessStatusCode();
        Assert.Equal(1, await UsedAsync(user));
    }

    [Fact]
    public async Task What_the_month_refuses_uses_up_no_window_on_any_server()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(
            user.TenantId,
            (LimitNames.EmbeddingsPerMonth, 1),
            (LimitNames.Requests, 90),
            (LimitNames.RequestsPerHour, 50)
        );
        using var other = ChanceryFixture.Client(await chancery.StartReplicaAsync());
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        using var passed = await user.Http.PostAsJsonAsync(Route, Body, Cancel);
        passed.EnsureSuccessStatusCode();

        var refused = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? user.Http : other).PostAsJsonAsync(Route, Body, Cancel))
        );
        using var last = await user.Http.PostAsJsonAsync(Route, Body, Cancel);

        Assert.All(refused, answer => Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode));
        Assert.Equal(
            "quota-exceeded",
            (await KnowledgeApi.BodyAsync(last, HttpStatusCode.TooManyRequests)).Text("code")
        );
        Assert.Matches(
            "\"requests\";r=89;t=\\d+, \"requests_per_hour\";r=49;t=",
            Assert.Single(last.Headers.GetValues("RateLimit"))
        );
        var used = (await user.GetAsync("/api/v1/rate-limit/status"))
            .GetProperty("limits")
            .EnumerateArray()
            .ToDictionary(one => one.Text("name"), one => one.GetProperty("used").GetInt64());
        Assert.Equal((1, 1), (used["requests"], used["requests_per_hour"]));
    }

    [Fact]
    public async Task While_nobody_knows_the_limits_what_a_month_may_count_is_refused_as_storage_that_is_away()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.EmbeddingsPerMonth, 1));
        var passed = 0;
        var gate = ActivatorUtilities.CreateInstance<QuotaGate>(
            chancery.Services,
            (RequestDelegate)(
                _ =>
                {
                    passed++;
                    return Task.CompletedTask;
                }
            ),
            ActivatorUtilities.CreateInstance<LimitBook>(chancery.Services)
        );
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);

        await connection.ExecuteAsync("ALTER TABLE limit_overrides RENAME TO limit_overrides_away");
        var away = await StatusAsync();
        await connection.ExecuteAsync("ALTER TABLE limit_overrides_away RENAME TO limit_overrides");
        var back = await StatusAsync();
        await connection.ExecuteAsync("ALTER TABLE limit_overrides RENAME TO limit_overrides_away");
        var known = await StatusAsync();
        await connection.ExecuteAsync("ALTER TABLE limit_overrides_away RENAME TO limit_overrides");

        Assert.Equal((503, 200, 429), (away, back, known));
        Assert.Equal(1, passed);

        async Task<int> StatusAsync()
        {
            var context = new DefaultHttpContext { RequestServices = chancery.Services };
            context.SetEndpoint(chancery.EndpointOf(Route));
            context.Features.Set(
                new Principal(
                    new TenantId(user.TenantId),
                    user.UserId,
                    user.UserId,
                    Guid.CreateVersion7(),
                    "owner",
                    "olga@example.com",
                    "Olga",
                    "Acme",
                    "OWN"
                )
            );
            await gate.InvokeAsync(context);
            return context.Response.StatusCode;
        }
    }

    [Fact]
    public async Task With_the_next_month_the_quota_begins_anew()
    {
        var user = await chancery.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        var before = await Counter.TakeAsync(tenant, LimitNames.UpgradesPerMonth, 1, Cancel);
        Assert.NotNull(before);
        Assert.Null(await Counter.TakeAsync(tenant, LimitNames.UpgradesPerMonth, 1, Cancel));

        chancery.Clock.Ahead += TimeSpan.FromDays(32);
        try
        {
            Assert.NotNull(await Counter.TakeAsync(tenant, LimitNames.UpgradesPerMonth, 1, Cancel));
            // What came to nothing after the turn of the month is given back to the month that it was taken from.
            await Counter.GiveBackAsync(before);
            Assert.Null(await Counter.TakeAsync(tenant, LimitNames.UpgradesPerMonth, 1, Cancel));
        }
        finally
        {
            chancery.Clock.Ahead -= TimeSpan.FromDays(32);
        }

        Assert.NotNull(await Counter.TakeAsync(tenant, LimitNames.UpgradesPerMonth, 1, Cancel));
    }

    [Fact]
    public async Task Months_are_kept_for_thirteen_and_cleaning_up_twice_does_no_harm()
    {
        var user = await chancery.SignUpAsync();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO plan_usage (tenant_id, month, name, used)
            SELECT @tenant, (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => m))::date, 'upgrades_per_month', m
            FROM generate_series(0, 20) AS m
            """,
            new { tenant = user.TenantId }
        );

        var job = chancery.Services.GetRequiredService<OldQuotas>();
        await job.RunAsync(new TenantId(user.TenantId), Cancel);
        await job.RunAsync(new TenantId(user.TenantId), Cancel);

        Assert.Equal(
            Enumerable.Range(0, 14),
            await connection.QueryAsync<int>(
                "SELECT used::int FROM plan_usage WHERE tenant_id = @tenant ORDER BY used",
                new { tenant = user.TenantId }
            )
        );
    }

    [Fact]
    public async Task The_status_tells_what_is_used_and_says_nothing_of_what_has_no_limit()
    {
        var user = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(
            user.TenantId,
            (LimitNames.EmbeddingsPerMonth, 5),
            (LimitNames.TokensPerMonth, 1000),
            (LimitNames.CostPerMonth, 2_000_000_000)
        );
        using var answer = await user.Http.PostAsJsonAsync(Route, Body, Cancel);
        answer.EnsureSuccessStatusCode();
        // What was used stands in the database a tenth of a second later.
        await chancery.Services.GetRequiredService<UsageLedger>().FlushAsync(Cancel);

        var limits = (await user.GetAsync("/api/v1/rate-limit/status"))
            .GetProperty("limits")
            .EnumerateArray()
            .ToDictionary(one => one.Text("name"), one => one);

        Assert.Equal(["cost_per_month_nano", "embeddings_per_month", "tokens_per_month"], limits.Keys.Order());
        Assert.Equal(4, limits["embeddings_per_month"].GetProperty("remaining").GetInt64());
        Assert.InRange(limits["tokens_per_month"].GetProperty("used").GetInt64(), 1, 20);
    }

    private static object Body => new { input = "a few words" };

    private async Task<long> UsedAsync(TestUser user) =>
        (await Counter.ReadAsync(new TenantId(user.TenantId), Cancel)).GetValueOrDefault("embeddings_per_month");

    public sealed class Fixture : EmbeddingFixture
    {
        public MovedClock Clock { get; } = new();

        public Endpoint EndpointOf(string route) =>
            ((IEndpointRouteBuilder)App)
                .DataSources.SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>()
                .Single(endpoint => endpoint.RoutePattern.RawText == route);

        public Fixture() => ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);
    }
}
