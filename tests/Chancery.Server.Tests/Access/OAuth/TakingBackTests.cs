using System.Net;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>Revocation (RFC 7009) and introspection (RFC 7662).</summary>
public sealed class TakingBackTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    public async Task With_either_token_the_whole_sign_in_ends(string which)
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var tokens = await chancery.TokensAsync(olga, app);

        using var revoked = await chancery.CallAsync(
            app,
            "/oauth/revoke",
            ("token", tokens.Text(which)),
            ("token_type_hint", "nonsense")
        );

        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token"))
        );
        using var refresh = await chancery.RefreshAsync(app, tokens.Text("refresh_token"));
        Assert.Equal("invalid_grant", await refresh.ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task A_token_of_a_client_as_itself_ends_alone_on_every_server()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(grants: ["client_credentials"], scopes: ["documents:read"], role: "viewer");
        var replica = await chancery.StartReplicaAsync();
        var (one, other) = (await OwnTokenAsync(app), await OwnTokenAsync(app));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(replica, one));

        using var revoked = await chancery.CallAsync(app, "/oauth/revoke", ("token", one));

        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, one));
        await AccessApi.EventuallyAsync(
            async () => await AccessApi.StatusAsync(replica, one) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(2)
        );
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, other));
    }

    [Fact]
    public async Task Nobody_takes_back_what_is_not_theirs_and_what_never_was_is_as_good_as_revoked()
    {
        var olga = await chancery.SignUpAsync();
        var (app, other) = (await olga.RegisterAsync(), await olga.RegisterAsync("public"));
        var tokens = await chancery.TokensAsync(olga, app);

        using var foreign = await chancery.CallAsync(other, "/oauth/revoke", ("token", tokens.Text("refresh_token")));
        using var persons = await chancery.CallAsync(other, "/oauth/revoke", ("token", olga.AccessToken));
        using var nonsense = await chancery.CallAsync(other, "/oauth/revoke", ("token", "nonsense"));
        using var nothing = await chancery.CallAsync(other, "/oauth/revoke");
        using var nobody = await chancery.CallAsync(
            app with
            {
                Secret = null,
            },
            "/oauth/revoke",
            ("token", tokens.Text("access_token"))
        );

        Assert.Equal("unauthorized_client", await foreign.ErrorAsync());
        Assert.Equal("unauthorized_client", await persons.ErrorAsync());
        Assert.Equal(HttpStatusCode.OK, nonsense.StatusCode);
        Assert.Equal("invalid_request", await nothing.ErrorAsync());
        Assert.Equal("invalid_client", await nobody.ErrorAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, tokens.Text("access_token")));
    }

    [Fact]
    public async Task A_client_with_a_secret_learns_of_its_own_tokens_what_they_are_and_of_others_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var (app, other) = (await olga.RegisterAsync(), await olga.RegisterAsync());
        var tokens = await chancery.TokensAsync(olga, app);

        using var access = await chancery.CallAsync(app, "/oauth/introspect", ("token", tokens.Text("access_token")));
        using var refresh = await chancery.CallAsync(app, "/oauth/introspect", ("token", tokens.Text("refresh_token")));
        var (one, two) = (await access.ReadAsync(), await refresh.ReadAsync());
        Assert.True(one.GetProperty("active").GetBoolean());
        Assert.Equal(
            ("documents:read openid", "Bearer", olga.UserId.ToString(), app.Id.ToString()),
            (one.Text("scope"), one.Text("token_type"), one.Text("sub"), one.Text("client_id"))
        );
        Assert.Equal("refresh_token", two.Text("token_type"));

        foreach (
            var (asking, token) in new[]
            {
                (other, tokens.Text("access_token")),
                (app, olga.AccessToken),
                (app, "nonsense"),
            }
        )
        {
            using var answer = await chancery.CallAsync(asking, "/oauth/introspect", ("token", token));
            var body = await answer.ReadAsync();
            Assert.Equal("""{"active":false}""", body.GetRawText());
        }

        using var revoked = await chancery.CallAsync(app, "/oauth/revoke", ("token", tokens.Text("refresh_token")));
        using var after = await chancery.CallAsync(app, "/oauth/introspect", ("token", tokens.Text("access_token")));
        Assert.False((await after.ReadAsync()).GetProperty("active").GetBoolean());
    }

    [Fact]
    public async Task Without_a_secret_nobody_asks_about_tokens()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync("public");
        var tokens = await chancery.TokensAsync(olga, app);

        using var response = await chancery.CallAsync(app, "/oauth/introspect", ("token", tokens.Text("access_token")));

        Assert.Equal("invalid_client", await response.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    private async Task<string> OwnTokenAsync(App app)
    {
        using var response = await chancery.CallAsync(app, "/oauth/token", ("grant_type", "client_credentials"));
        return (await response.ReadAsync()).Text("access_token");
    }
}
