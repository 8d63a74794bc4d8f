using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class MembersTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everybody_in_the_organisation_sees_its_members_page_by_page_and_no_others()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var ina = await chancery.InviteAsync(olga, "viewer");
        await chancery.SignUpAsync("Globex");

        var first = await ina.Http.GetFromJsonAsync<JsonElement>("/api/v1/members?limit=1", Cancel);
        var cursor = first.GetProperty("next_cursor").GetString();
        var second = await ina.Http.GetFromJsonAsync<JsonElement>($"/api/v1/members?limit=1&cursor={cursor}", Cancel);

        var emails = new[] { first, second }
            .SelectMany(page => page.GetProperty("items").EnumerateArray())
            .Select(member => member.GetProperty("email").GetString());
        Assert.Equal([olga.Email, ina.Email], emails);
        Assert.False(second.TryGetProperty("next_cursor", out _));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=many")]
    [InlineData("cursor=abc")]
    public async Task Listing_members_refuses_what_it_cannot_read(string query)
    {
        var olga = await chancery.SignUpAsync();

        using var response = await olga.Http.GetAsync($"/api/v1/members?{query}", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_viewer_manages_nobody()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");

        var change = await PatchAsync(ina, ina.UserId, "admin");
        var removal = await ina.Http.DeleteAsync($"/api/v1/members/{olga.UserId}", Cancel);

        Assert.Equal("forbidden", await change.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("forbidden", await removal.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Another_organisations_member_is_the_same_404_as_a_missing_one()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var other = await chancery.SignUpAsync("Globex");

        var foreign = await PatchAsync(olga, other.UserId, "viewer");
        var missing = await PatchAsync(olga, Guid.CreateVersion7(), "viewer");
        var foreignRemoval = await olga.Http.DeleteAsync($"/api/v1/members/{other.UserId}", Cancel);

        var detail = (await missing.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString();
        Assert.Equal(detail, (await foreign.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString());
        Assert.Equal(
            detail,
            (await foreignRemoval.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString()
        );
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, other.AccessToken));
    }

    [Fact]
    public async Task The_last_owner_can_neither_be_demoted_nor_removed()
    {
        var olga = await chancery.SignUpAsync();

        var demotion = await PatchAsync(olga, olga.UserId, "admin");
        var removal = await olga.Http.DeleteAsync($"/api/v1/members/{olga.UserId}", Cancel);

        Assert.Equal("last-owner", await demotion.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("last-owner", await removal.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Two_owners_who_remove_each_other_at_the_same_moment_leave_one()
    {
        var olga = await chancery.SignUpAsync();
        var otto = await chancery.InviteAsync(olga, "admin");
        await (await PatchAsync(olga, otto.UserId, "owner")).ReadAsync();

        await Task.WhenAll(
            olga.Http.DeleteAsync($"/api/v1/members/{otto.UserId}", Cancel),
            otto.Http.DeleteAsync($"/api/v1/members/{olga.UserId}", Cancel)
        );

        await using var count = chancery.Owner.CreateCommand(
            $"SELECT count(*) FROM memberships WHERE tenant_id = '{olga.TenantId}' AND role = 'owner' AND status = 'active'"
        );
        Assert.Equal(1L, await count.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task An_admin_neither_makes_nor_touches_owners()
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");

        var promotion = await PatchAsync(adam, adam.UserId, "owner");
        var removal = await adam.Http.DeleteAsync($"/api/v1/members/{olga.UserId}", Cancel);

        Assert.Equal("owners-only", await promotion.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("owners-only", await removal.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task A_role_that_does_not_exist_is_refused()
    {
        var olga = await chancery.SignUpAsync();

        var response = await PatchAsync(olga, olga.UserId, "emperor");

        Assert.True(
            (await response.ReadAsync(HttpStatusCode.BadRequest)).GetProperty("errors").TryGetProperty("role", out _)
        );
    }

    [Fact]
    public async Task A_removed_member_cannot_sign_in_and_comes_back_by_invitation()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "editor");
        await (await olga.Http.DeleteAsync($"/api/v1/members/{ina.UserId}", Cancel)).ReadAsync(
            HttpStatusCode.NoContent
        );
        using var client = chancery.Anonymous();

        var locked = await client.PostAsync("/api/v1/auth/login", new { ina.Email, ina.Password });
        Assert.Equal("no-organization", await locked.CodeAsync(HttpStatusCode.Forbidden));

        var invitation = await (
            await olga.Http.PostAsync("/api/v1/invitations", new { ina.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        var token = invitation.GetProperty("token").GetString();
        var back = await (
            await client.PostAsync("/api/v1/invitations/accept", new { token, ina.Password })
        ).ReadAsync();

        Assert.Equal(ina.UserId, back.GetProperty("user").GetProperty("id").GetGuid());
        Assert.Equal("viewer", back.GetProperty("user").GetProperty("role").GetString());
    }

    private static Task<HttpResponseMessage> PatchAsync(TestUser by, Guid member, string role) =>
        by.Http.PatchAsJsonAsync($"/api/v1/members/{member}", new { role }, Cancel);
}
