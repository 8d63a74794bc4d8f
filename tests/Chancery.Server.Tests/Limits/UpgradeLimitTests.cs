using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

/// <summary>How often prompts may be upgraded: in a minute, and in a month.</summary>
public sealed class UpgradeLimitTests(UpgradeLimitTests.Fixture chancery) : IClassFixture<UpgradeLimitTests.Fixture>
{
    private const string Route = "/api/v1/upgrade";

    private static readonly object Body = new { user_prompt = "write to the landlord", model = "extractive" };

    // Nothing that the route itself would answer otherwise than with 400.
    private static readonly object Nonsense = new { user_prompt = "" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_plan_FREE_sixty_upgrades_pass_in_a_minute_however_many_come_at_once_and_the_next_minute_is_new()
    {
        var olga = await chancery.SignUpAsync();
        await AssignFreeAsync(olga);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 70).Select(_ => olga.Http.PostAsJsonAsync(Route, Body, Cancel))
        );
        using var older = await olga.Http.PostAsJsonAsync("/api/upgrade", new { userPrompt = "again" }, Cancel);
        chancery.Pass(TimeSpan.FromMinutes(1));
        using var later = await olga.Http.PostAsJsonAsync(Route, Body, Cancel);

        Assert.Equal(60, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.All(
            answers.Where(answer => answer.StatusCode != HttpStatusCode.OK).Append(older),
            refused =>
            {
                Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
                Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
                Assert.Contains(
                    "\"upgrades_per_minute\";q=60;w=60",
                    Header(refused, "RateLimit-Policy"),
                    StringComparison.Ordinal
                );
                Assert.Contains(
                    "\"upgrades_per_minute\";r=0;t=",
                    Header(refused, "RateLimit"),
                    StringComparison.Ordinal
                );
            }
        );
        var problem = await KnowledgeApi.BodyAsync(older, HttpStatusCode.TooManyRequests);
        Assert.Equal(("too-many-requests", "upgrades_per_minute"), (problem.Text("code"), problem.Text("limit_name")));
        Assert.Equal(60, problem.GetProperty("limit").GetInt64());
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
        foreach (var answer in answers)
        {
            answer.Dispose();
        }
    }

    [Fact]
    public async Task What_the_month_refuses_does_not_reach_the_route_and_costs_nothing_of_the_minute()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(
            olga.TenantId,
            (LimitNames.UpgradesPerMonth, 2),
            (LimitNames.UpgradesPerMinute, 60)
        );
        // What is no request takes a place of the minute, and none of the month.
        using var nonsense = await olga.Http.PostAsJsonAsync(Route, Nonsense, Cancel);
        for (var i = 0; i < 2; i++)
        {
            await olga.PostAsync(Route, Body);
        }

        using var refused = await olga.Http.PostAsJsonAsync(Route, Body, Cancel);
        using var unread = await olga.Http.PostAsJsonAsync(Route, Nonsense, Cancel);
        using var older = await olga.Http.PostAsJsonAsync("/api/upgrade", new { userPrompt = "" }, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
        foreach (var one in new[] { refused, unread, older })
        {
            var problem = await KnowledgeApi.BodyAsync(one, HttpStatusCode.TooManyRequests);
            Assert.Equal(("quota-exceeded", "upgrades_per_month"), (problem.Text("code"), problem.Text("limit_name")));
            Assert.Contains("\"upgrades_per_minute\";r=57;t=", Header(one, "RateLimit"), StringComparison.Ordinal);
        }

        Assert.Equal(2, (await olga.GetAsync("/api/v1/upgrades")).Items().Length);
    }

    [Fact]
    public async Task The_two_refusals_are_told_apart_by_type_members_and_headers()
    {
        var olga = await chancery.SignUpAsync();
        var omar = await chancery.SignUpAsync();
        await chancery.GivenPlanAsync(olga.TenantId, (LimitNames.UpgradesPerMinute, 1));
        await chancery.GivenPlanAsync(
            omar.TenantId,
            (LimitNames.UpgradesPerMonth, 1),
            (LimitNames.UpgradesPerMinute, 9)
        );
        await olga.PostAsync(Route, Body);
        await omar.PostAsync(Route, Body);

        using var minute = await olga.Http.PostAsJsonAsync(Route, Body, Cancel);
        using var month = await omar.Http.PostAsJsonAsync(Route, Body, Cancel);
        var ofMinute = await KnowledgeApi.BodyAsync(minute, HttpStatusCode.TooManyRequests);
        var ofMonth = await KnowledgeApi.BodyAsync(month, HttpStatusCode.TooManyRequests);

        Assert.EndsWith("too-many-requests", ofMinute.Text("type"), StringComparison.Ordinal);
        Assert.EndsWith("quota-exceeded", ofMonth.Text("type"), StringComparison.Ordinal);
        Assert.Equal(60, ofMinute.GetProperty("window_seconds").GetInt64());
        Assert.False(ofMinute.TryGetProperty("used", out _));
        Assert.False(ofMonth.TryGetProperty("window_seconds", out _));
        Assert.Equal(1, ofMonth.GetProperty("used").GetInt64());
        // A place of the minute is left, and only the month is in the way.
        Assert.Contains("\"upgrades_per_minute\";r=0;", Header(minute, "RateLimit"), StringComparison.Ordinal);
        Assert.Contains("\"upgrades_per_minute\";r=8;", Header(month, "RateLimit"), StringComparison.Ordinal);
        Assert.Equal(RetryAfter(minute), ofMinute.GetProperty("retry_after").GetInt64());
        Assert.InRange(RetryAfter(minute), 1, 60);
        var end = ofMonth.GetProperty("resets_at").GetDateTimeOffset();
        Assert.Equal((1, TimeSpan.Zero), (end.Day, end.TimeOfDay));
        Assert.InRange(
            RetryAfter(month) - (end - TimeProvider.System.GetUtcNow()).TotalSeconds,
            -1,
            TimeSpan.FromMinutes(1).TotalSeconds
        );
    }

    private async Task AssignFreeAsync(TestUser user) =>
        Assert.True(await chancery.Services.GetRequiredService<PlanStore>().AssignAsync(user.TenantId, "FREE", Cancel));

    private static string Header(HttpResponseMessage answer, string name) =>
        string.Join(", ", answer.Headers.GetValues(name));

    private static long RetryAfter(HttpResponseMessage answer) =>
        long.Parse(Header(answer, "Retry-After"), CultureInfo.InvariantCulture);

    public sealed class Fixture : ChanceryFixture
    {
        private long _now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        // Windows stand still, so that a slow machine does not meet the next one.
        public Fixture() =>
            ConfigureServices = services =>
                services.AddSingleton(provider => new RateWindows(
                    provider.GetRequiredService<RedisGateway>(),
                    provider.GetRequiredService<TimeProvider>()
                )
                {
                    Clock = () => Interlocked.Read(ref _now),
                });

        public void Pass(TimeSpan time) => Interlocked.Add(ref _now, (long)time.TotalMilliseconds);
    }
}
