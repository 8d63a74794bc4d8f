using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Access;

/// <summary>
/// Every change of what somebody may do, made at one server, seen at two others: one that hears of it through Redis, and one
/// for which Redis is gone.
/// </summary>
public sealed class StateChangeTests(StateChangeTests.Fixture chancery) : IClassFixture<StateChangeTests.Fixture>
{
    // Two seconds are promised; a busy machine may be late, and without the message it would be twenty.
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private sealed record Scene(TestUser Owner, TestUser Member, string Key, Guid KeyId, string OwnersKey);

    [Theory]
    [InlineData("sign-out")]
    [InlineData("sign-out everywhere")]
    [InlineData("a session ended from elsewhere")]
    [InlineData("a new password")]
    [InlineData("another role")]
    [InlineData("removal")]
    [InlineData("a revoked key")]
    [InlineData("suspension of the organisation")]
    public async Task A_change_acts_on_the_other_servers(string change)
    {
        var owner = await chancery.SignUpAsync();
        var member = await chancery.InviteAsync(owner, "admin");
        var (key, keyId) = await member.CreateKeyAsync("admin");
        var (ownersKey, _) = await owner.CreateKeyAsync();
        var scene = new Scene(owner, member, key, keyId, ownersKey);
        foreach (var server in new[] { chancery.Other, chancery.Deaf })
        {
            foreach (var credential in new[] { member.AccessToken, key, ownersKey })
            {
                Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(server, credential));
            }
        }

        await MakeAsync(change, scene);

        await AccessApi.EventuallyAsync(() => IsSoAsync(chancery.Other, change, scene), Promise);
        chancery.Clock.Ahead += TimeSpan.FromSeconds(30);
        Assert.True(
            await IsSoAsync(chancery.Deaf, change, scene),
            "Thirty seconds later the deaf server knows nothing."
        );
        Assert.True(await IsSoAsync(chancery.Address, change, scene), "Not even where it was made.");
    }

    private async Task MakeAsync(string change, Scene scene)
    {
        var (owner, member) = (scene.Owner.Http, scene.Member.Http);
        using var response = change switch
        {
            "sign-out" => await member.PostAsync("/api/v1/auth/logout", new { }),
            "sign-out everywhere" => await member.PostAsync("/api/v1/auth/logout/everywhere", new { }),
            "a session ended from elsewhere" => await EndFromElsewhereAsync(scene.Member),
            "a new password" => await WithNewPasswordAsync(scene.Member),
            "another role" => await owner.PatchAsync(
                $"/api/v1/members/{scene.Member.UserId}",
                JsonContent.Create(new { role = "viewer" }),
                Cancel
            ),
            "removal" => await owner.DeleteAsync($"/api/v1/members/{scene.Member.UserId}", Cancel),
            "a revoked key" => await owner.DeleteAsync($"/api/v1/keys/{scene.KeyId}", Cancel),
            "suspension of the organisation" => await SuspendAsync(scene.Owner.TenantId),
            _ => throw new ArgumentOutOfRangeException(nameof(change), change, "What is that?"),
        };
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task<bool> IsSoAsync(Uri server, string change, Scene scene) =>
        change switch
        {
            "another role" => await RoleAsync(server, scene.Member.AccessToken) == "viewer"
                && await RoleAsync(server, scene.Key) == "viewer",
            "removal" => await AreRefusedAsync(server, scene.Member.AccessToken, scene.Key),
            "a revoked key" => await AreRefusedAsync(server, scene.Key),
            "suspension of the organisation" => await AreRefusedAsync(
                server,
                scene.Member.AccessToken,
                scene.Owner.AccessToken,
                scene.Key,
                scene.OwnersKey
            ),
            _ => await AreRefusedAsync(server, scene.Member.AccessToken),
        };

    private static async Task<bool> AreRefusedAsync(Uri server, params string[] credentials)
    {
        foreach (var credential in credentials)
        {
            if (await AccessApi.StatusAsync(server, credential) != HttpStatusCode.Unauthorized)
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<string?> RoleAsync(Uri server, string credential)
    {
        using var response = await AccessApi.MeAsync(server, credential);
        return (await response.ReadAsync()).GetProperty("user").GetProperty("role").GetString();
    }

    private async Task<HttpResponseMessage> EndFromElsewhereAsync(TestUser member)
    {
        using var elsewhere = await SignInAgainAsync(member);
        return await elsewhere.DeleteAsync("/api/v1/me/sessions", Cancel);
    }

    private async Task<HttpResponseMessage> WithNewPasswordAsync(TestUser member)
    {
        using var elsewhere = await SignInAgainAsync(member);
        return await elsewhere.PostAsync(
            "/api/v1/me/password",
            new { current = member.Password, @new = "quite another long password" }
        );
    }

    private async Task<HttpClient> SignInAgainAsync(TestUser member)
    {
        var (_, body) = await SessionLimitTests.LoginAsync(chancery.Address, member);
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            body.GetProperty("access_token").GetString()
        );
        return client;
    }

    private async Task<HttpResponseMessage> SuspendAsync(Guid tenant)
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fixture.OperatorToken);
        return await client.PostAsync($"/operator/tenants/{tenant}/suspend", new { });
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string OperatorToken = "operator-token-of-the-tests";

        public Fixture() => Settings["OPERATOR_TOKEN"] = OperatorToken;

        public Uri Other { get; private set; } = null!;

        public Uri Deaf { get; private set; } = null!;

        internal MovedClock Clock { get; } = new();

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Other = await StartReplicaAsync();
            Deaf = await StartReplicaAsync(services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                services.AddSingleton(_ => new RedisGateway(
                    "127.0.0.1:1,connectTimeout=100,syncTimeout=100",
                    NullLogger<RedisGateway>.Instance
                ));
            });
        }
    }
}
