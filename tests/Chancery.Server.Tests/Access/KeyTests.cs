using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class KeyTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_works_as_bearer_and_in_its_own_header_with_its_own_role()
    {
        var olga = await chancery.SignUpAsync();
        var (key, id) = await olga.CreateKeyAsync("viewer");
        Assert.Matches("^ck_[a-z2-7]{12}_[A-Za-z0-9_-]{49}$", key);
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("X-API-Key", key);

        var bearer = await (await AccessApi.MeAsync(chancery.Address, key)).ReadAsync();
        var header = await client.GetFromJsonAsync<JsonElement>("/api/v1/me", Cancel);
        var beyond = await client.PostAsync("/api/v1/keys", new { name = "more", role = "viewer" });

        foreach (var me in new[] { bearer, header })
        {
            Assert.Equal(id, me.GetProperty("user").GetProperty("id").GetGuid());
            Assert.Equal("viewer", me.GetProperty("user").GetProperty("role").GetString());
            Assert.Equal(olga.TenantId, me.GetProperty("user").GetProperty("tenant_id").GetGuid());
        }

        Assert.Equal("forbidden", await beyond.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task A_key_is_shown_once_and_stored_only_as_a_keyed_hash()
    {
        var olga = await chancery.SignUpAsync();
        var (key, id) = await olga.CreateKeyAsync();

        var list = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/keys", Cancel);

        var listed = Assert.Single(list.GetProperty("items").EnumerateArray());
        Assert.Equal(id, listed.GetProperty("id").GetGuid());
        Assert.False(listed.TryGetProperty("key", out _));
        Assert.StartsWith(listed.GetProperty("start").GetString()!, key, StringComparison.Ordinal);
        await using var row = chancery.Owner.CreateCommand($"SELECT k::text FROM api_keys AS k WHERE key_id = '{id}'");
        Assert.DoesNotContain(key[16..], (string?)await row.ExecuteScalarAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_with_one_character_changed_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync();

        foreach (var position in new[] { 4, 20, 60, key.Length - 1 })
        {
            var changed = key.ToCharArray();
            changed[position] = changed[position] == 'a' ? 'b' : 'a';
            Assert.Equal(
                HttpStatusCode.Unauthorized,
                await AccessApi.StatusAsync(chancery.Address, new string(changed))
            );
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, "ck_"));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
    }

    [Fact]
    public async Task A_key_with_a_right_checksum_and_another_secret_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync();
        var other = await chancery.SignUpAsync();
        var (otherKey, otherId) = await other.CreateKeyAsync();
        await using var move = chancery.Owner.CreateCommand(
            $"UPDATE api_keys SET lookup = 'zzzzzzzzzzzz' WHERE lookup = '{key[3..15]}'; "
                + $"UPDATE api_keys SET lookup = '{key[3..15]}' WHERE key_id = '{otherId}'"
        );
        await move.ExecuteNonQueryAsync(Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, key));
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, otherKey));
    }

    [Fact]
    public async Task An_expired_key_is_refused_also_from_memory()
    {
        var olga = await chancery.SignUpAsync();
        var made = await (
            await olga.Http.PostAsync(
                "/api/v1/keys",
                new
                {
                    name = "brief",
                    role = "viewer",
                    expires_at = TimeProvider.System.GetUtcNow().AddSeconds(2),
                }
            )
        ).ReadAsync(HttpStatusCode.Created);
        var key = made.GetProperty("key").GetString()!;
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));

        await AccessApi.EventuallyAsync(
            async () => await AccessApi.StatusAsync(chancery.Address, key) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(4)
        );
    }

    [Fact]
    public async Task A_key_sinks_with_its_makers_role_and_dies_with_their_membership()
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");
        var (key, _) = await adam.CreateKeyAsync("admin");
        Assert.Equal("admin", await RoleAsync(key));

        await olga.Http.PatchAsJsonAsync($"/api/v1/members/{adam.UserId}", new { role = "viewer" }, Cancel);
        Assert.Equal("viewer", await RoleAsync(key));

        await olga.Http.DeleteAsync($"/api/v1/members/{adam.UserId}", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, key));
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_known_to_the_minute()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync();
        await AccessApi.StatusAsync(chancery.Address, key);

        var list = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/keys", Cancel);

        var lastUsed = list.GetProperty("items")[0].GetProperty("last_used_at").GetDateTimeOffset();
        Assert.InRange(TimeProvider.System.GetUtcNow() - lastUsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Another_organisations_key_is_the_same_404_as_a_missing_one()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var other = await chancery.SignUpAsync("Globex");
        var (key, id) = await olga.CreateKeyAsync();

        var foreign = await other.Http.DeleteAsync($"/api/v1/keys/{id}", Cancel);
        var missing = await other.Http.DeleteAsync($"/api/v1/keys/{Guid.CreateVersion7()}", Cancel);

        Assert.Equal(
            (await missing.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString(),
            (await foreign.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString()
        );
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
    }

    [Theory]
    [InlineData("", "viewer", null, "name")]
    [InlineData("a", "owner", null, "role")]
    [InlineData("a", "viewer", "2020-01-01T00:00:00Z", "expires_at")]
    public async Task Making_a_key_names_the_field_that_is_wrong(
        string name,
        string role,
        string? expiresAt,
        string field
    )
    {
        var olga = await chancery.SignUpAsync();

        var response = await olga.Http.PostAsync(
            "/api/v1/keys",
            new
            {
                name,
                role,
                expires_at = expiresAt,
            }
        );

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task A_key_makes_no_key_above_its_own_role_and_nobody_without_a_credential_makes_any()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync("editor");
        using var program = chancery.Anonymous();
        program.DefaultRequestHeaders.Add("X-API-Key", key);
        using var anonymous = chancery.Anonymous();

        var byEditor = await program.PostAsync("/api/v1/keys", new { name = "a", role = "viewer" });
        var byNobody = await anonymous.PostAsync("/api/v1/keys", new { name = "a", role = "viewer" });

        Assert.Equal("forbidden", await byEditor.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("unauthenticated", await byNobody.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_key_of_an_admin_lets_nobody_in_and_nobody_out()
    {
        var olga = await chancery.SignUpAsync();
        var member = await chancery.InviteAsync(olga, "viewer");
        var (_, other) = await olga.CreateKeyAsync();
        var (key, _) = await olga.CreateKeyAsync("admin");
        using var program = chancery.Anonymous();
        program.DefaultRequestHeaders.Add("X-API-Key", key);

        foreach (
            var response in new[]
            {
                await program.PostAsync("/api/v1/keys", new { name = "lasting", role = "viewer" }),
                await program.DeleteAsync($"/api/v1/keys/{other}", Cancel),
                await program.PostAsync("/api/v1/invitations", new { email = "second@example.com", role = "viewer" }),
                await program.PatchAsJsonAsync($"/api/v1/members/{member.UserId}", new { role = "admin" }, Cancel),
                await program.DeleteAsync($"/api/v1/members/{member.UserId}", Cancel),
            }
        )
        {
            Assert.Equal("person-only", await response.CodeAsync(HttpStatusCode.Forbidden));
        }

        Assert.Equal(HttpStatusCode.OK, (await program.GetAsync("/api/v1/members", Cancel)).StatusCode);
    }

    private async Task<string?> RoleAsync(string key)
    {
        using var response = await AccessApi.MeAsync(chancery.Address, key);
        return (await response.ReadAsync()).GetProperty("user").GetProperty("role").GetString();
    }
}
