using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class OrganizationTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_name_is_everybodys_at_once_and_no_rule_is_the_rule_at_first()
    {
        var owner = await chancery.SignUpAsync("Old name");
        var viewer = await chancery.InviteAsync(owner, "viewer");
        using (await viewer.Http.GetAsync("/api/v1/me", Cancel)) { }
        using var first = await owner.Http.GetAsync("/api/v1/organization", Cancel);
        Assert.False((await first.ReadAsync()).TryGetProperty("conversation_retention_days", out _));

        using var renamed = await owner.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { name = " New name " },
            Cancel
        );

        Assert.Equal("New name", (await renamed.ReadAsync()).GetProperty("name").GetString());
        using var me = await viewer.Http.GetAsync("/api/v1/me", Cancel);
        Assert.Equal("New name", (await me.ReadAsync()).GetProperty("user").GetProperty("tenant_name").GetString());
        using var refused = await viewer.Http.PatchAsJsonAsync("/api/v1/organization", new { name = "Mine" }, Cancel);
        Assert.Equal("forbidden", await refused.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"   "}""", "name")]
    [InlineData("""{"conversation_retention_days":-1}""", "conversation_retention_days")]
    [InlineData("""{"conversation_retention_days":3651}""", "conversation_retention_days")]
    [InlineData("""{"personal_data_in_answers":"sometimes"}""", "personal_data_in_answers")]
    [InlineData("""{"answer_link_hosts":["docs.example.com","https://docs.example.com/a"]}""", "answer_link_hosts")]
    [InlineData("""{"personal_data_to_models":"hidden"}""", "personal_data_to_models")]
    [InlineData("""{"answer_link_hosts":["*.com"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["*"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["docs.*.com"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["bücher.example"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["docs.example.com:8080"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["anna@docs.example.com"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":[""]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":[null]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["*.co.uk"]}""", "answer_link_hosts")]
    [InlineData("""{"answer_link_hosts":["*.github.io"]}""", "answer_link_hosts")]
    public async Task What_makes_no_sense_is_said_at_its_field(string body, string field)
    {
        var owner = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var refused = await owner.Http.PatchAsync("/api/v1/organization", content, Cancel);

        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{problem}");
    }

    [Fact]
    public async Task Hosts_that_answers_may_link_to_are_kept_once_each_until_others_take_their_place()
    {
        var owner = await chancery.SignUpAsync();
        var changed = await ChangeAsync(owner, "Docs.Example.com.", " *.example.org", "docs.example.com");
        using var renamed = await owner.Http.PatchAsJsonAsync("/api/v1/organization", new { name = "Other" }, Cancel);
        var kept = await renamed.ReadAsync();
        var none = await ChangeAsync(owner);
        using var many = await owner.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { answer_link_hosts = Enumerable.Range(0, 101).Select(i => $"h{i}.example").ToArray() },
            Cancel
        );

        Assert.Equal("""["docs.example.com","*.example.org"]""", changed.GetProperty("answer_link_hosts").GetRawText());
        Assert.Equal("""["docs.example.com","*.example.org"]""", kept.GetProperty("answer_link_hosts").GetRawText());
        Assert.Equal("[]", none.GetProperty("answer_link_hosts").GetRawText());
        Assert.Equal(HttpStatusCode.BadRequest, many.StatusCode);
    }

    private static async Task<System.Text.Json.JsonElement> ChangeAsync(TestUser owner, params string[] hosts)
    {
        using var changed = await owner.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { answer_link_hosts = hosts },
            Cancel
        );
        return await changed.ReadAsync();
    }

    [Fact]
    public async Task Zero_days_means_never_again()
    {
        var owner = await chancery.SignUpAsync();
        foreach (var days in new[] { 30, 0 })
        {
            using var changed = await owner.Http.PatchAsJsonAsync(
                "/api/v1/organization",
                new { conversation_retention_days = days },
                Cancel
            );
            var organization = await changed.ReadAsync();
            Assert.Equal(days > 0, organization.TryGetProperty("conversation_retention_days", out _));
        }
    }
}
