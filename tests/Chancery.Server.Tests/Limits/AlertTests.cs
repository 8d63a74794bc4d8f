using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Chancery.Server.Tests.Inference.Ledger;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

/// <summary>Who is told, and how often, that a limit is nearly or wholly used.</summary>
public sealed class AlertTests(AlertTests.Fixture chancery) : IClassFixture<AlertTests.Fixture>
{
    private const string Route = "/api/v1/alerts/webhook";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateOnly Month => QuotaMonth.Of(TimeProvider.System.GetUtcNow());

    private LimitAlerts Alerts => chancery.Services.GetRequiredService<LimitAlerts>();

    [Fact]
    public async Task Each_share_of_a_quota_is_told_once_to_the_operator_and_to_the_organisation_which_can_check_who_says_so()
    {
        var (user, secret) = await GivenAsync();
        var tenant = new TenantId(user.TenantId);

        foreach (var used in new[] { 79, 80, 85, 99, 100, 100 })
        {
            await Alerts.UsedAsync(tenant, LimitNames.EmbeddingsPerMonth, Month, 100, used, Cancel);
        }

        var told = await ArrivedAsync(user, 4);
        Assert.Equal(
            ["limit.near 80 /operator", "limit.near 80 /own", "limit.reached 100 /operator", "limit.reached 100 /own"],
            told.Select(one => $"{one.Json.Text("type")} {one.Json.GetProperty("used")} {one.Path}").Order()
        );
        Assert.All(told.Where(one => one.Path == "/own"), one => Assert.True(one.IsSignedWith(secret)));
        Assert.All(told.Where(one => one.Path == "/operator"), one => Assert.Null(one.Signature));
    }

    [Fact]
    public async Task What_is_used_up_in_one_leap_is_told_as_used_up_and_budgets_are_told_of_as_quotas_are()
    {
        var (user, _) = await GivenAsync();
        var payer = new Payer(new TenantId(user.TenantId), user.UserId, null);
        await chancery.GivenPlanAsync(user.TenantId, (LimitNames.TokensPerMonth, 1000));
        await chancery.GivenCapAsync(payer, 100, level: "user", subject: user.UserId);
        var call = Assert.Single(await LedgerFixture.ReserveAsync(chancery.Ledger, payer, 100, 1));

        await chancery.Writer.FlushAsync(Cancel);

        var told = await ArrivedAsync(user, 4);
        Assert.Equal(
            ["budget limit.reached user 100", "tokens_per_month limit.reached tenant 1000"],
            told.Where(one => one.Path == "/own")
                .Select(one =>
                    $"{one.Json.Text("limit")} {one.Json.Text("type")} {one.Json.Text("level")} {one.Json.GetProperty("used")}"
                )
                .Order()
        );
        chancery.Ledger.Release(call);
    }

    [Fact]
    public async Task A_test_says_whether_it_arrives_and_an_address_that_fails_is_tried_again()
    {
        var (user, _) = await GivenAsync();
        var arrived = await user.PostAsync($"{Route}/test", new { });
        Assert.True(arrived.GetProperty("delivered").GetBoolean());

        chancery.Failing.TryAdd(user.TenantId, 1);
        var refused = await user.PostAsync($"{Route}/test", new { again = 1 });
        Assert.Equal("status 503", refused.Text("failure"));
        Assert.Equal("status 503", (await user.GetAsync(Route)).Text("failure"));

        chancery.Failing[user.TenantId] = 1;
        await Alerts.UsedAsync(new TenantId(user.TenantId), LimitNames.UpgradesPerMonth, Month, 10, 8, Cancel);
        var told = await ArrivedAsync(user, 3);
        Assert.Contains(told, one => one.Json.Text("limit") == "upgrades_per_month" && one.Path == "/own");
        await Eventually(async () => !(await user.GetAsync(Route)).TryGetProperty("failure", out _));
    }

    [Fact]
    public async Task An_alert_is_tried_for_a_day_however_few_tries_other_work_has_and_given_up_then()
    {
        var (user, _) = await GivenAsync();
        var tenant = new TenantId(user.TenantId);
        chancery.Failing[user.TenantId] = 4;
        await Alerts.UsedAsync(tenant, LimitNames.UpgradesPerMonth, Month, 10, 8, Cancel);
        Assert.Contains(await ArrivedAsync(user, 2), one => one.Path == "/own");

        chancery.Failing[user.TenantId] = int.MaxValue;
        await Alerts.UsedAsync(tenant, LimitNames.UpgradesPerMonth, Month, 10, 10, Cancel);
        await Eventually(() => Task.FromResult(chancery.Failing[user.TenantId] < int.MaxValue - 2));
        Assert.Equal("queued", await StateAsync(user));
        chancery.Clock.Ahead += AlertHandler.TriedFor;
        try
        {
            await Eventually(async () => await StateAsync(user) == "failed");
        }
        finally
        {
            chancery.Clock.Ahead -= AlertHandler.TriedFor;
        }
    }

    [Theory]
    [InlineData(0, 0.01)]
    [InlineData(600, 600)]
    [InlineData(80_000, 3600)]
    public void Pauses_double_up_to_an_hour(double ageSeconds, double pauseSeconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(pauseSeconds),
            chancery
                .Services.GetServices<IWorkHandler>()
                .OfType<AlertHandler>()
                .Single()
                .PauseAt(TimeSpan.FromSeconds(ageSeconds))
        );

    [Fact]
    public async Task An_address_inside_is_refused_and_one_that_was_taken_away_is_told_nothing()
    {
        var (user, _) = await GivenAsync();
        foreach (var url in new[] { "http://10.0.0.1/", "http://127.0.0.1:22/", "ftp://example.com/", "nothing" })
        {
            using var answer = await user.Http.PutAsJsonAsync(Route, new { url }, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        using var gone = await user.Http.DeleteAsync(Route, Cancel);
        gone.EnsureSuccessStatusCode();
        await Alerts.UsedAsync(new TenantId(user.TenantId), LimitNames.UpgradesPerMonth, Month, 10, 10, Cancel);

        Assert.Equal(["/operator"], (await ArrivedAsync(user, 1)).Select(one => one.Path));
        Assert.False((await user.PostAsync($"{Route}/test", new { })).GetProperty("delivered").GetBoolean());
    }

    [Fact]
    public async Task Only_owners_and_admins_say_where()
    {
        var (user, _) = await GivenAsync();
        var viewer = await chancery.InviteAsync(user, "viewer");

        using var seen = await viewer.Http.GetAsync(Route, Cancel);
        using var set = await viewer.Http.PutAsJsonAsync(Route, new { url = "https://example.com/" }, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, seen.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, set.StatusCode);
    }

    /// <summary>Of what the organisation is told last.</summary>
    private async Task<string> StateAsync(TestUser user)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.QuerySingleAsync<string>(
            """
            SELECT CASE state WHEN 'running' THEN 'queued' ELSE state END FROM work_items
            WHERE tenant_id = @tenant AND kind = 'limit-alert' AND subject ->> 'to' = 'organization'
            ORDER BY created_at DESC, work_id DESC LIMIT 1
            """,
            new { tenant = user.TenantId }
        );
    }

    private async Task<(TestUser User, string Secret)> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        using var answer = await user.Http.PutAsJsonAsync(Route, new { url = $"{chancery.Receiver}own" }, Cancel);
        var view = await KnowledgeApi.BodyAsync(answer, HttpStatusCode.OK);
        return (user, view.Text("secret"));
    }

    private async Task<IReadOnlyList<AlertArrival>> ArrivedAsync(TestUser user, int count)
    {
        await Eventually(() => Task.FromResult(Of(user).Count >= count));
        return Of(user);
    }

    private List<AlertArrival> Of(TestUser user) =>
        [.. chancery.Arrived.Where(one => one.Json.GetProperty("organization_id").GetGuid() == user.TenantId)];

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 1600 && !await condition(); i++)
        {
            await Task.Delay(25, Cancel);
        }

        Assert.True(await condition());
    }

    public sealed class Fixture : LedgerFixture
    {
        private readonly AlertReceiver _receiver = new();

        public Uri Receiver => _receiver.Address;

        public ConcurrentQueue<AlertArrival> Arrived => _receiver.Arrived;

        public ConcurrentDictionary<Guid, int> Failing => _receiver.Failing;

        public override async ValueTask InitializeAsync()
        {
            await _receiver.StartAsync();
            Settings["LIMIT_ALERTS_WEBHOOK"] = $"{Receiver}operator";
            Settings["GUARDED_HTTP_ALLOW"] = Receiver.Authority;
            Settings["WORK_RETRY_MILLISECONDS"] = "10";
            Settings["WORK_ATTEMPTS"] = "2";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _receiver.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
