using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

/// <summary>The operator: made on the machine, outside of all organisations, and told nothing that is in them.</summary>
public sealed class OperatorTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Tenants = "/operator/tenants";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/health/advanced")]
    [InlineData("GET", Tenants)]
    [InlineData("POST", Tenants)]
    [InlineData("POST", "/operator/tenants/01890000-0000-7000-8000-000000000000/invitation")]
    [InlineData("POST", "/operator/tenants/01890000-0000-7000-8000-000000000000/suspend")]
    [InlineData("POST", "/operator/tenants/01890000-0000-7000-8000-000000000000/resume")]
    public async Task No_credential_of_an_organisation_opens_what_is_the_operators(string method, string address)
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync("admin");
        var (token, operators) = await MakeAsync();
        var gone = $"Gone {Guid.CreateVersion7()}";
        var revoked = await operators.CreateAsync(gone, TimeProvider.System.GetUtcNow(), Cancel);
        Assert.True(await operators.RevokeAsync(gone, TimeProvider.System.GetUtcNow(), Cancel));
        foreach (var credential in new[] { olga.AccessToken, key, revoked!, token + "x", "co_" })
        {
            using var response = await SendAsync(method, address, credential);
            Assert.Equal("operator-only", await response.CodeAsync(HttpStatusCode.Unauthorized));
        }

        using var admitted = await SendAsync(method, address, token);
        Assert.NotEqual(HttpStatusCode.Unauthorized, admitted.StatusCode);
    }

    [Fact]
    public async Task The_operators_token_opens_nothing_of_an_organisation()
    {
        var (token, _) = await MakeAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, token));
        using var docs = await SendAsync("GET", "/api/v1/docs", token);
        Assert.Equal(HttpStatusCode.Unauthorized, docs.StatusCode);
    }

    [Fact]
    public async Task Two_operators_have_two_names()
    {
        var operators = new OperatorDirectory(chancery.Owner);
        var name = $"Twin {Guid.CreateVersion7()}";

        Assert.NotNull(await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), Cancel));
        Assert.Null(await operators.CreateAsync(name.ToUpperInvariant(), TimeProvider.System.GetUtcNow(), Cancel));
        Assert.True(await operators.RevokeAsync(name, TimeProvider.System.GetUtcNow(), Cancel));
        Assert.False(await operators.RevokeAsync(name, TimeProvider.System.GetUtcNow(), Cancel));
        Assert.NotNull(await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), Cancel));
    }

    [Fact]
    public async Task The_list_tells_sizes_and_states_and_nothing_that_is_inside()
    {
        const string canary = "zanzibarcanary";
        var olga = await chancery.SignUpAsync("Sized Ltd");
        await chancery.InviteAsync(olga, "viewer");
        await olga.ReadyTextAsync($"# {canary}\n\nThe {canary} is in here.", $"{canary}.md");
        var (token, _) = await MakeAsync();

        var (text, found) = await ListAsync(token, olga.TenantId);

        Assert.Equal("Sized Ltd", found.GetProperty("name").GetString());
        Assert.Equal("active", found.GetProperty("status").GetString());
        Assert.Equal(2, found.GetProperty("members").GetInt64());
        Assert.Equal(1, found.GetProperty("documents").GetInt64());
        Assert.True(found.GetProperty("file_bytes").GetInt64() > 20);
        Assert.True(found.GetProperty("chunks").GetInt64() >= 1);
        Assert.DoesNotContain(canary, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(olga.Email, text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_list_is_searched_by_name_or_id_and_tells_the_months_cost_and_cap()
    {
        var word = $"Quill{Guid.CreateVersion7():n}";
        var olga = await chancery.SignUpAsync($"100% {word}_Ltd");
        await chancery.SignUpAsync($"{word} Other");
        await SpendAsync(olga.TenantId, 1_250_000_000, capNano: 5_000_000_000);
        var (token, _) = await MakeAsync();

        var both = await SearchAsync(token, word.ToUpperInvariant());
        var literal = await SearchAsync(token, $"% {word}_");
        var byId = await SearchAsync(token, olga.TenantId.ToString());
        var none = await SearchAsync(token, $"%{word}%");
        using var nul = await SendAsync("GET", $"{Tenants}?q=a%00b", token);

        Assert.Equal(2, both.Length);
        Assert.Empty(none);
        Assert.Equal(olga.TenantId, Assert.Single(byId).GetProperty("tenant_id").GetGuid());
        var found = Assert.Single(literal);
        Assert.Equal(1.25m, found.GetProperty("month_cost_usd").GetDecimal());
        Assert.Equal(5m, found.GetProperty("month_cap_usd").GetDecimal());
        var other = both.Single(one => one.GetProperty("tenant_id").GetGuid() != olga.TenantId);
        Assert.Equal(0m, other.GetProperty("month_cost_usd").GetDecimal());
        Assert.False(other.TryGetProperty("month_cap_usd", out _));
        Assert.Equal(HttpStatusCode.BadRequest, nul.StatusCode);
    }

    [Fact]
    public async Task A_suspended_organisation_stops_and_goes_on_as_it_was()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync();
        var neighbour = await chancery.SignUpAsync();
        var (token, _) = await MakeAsync();
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));

        using var suspended = await SendAsync("POST", $"{Tenants}/{olga.TenantId}/suspend", token);
        var whileSuspended = await Task.WhenAll(
            new[] { olga.AccessToken, key, neighbour.AccessToken }.Select(one =>
                AccessApi.StatusAsync(chancery.Address, one)
            )
        );
        var (_, listed) = await ListAsync(token, olga.TenantId);
        using var resumed = await SendAsync("POST", $"{Tenants}/{olga.TenantId}/resume", token);
        using var unknown = await SendAsync("POST", $"{Tenants}/{Guid.CreateVersion7()}/suspend", token);

        Assert.Equal(HttpStatusCode.NoContent, suspended.StatusCode);
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK], whileSuspended);
        Assert.Equal("suspended", listed.GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.NoContent, resumed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_Prometheus_text_with_requests_searches_and_the_runtime_and_without_anybodys_name()
    {
        var olga = await chancery.SignUpAsync();
        await (await olga.Http.PostAsync("/api/v1/search", new { query = "anything" })).ReadAsync();
        var (token, _) = await MakeAsync();

        using var response = await SendAsync("GET", "/metrics", token);
        var text = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Matches(
            """(?m)^http_server_request_duration_seconds_bucket\{[^}]*http_route="/?api/v1/search"[^}]*le="\+Inf"\} [1-9]""",
            text
        );
        Assert.Matches("""(?m)^vector_search_requests_total\{[^}]*\} [1-9]""", text);
        Assert.Contains("# TYPE vector_search_duration_seconds histogram", text, StringComparison.Ordinal);
        Assert.Matches("(?m)^dotnet_gc_collections_total", text);
        Assert.DoesNotContain(olga.TenantId.ToString(), text, StringComparison.Ordinal);
        // A sample or a comment on each line, each family told of once.
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line =>
                Assert.Matches(
                    """^(# (HELP|TYPE) [a-z_:][a-z0-9_:]* .*|[a-z_:][a-z0-9_:]*(\{.*\})? [-+0-9.eEInfNa]+)$""",
                    line
                )
        );
        var types = text.Split('\n').Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).ToList();
        Assert.Equal(types.Count, types.Select(line => line.Split(' ')[2]).Distinct().Count());
    }

    private async Task<(string Token, OperatorDirectory Operators)> MakeAsync()
    {
        var operators = new OperatorDirectory(chancery.Owner);
        var token = await operators.CreateAsync(
            $"Ops {Guid.CreateVersion7()}",
            TimeProvider.System.GetUtcNow(),
            Cancel
        );
        return (token!, operators);
    }

    private async Task<JsonElement[]> SearchAsync(string token, string query)
    {
        using var response = await SendAsync("GET", $"{Tenants}?q={Uri.EscapeDataString(query)}", token);
        return [.. (await response.ReadAsync()).GetProperty("items").EnumerateArray()];
    }

    private async Task SpendAsync(Guid tenant, long nano, long capNano)
    {
        await using var command = chancery.Owner.CreateCommand(
            """
            WITH spent AS (
              INSERT INTO usage_days
              SELECT $1, day, $1, $1, 'chat', 'chat', 'scripted', 'm', 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, $2, 0, 0, 1
              FROM unnest(ARRAY[date_trunc('month', now() AT TIME ZONE 'UTC')::date,
                                date_trunc('month', now() AT TIME ZONE 'UTC')::date - 1]) AS day
            )
            INSERT INTO budgets VALUES ($1, 'tenant', $1, 'month', 'operator', $3, now(), NULL),
                                       ($1, 'tenant', $1, 'month', 'tenant', $3 * 2, now(), NULL),
                                       ($1, 'user', $1, 'month', 'operator', 1, now(), NULL)
            """
        );
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = nano });
        command.Parameters.Add(new() { Value = capNano });
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<(string Text, JsonElement Found)> ListAsync(string token, Guid tenant)
    {
        var text = "";
        string? cursor = null;
        do
        {
            using var response = await SendAsync(
                "GET",
                $"{Tenants}?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}",
                token
            );
            var page = await response.ReadAsync();
            text += page.GetRawText();
            var found = page.GetProperty("items")
                .EnumerateArray()
                .FirstOrDefault(one => one.GetProperty("tenant_id").GetGuid() == tenant);
            if (found.ValueKind == JsonValueKind.Object)
            {
                return (text, found);
            }

            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        throw new InvalidOperationException("The organisation is on no page.");
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string address, string token)
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.SendAsync(request, Cancel);
    }
}
