using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Limits;

/// <summary>What somebody meets who does as much as they may.</summary>
public sealed partial class LimitGateTests(LimitGateTests.Fixture chancery) : IClassFixture<LimitGateTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_organisation_on_plan_FREE_may_ask_a_hundred_times_an_hour_and_is_told_what_to_do_then()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.PutAsync($"/operator/tenants/{olga.TenantId}/plan", new { plan = "FREE" });
        await chancery.PutAsync(Limit(olga, "requests_per_hour"), new { most = 3 });

        for (var left = 2; left >= 0; left--)
        {
            using var passed = await SearchAsync(olga);
            await passed.ReadAsync();
            Assert.Contains(
                $"\"requests_per_hour\";r={left};t=",
                Header(passed, "RateLimit"),
                StringComparison.Ordinal
            );
            Assert.Contains(
                "\"requests_per_hour\";q=3;w=3600",
                Header(passed, "RateLimit-Policy"),
                StringComparison.Ordinal
            );
        }

        using var refused = await SearchAsync(olga);
        var problem = await refused.ReadAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal("too-many-requests", problem.GetProperty("code").GetString());
        Assert.Equal("requests_per_hour", problem.GetProperty("limit_name").GetString());
        Assert.Equal(3, problem.GetProperty("limit").GetInt64());
        Assert.Equal(3600, problem.GetProperty("window_seconds").GetInt64());
        var wait = int.Parse(Header(refused, "Retry-After"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(wait, 1, 3600);
        Assert.Contains(
            "Rate limit exceeded: your organisation may",
            problem.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );

        // Reading costs nothing of it.
        using var list = await olga.Http.GetAsync("/api/v1/docs", Cancel);
        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
    }

    [Fact]
    public async Task A_program_of_OpenAIs_protocol_is_refused_in_its_own_words()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.PutAsync(Limit(olga, "requests_per_hour"), new { most = 0 });

        using var refused = await olga.Http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "any", messages = new[] { new { role = "user", content = "Hello" } } },
            Cancel
        );

        var error = (await refused.ReadAsync(HttpStatusCode.TooManyRequests)).GetProperty("error");
        Assert.Equal("rate_limit_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task The_status_tells_where_the_caller_stands_and_counts_nothing()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.PutAsync(Limit(olga, "requests"), new { most = 10 });
        (await olga.Http.GetAsync("/api/v1/docs", Cancel)).Dispose();

        var status = await StatusAsync(olga);
        await Task.Delay(TimeSpan.FromSeconds(1.1), Cancel);
        var again = await StatusAsync(olga);

        Assert.Equal(9, again.GetProperty("remaining").GetInt64());
        Assert.Equal(1, status.GetProperty("used").GetInt64());
        Assert.Equal(10, status.GetProperty("limit").GetInt64());
        Assert.Equal(
            status.GetProperty("resets_at").GetDateTimeOffset().ToUnixTimeSeconds(),
            status.GetProperty("next_reset").GetInt64()
        );
        var reading = status.GetProperty("limits").EnumerateArray().Single();
        Assert.Equal("requests", reading.GetProperty("name").GetString());
        Assert.Equal("ok", reading.GetProperty("state").GetString());
        Assert.Equal(10, reading.GetProperty("percent").GetInt32());
    }

    [Fact]
    public async Task Without_limits_there_is_nothing_to_tell_and_no_header()
    {
        var olga = await chancery.SignUpAsync();

        using var list = await olga.Http.GetAsync("/api/v1/docs", Cancel);
        var status = await StatusAsync(olga);

        Assert.False(list.Headers.Contains("RateLimit"));
        Assert.Equal("OWN", status.GetProperty("plan").GetString());
        Assert.Empty(status.GetProperty("limits").EnumerateArray());
        Assert.False(status.TryGetProperty("remaining", out _));
    }

    [Fact]
    public async Task A_plan_is_made_changed_and_taken_away_and_holds_on_every_server_at_once()
    {
        var olga = await chancery.SignUpAsync();
        var plan = $"P{Guid.CreateVersion7().ToString("n").ToUpperInvariant()[..20]}";
        using (
            var unknown = await chancery.SendAsync(
                HttpMethod.Put,
                $"/operator/tenants/{olga.TenantId}/plan",
                new { plan }
            )
        )
        {
            Assert.Equal("invalid", await unknown.CodeAsync(HttpStatusCode.BadRequest));
        }

        await chancery.PutAsync($"/operator/plans/{plan}", new { limits = new { requests = 100 } });
        await chancery.PutAsync($"/operator/tenants/{olga.TenantId}/plan", new { plan });
        await chancery.PutAsync($"/operator/plans/{plan}", new { limits = new { requests = 0 } });

        using (var client = ChanceryFixture.Client(chancery.Second))
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", olga.AccessToken);
            await AccessApi.EventuallyAsync(
                async () =>
                {
                    using var answer = await client.GetAsync("/api/v1/docs", Cancel);
                    return answer.StatusCode == HttpStatusCode.TooManyRequests;
                },
                TimeSpan.FromSeconds(20)
            );
        }

        using (var used = await chancery.SendAsync(HttpMethod.Delete, $"/operator/plans/{plan}", null))
        {
            Assert.Equal("plan-in-use", await used.CodeAsync(HttpStatusCode.Conflict));
        }

        await chancery.PutAsync($"/operator/tenants/{olga.TenantId}/plan", new { plan = "OWN" });
        using var removed = await chancery.SendAsync(HttpMethod.Delete, $"/operator/plans/{plan}", null);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
    }

    [Theory]
    [InlineData("/operator/plans/lower", """{"limits":{}}""", "plan")]
    [InlineData("/operator/plans/BAD", """{"limits":{"requests_per_fortnight":1}}""", "limits.requests_per_fortnight")]
    [InlineData("/operator/plans/BAD", """{"limits":{"requests":-1}}""", "limits.requests")]
    [InlineData("/operator/plans/BAD", "{}", "limits")]
    public async Task A_plan_that_makes_no_sense_is_refused_by_name(string address, string body, string field)
    {
        using var refused = await chancery.SendAsync(
            HttpMethod.Put,
            address,
            JsonSerializer.Deserialize<JsonElement>(body)
        );

        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task An_organisation_lets_a_key_call_less_often_and_cannot_lift_what_the_operator_set()
    {
        var olga = await chancery.SignUpAsync();
        var (key, id) = await olga.CreateKeyAsync("viewer");
        await chancery.PutAsync(Limit(olga, "requests") + $"?key={id}", new { most = 2 });
        using (
            var raised = await olga.Http.PutAsJsonAsync($"/api/v1/limits/keys/{id}/requests", new { most = 50 }, Cancel)
        )
        {
            Assert.Equal(HttpStatusCode.NoContent, raised.StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AccessApi.StatusAsync(chancery.Address, key));
        // Others of the organisation go on.
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));

        using var removed = await olga.Http.DeleteAsync($"/api/v1/limits/keys/{id}/requests", Cancel);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        var told = await (await olga.Http.GetAsync("/api/v1/limits", Cancel)).ReadAsync();
        var set = Assert.Single(told.GetProperty("limits").EnumerateArray());
        Assert.Equal("operator", set.GetProperty("set_by").GetString());
    }

    [Fact]
    public async Task A_persons_limit_holds_over_all_their_keys_and_sign_ins_together_and_a_keys_for_itself_beside_it()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");
        var (one, id) = await olga.CreateKeyAsync("viewer");
        var (other, _) = await olga.CreateKeyAsync("viewer");
        await chancery.PutAsync(Limit(olga, "requests") + $"?user={olga.UserId}", new { most = 4 });
        using (var set = await olga.Http.PutAsJsonAsync($"/api/v1/limits/keys/{id}/requests", new { most = 1 }, Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, one));
        using var ofKey = await AccessApi.MeAsync(chancery.Address, one);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, other));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        using var ofPerson = await AccessApi.MeAsync(chancery.Address, other);

        var problem = await ofKey.ReadAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal(("key_requests", 1), (problem.Text("limit_name"), problem.GetProperty("limit").GetInt64()));
        problem = await ofPerson.ReadAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal(("requests", 4), (problem.Text("limit_name"), problem.GetProperty("limit").GetInt64()));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, ina.AccessToken));
    }

    [Theory]
    [InlineData("users", "requests", -1, HttpStatusCode.BadRequest)]
    [InlineData("keys", "documents", 5, HttpStatusCode.BadRequest)]
    [InlineData("users", "requests", 5, HttpStatusCode.NotFound)]
    [InlineData("keys", "requests", 5, HttpStatusCode.NotFound)]
    public async Task A_limit_that_makes_no_sense_or_is_nobodys_is_refused(
        string subject,
        string name,
        long most,
        HttpStatusCode expected
    )
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        var id = subject == "users" ? neighbour.UserId : (await neighbour.CreateKeyAsync()).Id;
        var address = $"/api/v1/limits/{subject}/{id}/{name}";

        using var set = await olga.Http.PutAsJsonAsync(address, new { most }, Cancel);
        using var removed = await olga.Http.DeleteAsync(address, Cancel);

        Assert.Equal(expected, set.StatusCode);
        Assert.Equal(name == "documents" ? expected : HttpStatusCode.NotFound, removed.StatusCode);
    }

    [Fact]
    public async Task An_address_without_a_credential_has_a_limit_and_health_none()
    {
        using var client = ChanceryFixture.Client(chancery.Narrow);
        var refused = 0;
        for (var i = 0; i < 8; i++)
        {
            using var answer = await client.PostAsJsonAsync(
                "/api/v1/auth/login",
                new { email = "a@example.com", password = "no" },
                Cancel
            );
            refused +=
                answer.StatusCode == HttpStatusCode.TooManyRequests
                && Header(answer, "RateLimit").StartsWith("\"ip\"", StringComparison.Ordinal)
                    ? 1
                    : 0;
            using var health = await client.GetAsync("/health", Cancel);
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        }

        Assert.True(refused >= 3, $"{refused} were refused.");
    }

    [Fact]
    public void Everything_that_costs_is_counted_as_that()
    {
        var costly = chancery
            .Routes()
            .Where(route => route.Cost is not ("Plain" or "Free"))
            .Select(route => $"{route.Method} {route.Path} {route.Cost}")
            .Order(StringComparer.Ordinal);

        var told = Docs()
            .Matches(File.ReadAllText(Path.Combine(Architecture.SourceTree.Root, "docs", "limits.md")))
            .Select(match => match.Groups["route"].Value.Replace("` |", "", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        Assert.Equal(string.Join('\n', told), string.Join('\n', costly));
    }

    [GeneratedRegex(@"^\| `(?<route>(GET|POST|PUT) [^`]+` \| \w+) \|", RegexOptions.Multiline)]
    private static partial Regex Docs();

    private static string Limit(TestUser user, string name) => $"/operator/tenants/{user.TenantId}/limits/{name}";

    private static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";

    private static Task<HttpResponseMessage> SearchAsync(TestUser user) =>
        user.Http.PostAsJsonAsync("/api/v1/search", new { query = "anything" }, Cancel);

    private static async Task<JsonElement> StatusAsync(TestUser user)
    {
        using var answer = await user.Http.GetAsync("/api/v1/rate-limit/status", Cancel);
        return await answer.ReadAsync();
    }

    public sealed class Fixture : ChanceryFixture
    {
        private string _operator = "";

        /// <summary>A second server of the same installation.</summary>
        public Uri Second { get; private set; } = null!;

        /// <summary>A server that lets an address call five times a minute.</summary>
        public Uri Narrow { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Second = await StartReplicaAsync();
            Settings["RATE_LIMIT_REQUESTS"] = "5";
            Narrow = await StartReplicaAsync();
            _operator = (
                await new OperatorDirectory(Owner).CreateAsync("Limits", TimeProvider.System.GetUtcNow(), default)
            )!;
        }

        public async Task PutAsync(string address, object body)
        {
            using var answer = await SendAsync(HttpMethod.Put, address, body);
            await answer.ReadAsync(HttpStatusCode.NoContent);
        }

        public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string address, object? body)
        {
            using var client = Anonymous();
            using var request = new HttpRequestMessage(method, address);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _operator);
            request.Content = body is null ? null : JsonContent.Create(body);
            return await client.SendAsync(request, Cancel);
        }

        public IEnumerable<(string Method, string Path, string Cost)> Routes() =>
            from endpoint in ((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)App).DataSources.SelectMany(source =>
                source.Endpoints
            )
            let route = endpoint as Microsoft.AspNetCore.Routing.RouteEndpoint
            where route is not null
            from method in route.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()?.HttpMethods
                ?? []
            select (
                method,
                route.RoutePattern.RawText!,
                Chancery.Server.Platform.Routing.RouteCostExtensions.CostOf(route).ToString()
            );
    }
}
