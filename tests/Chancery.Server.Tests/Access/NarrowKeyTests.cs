using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Access.Keys;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

/// <summary>What narrows a key, how it gets another secret, and whose it can be.</summary>
public sealed class NarrowKeyTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scopes_take_away_what_the_role_would_allow()
    {
        var olga = await chancery.SignUpAsync();
        var made = await MakeAsync(
            olga,
            new
            {
                name = "reader",
                role = "editor",
                scopes = new[] { "documents:read" },
            }
        );
        using var client = With(made.Text("key"));

        using var read = await client.GetAsync("/api/v1/docs", Cancel);
        using var written = await client.PostAsync("/api/v1/collections", new { name = "More" });
        using var asked = await client.PostAsync("/api/v1/chat", new { question = "What?" });
        var me = await client.GetFromJsonAsync<JsonElement>("/api/v1/me", Cancel);

        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal("forbidden", await written.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("forbidden", await asked.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(
            ["documents:read"],
            me.GetProperty("user").GetProperty("permissions").EnumerateArray().Select(one => one.GetString())
        );
        Assert.Equal("documents:read", made.GetProperty("scopes")[0].GetString());
    }

    [Theory]
    [InlineData("""{"name":"a","role":"viewer","scopes":["documents:write"]}""", "scopes")]
    [InlineData("""{"name":"a","role":"viewer","scopes":["everything"]}""", "scopes")]
    [InlineData("""{"name":"a","role":"viewer","scopes":[]}""", "scopes")]
    [InlineData("""{"name":"a","role":"viewer","ip_ranges":["10.0.0.0/33"]}""", "ip_ranges")]
    [InlineData("""{"name":"a","role":"viewer","ip_ranges":["1"]}""", "ip_ranges")]
    [InlineData("""{"name":"a","role":"viewer","ip_ranges":["example.com"]}""", "ip_ranges")]
    [InlineData("""{"name":"a","role":"viewer","requests_per_minute":0}""", "requests_per_minute")]
    public async Task What_a_key_cannot_be_limited_to_is_refused(string body, string field)
    {
        var olga = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var refused = await olga.Http.PostAsync("/api/v1/keys", content, Cancel);

        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);
        Assert.Contains(
            problem.GetProperty("errors").EnumerateObject(),
            error => error.Name.StartsWith(field, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_key_counts_only_from_its_addresses_and_says_no_more_than_an_unknown_one()
    {
        var olga = await chancery.SignUpAsync();
        var here = await MakeAsync(
            olga,
            new
            {
                name = "here",
                role = "viewer",
                ip_ranges = new[] { "127.0.0.0/8", "::1" },
            }
        );
        var elsewhere = await MakeAsync(
            olga,
            new
            {
                name = "elsewhere",
                role = "viewer",
                ip_ranges = new[] { "203.0.113.7" },
            }
        );

        using var allowed = await AccessApi.MeAsync(chancery.Address, here.Text("key"));
        using var refused = await AccessApi.MeAsync(chancery.Address, elsewhere.Text("key"));
        using var unknown = await AccessApi.MeAsync(chancery.Address, ApiKeyText.Create().Text);

        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        Assert.Equal(
            Told(await unknown.ReadAsync(HttpStatusCode.Unauthorized)),
            Told(await refused.ReadAsync(HttpStatusCode.Unauthorized))
        );
    }

    [Theory]
    [InlineData("10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("::ffff:10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("11.1.2.3", "10.0.0.0/8", false)]
    [InlineData("2001:db8::7", "2001:db8::/32", true)]
    [InlineData("2001:db9::7", "2001:db8::/32", false)]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.8", "203.0.113.7", false)]
    public void An_address_is_in_a_range_or_not(string address, string range, bool expected)
    {
        var cleaned = IpRanges.Clean([range])!;

        Assert.Equal(expected, IpRanges.Hold(cleaned, IPAddress.Parse(address)));
        Assert.False(IpRanges.Hold(cleaned, null));
    }

    [Fact]
    public async Task Expired_revoked_and_unknown_keys_are_told_the_same()
    {
        var olga = await chancery.SignUpAsync();
        var expired = await MakeAsync(olga, new { name = "expired", role = "viewer" });
        await using (
            var end = chancery.Owner.CreateCommand(
                $"UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE key_id = '{expired.Id()}'"
            )
        )
        {
            await end.ExecuteNonQueryAsync(Cancel);
        }

        var revoked = await MakeAsync(olga, new { name = "revoked", role = "viewer" });
        using var gone = await olga.Http.DeleteAsync($"/api/v1/keys/{revoked.Id()}", Cancel);

        var answers = new List<string>();
        foreach (var key in new[] { expired.Text("key"), revoked.Text("key"), ApiKeyText.Create().Text, "ck_nonsense" })
        {
            using var response = await AccessApi.MeAsync(chancery.Address, key);
            answers.Add(Told(await response.ReadAsync(HttpStatusCode.Unauthorized)));
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task A_key_has_a_limit_of_its_own_and_says_how_much_of_it_is_left()
    {
        var olga = await chancery.SignUpAsync();
        var made = await MakeAsync(
            olga,
            new
            {
                name = "slow",
                role = "viewer",
                requests_per_minute = 3,
            }
        );
        using var client = With(made.Text("key"));
        var statuses = new List<HttpStatusCode>();

        // Two minutes of the clock at most: one of them sees more than three.
        for (var i = 0; i < 8; i++)
        {
            using var response = await client.GetAsync("/api/v1/me", Cancel);
            statuses.Add(response.StatusCode);
            Assert.Equal("\"key\";q=3;w=60", response.Headers.GetValues("RateLimit-Policy").Single());
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal("too-many-requests", await response.CodeAsync(HttpStatusCode.TooManyRequests));
                Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            }
        }

        var others = await AccessApi.StatusAsync(chancery.Address, (await olga.CreateKeyAsync()).Key);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.InRange(statuses.Count(status => status == HttpStatusCode.OK), 3, 6);
        Assert.Equal(HttpStatusCode.OK, others);
    }

    [Fact]
    public async Task A_rotated_key_has_a_new_secret_and_keeps_the_old_one_for_a_while()
    {
        var olga = await chancery.SignUpAsync();
        var document = (await olga.UploadTextAsync("For the key.")).Id();
        var made = await MakeAsync(
            olga,
            new
            {
                name = "turning",
                role = "viewer",
                scopes = new[] { "documents:read" },
            }
        );
        using var named = await olga.Http.PutAsJsonAsync(
            $"/api/v1/docs/{document}/access",
            new { readers = new[] { made.Id() } },
            Cancel
        );

        var rotated = await olga.PostAsync($"/api/v1/keys/{made.Id()}/rotate", new { overlap_hours = 24 });
        var again = await olga.PostAsync($"/api/v1/keys/{made.Id()}/rotate", new { overlap_hours = 0 });

        Assert.Equal(made.Id(), rotated.Id());
        Assert.InRange(
            rotated.GetProperty("previous_until").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromHours(23.9),
            TimeSpan.FromHours(24)
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, made.Text("key")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, rotated.Text("key")));
        using var client = With(again.Text("key"));
        using var read = await client.GetAsync($"/api/v1/docs/{document}", Cancel);
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal("documents:read", again.GetProperty("scopes")[0].GetString());
    }

    [Fact]
    public async Task Both_secrets_count_while_they_overlap()
    {
        var olga = await chancery.SignUpAsync();
        var made = await MakeAsync(olga, new { name = "turning", role = "viewer" });
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, made.Text("key")));

        var rotated = await olga.PostAsync($"/api/v1/keys/{made.Id()}/rotate", new { });

        foreach (var secret in new[] { made.Text("key"), rotated.Text("key") })
        {
            using var response = await AccessApi.MeAsync(chancery.Address, secret);
            var me = await response.ReadAsync();
            Assert.Equal(made.Id(), me.GetProperty("user").GetProperty("id").GetGuid());
        }

        await using (
            var end = chancery.Owner.CreateCommand(
                $"UPDATE api_keys SET previous_until = now() WHERE key_id = '{made.Id()}'"
            )
        )
        {
            await end.ExecuteNonQueryAsync(Cancel);
        }

        var replica = await chancery.StartReplicaAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(replica, made.Text("key")));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(replica, rotated.Text("key")));
    }

    [Fact]
    public async Task Nothing_is_rotated_that_is_not_there_or_is_revoked()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync("Globex");
        var made = await MakeAsync(olga, new { name = "a", role = "viewer" });

        await other.PostAsync($"/api/v1/keys/{made.Id()}/rotate", new { }, HttpStatusCode.NotFound);
        await olga.PostAsync(
            $"/api/v1/keys/{made.Id()}/rotate",
            new { overlap_hours = 169 },
            HttpStatusCode.BadRequest
        );
        using var gone = await olga.Http.DeleteAsync($"/api/v1/keys/{made.Id()}", Cancel);
        await olga.PostAsync($"/api/v1/keys/{made.Id()}/rotate", new { }, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_service_accounts_keys_outlive_their_maker_count_with_its_role_and_stop_together()
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");
        var account = await adam.PostAsync(
            "/api/v1/service-accounts",
            new { name = "importer", role = "editor" },
            HttpStatusCode.Created
        );
        var first = await MakeAsync(
            adam,
            new
            {
                name = "1",
                role = "admin",
                service_account_id = account.Id(),
            }
        );
        var second = await MakeAsync(
            adam,
            new
            {
                name = "2",
                role = "viewer",
                service_account_id = account.Id(),
            }
        );
        Assert.Equal(("editor", "viewer"), (await RoleOfAsync(first), await RoleOfAsync(second)));

        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{adam.UserId}", Cancel);
        Assert.Equal("editor", await RoleOfAsync(first));

        await PatchAsync(olga, account.Id(), new { role = "viewer" });
        Assert.Equal("viewer", await RoleOfAsync(first));

        await PatchAsync(olga, account.Id(), new { disabled = true });
        Assert.Equal((null, null), (await RoleOfAsync(first), await RoleOfAsync(second)));

        await PatchAsync(olga, account.Id(), new { disabled = false });
        Assert.Equal("viewer", await RoleOfAsync(second));

        var listed = await olga.GetAsync($"/api/v1/keys?service_account_id={account.Id()}");
        Assert.Equal(2, listed.Items().Length);
        Assert.Equal(
            2,
            (await olga.GetAsync($"/api/v1/service-accounts/{account.Id()}")).GetProperty("keys").GetInt32()
        );
        using var deleted = await olga.Http.DeleteAsync($"/api/v1/service-accounts/{account.Id()}", Cancel);
        Assert.Equal((null, null), (await RoleOfAsync(first), await RoleOfAsync(second)));
    }

    [Fact]
    public async Task A_service_account_reads_what_names_it_or_a_group_of_it()
    {
        var olga = await chancery.SignUpAsync();
        var account = (
            await olga.PostAsync(
                "/api/v1/service-accounts",
                new { name = "reader", role = "viewer" },
                HttpStatusCode.Created
            )
        ).Id();
        var key = await MakeAsync(
            olga,
            new
            {
                name = "1",
                role = "viewer",
                service_account_id = account,
            }
        );
        var document = (await olga.UploadTextAsync("Secret.")).Id();
        using var client = With(key.Text("key"));

        await SetAsync(olga.UserId);
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync());
        await SetAsync(account);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync());
        var group = (await olga.PostAsync("/api/v1/groups", new { name = "Machines" }, HttpStatusCode.Created)).Id();
        await SetAsync(group);
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync());
        using var joined = await olga.Http.PutAsync($"/api/v1/groups/{group}/members/{account}", null, Cancel);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync());

        async Task SetAsync(Guid reader)
        {
            using var set = await olga.Http.PutAsJsonAsync(
                $"/api/v1/docs/{document}/access",
                new { readers = new[] { reader } },
                Cancel
            );
            Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        }

        async Task<HttpStatusCode> ReadAsync()
        {
            using var response = await client.GetAsync($"/api/v1/docs/{document}", Cancel);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Service_accounts_are_made_and_changed_by_whoever_manages_keys_in_person()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var (key, _) = await olga.CreateKeyAsync("admin");
        using var machine = With(key);
        await olga.PostAsync("/api/v1/service-accounts", new { name = "a", role = "viewer" }, HttpStatusCode.Created);

        using var byEditor = await eddie.Http.PostAsync(
            "/api/v1/service-accounts",
            new { name = "b", role = "viewer" }
        );
        using var byKey = await machine.PostAsync("/api/v1/service-accounts", new { name = "b", role = "viewer" });
        using var taken = await olga.Http.PostAsync("/api/v1/service-accounts", new { name = "A", role = "viewer" });
        using var owner = await olga.Http.PostAsync("/api/v1/service-accounts", new { name = "c", role = "owner" });
        using var missing = await olga.Http.PostAsync(
            "/api/v1/keys",
            new
            {
                name = "d",
                role = "viewer",
                service_account_id = Guid.CreateVersion7(),
            }
        );

        Assert.Equal("forbidden", await byEditor.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("person-only", await byKey.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("account-name-taken", await taken.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal(HttpStatusCode.BadRequest, owner.StatusCode);
        Assert.Equal("not-found", await missing.CodeAsync(HttpStatusCode.NotFound));
    }

    private async Task<string?> RoleOfAsync(JsonElement key)
    {
        using var response = await AccessApi.MeAsync(chancery.Address, key.Text("key"));
        return response.StatusCode == HttpStatusCode.Unauthorized
            ? null
            : (await response.ReadAsync()).GetProperty("user").Text("role");
    }

    private static async Task PatchAsync(TestUser user, Guid account, object change)
    {
        using var response = await user.Http.PatchAsJsonAsync(
            $"/api/v1/service-accounts/{account}",
            change,
            ChanceryFixture.Json,
            Cancel
        );
        await response.ReadAsync();
    }

    private static Task<JsonElement> MakeAsync(TestUser user, object key) =>
        user.PostAsync("/api/v1/keys", key, HttpStatusCode.Created);

    private HttpClient With(string key)
    {
        var client = ChanceryFixture.Client(chancery.Address);
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        return client;
    }

    private static string Told(JsonElement problem) =>
        string.Join(
            '|',
            problem.EnumerateObject().Where(one => one.Name != "traceId").Select(one => $"{one.Name}={one.Value}")
        );
}
