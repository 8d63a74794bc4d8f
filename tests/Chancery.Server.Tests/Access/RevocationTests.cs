using System.Net;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Access;

/// <summary>Two servers on one database: what one of them ends must not go on at the other.</summary>
public sealed class RevocationTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    // Two seconds are promised; a busy machine may be late, and without the message it would be twenty.
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task With_Redis_sign_out_role_change_removal_and_key_revocation_reach_the_other_replica_in_two_seconds()
    {
        var other = await chancery.StartReplicaAsync();
        var olga = await chancery.SignUpAsync();
        var signedOut = await chancery.InviteAsync(olga, "viewer");
        var demoted = await chancery.InviteAsync(olga, "admin");
        var removed = await chancery.InviteAsync(olga, "admin");
        var (key, keyId) = await olga.CreateKeyAsync();
        var (orphan, _) = await removed.CreateKeyAsync();
        foreach (var known in new[] { signedOut.AccessToken, demoted.AccessToken, removed.AccessToken, key, orphan })
        {
            Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(other, known));
        }

        await (await signedOut.Http.PostAsync("/api/v1/auth/logout", new { })).ReadAsync(HttpStatusCode.NoContent);
        await (
            await olga.Http.PatchAsync(
                $"/api/v1/members/{demoted.UserId}",
                System.Net.Http.Json.JsonContent.Create(new { role = "viewer" }),
                TestContext.Current.CancellationToken
            )
        ).ReadAsync();
        await DeleteAsync(olga, $"/api/v1/members/{removed.UserId}");
        await DeleteAsync(olga, $"/api/v1/keys/{keyId}");

        foreach (var ended in new[] { signedOut.AccessToken, removed.AccessToken, key, orphan })
        {
            await AccessApi.EventuallyAsync(() => IsRefusedAsync(other, ended), Promise);
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, ended));
        }

        await AccessApi.EventuallyAsync(async () => await RoleAsync(other, demoted.AccessToken) == "viewer", Promise);
        Assert.Equal("viewer", await RoleAsync(chancery.Address, demoted.AccessToken));
    }

    [Fact]
    public async Task With_Redis_gone_a_revocation_acts_on_the_other_replica_within_thirty_seconds()
    {
        var clock = new MovedClock();
        var deaf = await chancery.StartReplicaAsync(services =>
        {
            services.AddSingleton<TimeProvider>(clock);
            services.AddSingleton(_ => new RedisGateway(
                "127.0.0.1:1,connectTimeout=100,syncTimeout=100",
                NullLogger<RedisGateway>.Instance
            ));
        });
        var olga = await chancery.SignUpAsync();
        var (key, keyId) = await olga.CreateKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(deaf, olga.AccessToken));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(deaf, key));

        await DeleteAsync(olga, $"/api/v1/keys/{keyId}");
        await (await olga.Http.PostAsync("/api/v1/auth/logout", new { })).ReadAsync(HttpStatusCode.NoContent);

        // Still known there, which shows that the answer comes from memory and that nobody told this replica.
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(deaf, olga.AccessToken));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(deaf, key));

        clock.Ahead = TimeSpan.FromSeconds(30);

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(deaf, olga.AccessToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(deaf, key));
    }

    [Fact]
    public async Task Replicas_that_start_together_make_one_signing_key_and_accept_each_others_tokens()
    {
        var addresses = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => chancery.StartReplicaAsync()));
        var olga = await chancery.SignUpAsync();

        foreach (var address in addresses)
        {
            Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(address, olga.AccessToken));
        }

        await using var count = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM installation_keys WHERE purpose = 'signing'"
        );
        Assert.Equal(1L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<bool> IsRefusedAsync(Uri server, string credential) =>
        await AccessApi.StatusAsync(server, credential) == HttpStatusCode.Unauthorized;

    private static async Task<string?> RoleAsync(Uri server, string token)
    {
        using var response = await AccessApi.MeAsync(server, token);
        return (await response.ReadAsync()).GetProperty("user").GetProperty("role").GetString();
    }

    private static async Task DeleteAsync(TestUser user, string path)
    {
        using var response = await user.Http.DeleteAsync(path, TestContext.Current.CancellationToken);
        await response.ReadAsync(HttpStatusCode.NoContent);
    }
}
