using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using static Chancery.Server.Tests.Inference.Ledger.LedgerFixture;

namespace Chancery.Server.Tests.Inference.Ledger;

public sealed class UsageTests(LedgerFixture chancery) : IClassFixture<LedgerFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Asked_for_nothing_in_particular_usage_is_that_of_the_month_by_day()
    {
        var owner = await chancery.SignUpAsync();

        var usage = await owner.Http.GetFromJsonAsync<JsonElement>("/api/v1/usage", Cancel);

        Assert.Equal("day", usage.GetProperty("group_by").GetString());
        Assert.Equal(0, usage.GetProperty("total").GetProperty("requests").GetInt64());
    }

    [Fact]
    public async Task Usage_is_told_by_component_model_person_key_and_day_with_totals()
    {
        var owner = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(owner, "viewer");
        await UseAsync(owner.TenantId, owner.UserId, "chat", 1_500);
        await UseAsync(owner.TenantId, owner.UserId, "gateway", 2_000_000_500, Guid.CreateVersion7());
        await UseAsync(owner.TenantId, colleague.UserId, "chat", 700, estimated: true);

        var byComponent = await GetAsync(owner, "group_by=component");
        var byPerson = await GetAsync(owner, "group_by=user");
        var byKey = await GetAsync(owner, "group_by=key&limit=1");
        var byDay = await GetAsync(owner, "");
        var own = await GetAsync(colleague, "group_by=user");
        var foreign = await GetAsync(colleague, $"group_by=user&user_id={owner.UserId}");

        var totals = byComponent.GetProperty("totals");
        Assert.Equal(2_000_002_700, totals.GetProperty("cost_nano").GetInt64());
        Assert.Equal(2.000003m, totals.GetProperty("cost_usd").GetDecimal());
        Assert.Equal(700, totals.GetProperty("estimated_cost_nano").GetInt64());
        Assert.Equal(3, totals.GetProperty("requests").GetInt64());
        Assert.Equal(["gateway", "chat"], Keys(byComponent));
        Assert.Equal(2, Keys(byPerson).Count);
        Assert.Equal("1", byKey.GetProperty("next_cursor").GetString());
        Assert.Equal([""], Keys(await GetAsync(owner, "group_by=key&limit=1&cursor=1")));
        Assert.Single(Keys(byDay));
        Assert.Equal([colleague.UserId.ToString()], Keys(own));
        Assert.Empty(Keys(foreign));
    }

    [Fact]
    public async Task Another_organisations_usage_is_in_no_answer()
    {
        var owner = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync("Globex");
        await UseAsync(owner.TenantId, owner.UserId, "chat", 1_500);

        Assert.Empty(Keys(await GetAsync(stranger, $"group_by=user&user_id={owner.UserId}")));
        Assert.Single((await stranger.Http.GetStringAsync("/api/v1/usage/export", Cancel)).Trim().Split('\n'));
    }

    [Fact]
    public async Task The_export_has_a_line_for_each_attempt_and_no_formulas()
    {
        var owner = await chancery.SignUpAsync();
        await UseAsync(owner.TenantId, owner.UserId, "chat", 1_500, model: "=HYPERLINK(\"x\",\"y\")");

        using var response = await owner.Http.GetAsync("/api/v1/usage/export", Cancel);
        var lines = (await response.Content.ReadAsStringAsync(Cancel)).Trim().Split("\r\n");

        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith(
            "attachment",
            response.Content.Headers.ContentDisposition!.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal(2, lines.Length);
        Assert.Contains(",\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",answered,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",0.000001500,1500,true,", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group_by=weather")]
    [InlineData("cursor=-3")]
    [InlineData("limit=0")]
    [InlineData("from=2026-02-01&to=2026-01-01")]
    [InlineData("from=2020-01-01&to=2026-01-01")]
    public async Task Nonsense_is_refused(string query)
    {
        var owner = await chancery.SignUpAsync();

        using var response = await owner.Http.GetAsync($"/api/v1/usage?{query}", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task An_admin_caps_the_organisation_a_person_and_nobody_of_another_one_and_sees_what_is_used()
    {
        var owner = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(owner, "editor");
        var stranger = await chancery.SignUpAsync("Globex");

        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(owner, "organization/month", 2));
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(owner, $"users/{colleague.UserId}/day", 0.5m));
        Assert.Equal(HttpStatusCode.NotFound, await PutAsync(owner, $"users/{stranger.UserId}/day", 1));
        Assert.Equal(HttpStatusCode.NotFound, await PutAsync(owner, $"keys/{Guid.CreateVersion7()}/day", 1));
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(owner, "organization/week", 1));
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(owner, "organization/month", -1));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(colleague, "organization/month", 100));
        await UseAsync(owner.TenantId, colleague.UserId, "chat", Dollar / 4);
        var payer = new Payer(new TenantId(owner.TenantId), colleague.UserId, null);
        var granted = await ReserveAsync(chancery.Ledger, payer, Dollar / 10, 20);

        var seen = (await GetAsync(owner, "")).GetProperty("budgets");
        var ofColleague = (await GetAsync(colleague, "")).GetProperty("budgets");
        Assert.Equal(2, granted.Count);
        Assert.Equal(2, seen.GetArrayLength());
        Assert.Equal(0.45m, seen[1].GetProperty("used_usd").GetDecimal());
        Assert.Equal(1, ofColleague.GetArrayLength());

        using var removed = await owner.Http.DeleteAsync($"/api/v1/budgets/users/{colleague.UserId}/day", Cancel);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(15, (await ReserveAsync(chancery.Ledger, payer, Dollar / 10, 30)).Count);
    }

    private async Task UseAsync(
        Guid tenant,
        Guid user,
        string component,
        long costNano,
        Guid? key = null,
        bool estimated = false,
        string model = "some-model"
    )
    {
        var request = RequestOf(new Payer(new TenantId(tenant), user, key), Math.Max(costNano, 1)) with
        {
            Purpose = new UsagePurpose(component, "chat"),
        };
        var granted = Assert.IsType<ReserveOutcome.Granted>(await chancery.Ledger.ReserveAsync(request, Cancel));
        chancery.Ledger.Settle(granted.Reservation, [AttemptOf(costNano, estimated) with { Model = model }]);
    }

    private static async Task<JsonElement> GetAsync(TestUser user, string query) =>
        await user.Http.GetFromJsonAsync<JsonElement>($"/api/v1/usage?{query}", Cancel);

    private static List<string?> Keys(JsonElement usage) =>
        [.. usage.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("key").GetString())];

    private static async Task<HttpStatusCode> PutAsync(TestUser user, string path, decimal dollars)
    {
        using var response = await user.Http.PutAsJsonAsync(
            $"/api/v1/budgets/{path}",
            new { cap_usd = dollars },
            ChanceryFixture.Json,
            Cancel
        );
        return response.StatusCode;
    }
}
