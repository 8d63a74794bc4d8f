using System.Net;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class RefreshTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task A_refresh_token_gives_new_tokens_that_work()
    {
        var olga = await chancery.SignUpAsync();

        var tokens = await (await RefreshAsync(olga.RefreshToken)).ReadAsync();

        Assert.NotEqual(olga.RefreshToken, tokens.GetProperty("refresh_token").GetString());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(tokens));
    }

    [Fact]
    public async Task A_refresh_token_that_comes_a_second_time_ends_the_session()
    {
        var olga = await chancery.SignUpAsync();
        var second = await (await RefreshAsync(olga.RefreshToken)).ReadAsync();

        var replay = await RefreshAsync(olga.RefreshToken);

        Assert.Equal("invalid-refresh-token", await replay.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(second));
        var newest = await RefreshAsync(second.GetProperty("refresh_token").GetString()!);
        Assert.Equal(HttpStatusCode.Unauthorized, newest.StatusCode);
    }

    [Fact]
    public async Task Of_many_refreshes_at_the_same_moment_at_most_one_succeeds_and_the_session_ends()
    {
        var olga = await chancery.SignUpAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefreshAsync(olga.RefreshToken)));

        var winner = Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, responses.Count(response => response.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(await winner.ReadAsync()));
    }

    [Fact]
    public async Task A_made_up_refresh_token_is_refused_and_an_empty_one_is_invalid()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync("cr_madeup")).StatusCode);
        Assert.Equal("invalid", await (await RefreshAsync("")).CodeAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_with_its_tokens()
    {
        var olga = await chancery.SignUpAsync();

        var response = await olga.Http.PostAsync("/api/v1/auth/logout", new { });

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync(olga.RefreshToken)).StatusCode);
    }

    [Fact]
    public async Task Signing_out_takes_a_credential_of_a_person()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync();
        using var anonymous = chancery.Anonymous();
        using var program = chancery.Anonymous();
        program.DefaultRequestHeaders.Add("X-API-Key", key);

        var withoutCredential = await anonymous.PostAsync("/api/v1/auth/logout", new { });
        var withKey = await program.PostAsync("/api/v1/auth/logout", new { });

        Assert.Equal("unauthenticated", await withoutCredential.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("person-only", await withKey.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task A_member_of_two_organisations_chooses_at_sign_in_and_can_switch()
    {
        var acme = await chancery.SignUpAsync("Acme");
        var globex = await chancery.SignUpAsync("Globex");
        await JoinAsync(globex, acme);
        using var client = chancery.Anonymous();

        var chosen = await client.PostAsync(
            "/api/v1/auth/login",
            new
            {
                acme.Email,
                acme.Password,
                tenant_id = globex.TenantId,
            }
        );
        var switched = await acme.Http.PostAsync("/api/v1/auth/switch", new { tenant_id = globex.TenantId });

        foreach (var tokens in new[] { await chosen.ReadAsync(), await switched.ReadAsync() })
        {
            Assert.Equal(globex.TenantId, tokens.GetProperty("user").GetProperty("tenant_id").GetGuid());
            Assert.Equal("viewer", tokens.GetProperty("user").GetProperty("role").GetString());
            Assert.Equal(2, tokens.GetProperty("tenants").GetArrayLength());
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(tokens));
        }
    }

    [Fact]
    public async Task Switching_to_a_foreign_organisation_is_the_same_404_as_to_a_missing_one()
    {
        var acme = await chancery.SignUpAsync("Acme");
        var globex = await chancery.SignUpAsync("Globex");

        var foreign = await acme.Http.PostAsync("/api/v1/auth/switch", new { tenant_id = globex.TenantId });
        var missing = await acme.Http.PostAsync("/api/v1/auth/switch", new { tenant_id = Guid.CreateVersion7() });
        var without = await acme.Http.PostAsync("/api/v1/auth/switch", new { });

        Assert.Equal(
            (await foreign.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString(),
            (await missing.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString()
        );
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
    }

    private async Task JoinAsync(TestUser host, TestUser guest)
    {
        var invitation = await (
            await host.Http.PostAsync("/api/v1/invitations", new { guest.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();
        var token = invitation.GetProperty("token").GetString();
        await (await client.PostAsync("/api/v1/invitations/accept", new { token, guest.Password })).ReadAsync();
    }

    private async Task<HttpResponseMessage> RefreshAsync(string refreshToken)
    {
        using var client = chancery.Anonymous();
        return await client.PostAsync("/api/v1/auth/refresh", new { refresh_token = refreshToken });
    }

    private Task<HttpStatusCode> StatusAsync(JsonElement tokens) =>
        AccessApi.StatusAsync(chancery.Address, tokens.GetProperty("access_token").GetString()!);
}
