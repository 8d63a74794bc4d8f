using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>An operator reads an organisation's content for a while, and the organisation sees it.</summary>
public sealed class BreakGlassTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Reason = "Ticket 4711: the search does not find a handbook";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_break_glass_an_operator_reads_what_is_hidden_from_members_too_and_nothing_of_others()
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        var document = await olga.ReadyTextAsync("# Lapwing\n\nIt is ringed in May.");
        await HideAsync(olga, document.Id());
        var contract = (await olga.DraftAsync()).ContractId();
        var foreign = await neighbour.ReadyTextAsync("# Plover\n\nIt is ringed in June.");
        var (_, token) = await OpenAsync(olga.TenantId);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, $"/api/v1/docs/{document.Id()}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, $"/api/v1/docs/{document.Id()}/versions/1/content"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, $"/api/v1/contracts/{contract}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(token, $"/api/v1/docs/{foreign.Id()}"));
        using var docs = await SendAsync(HttpMethod.Get, token, "/api/v1/docs");
        var only = Assert.Single((await docs.ReadAsync()).Items());
        Assert.Equal(document.Id(), only.Id());
    }

    [Fact]
    public async Task By_break_glass_nothing_is_changed_on_any_route_and_nothing_else_is_read()
    {
        var olga = await chancery.SignUpAsync();
        var (_, token) = await OpenAsync(olga.TenantId);
        var changed = 0;
        var read = new List<string>();
        foreach (
            var endpoint in chancery.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        )
        {
            var pattern = endpoint.RoutePattern.RawText!;
            // An operator's own routes, and those that take no credential at all, know nothing of the token.
            if (
                pattern.TrimStart('/').StartsWith("operator", StringComparison.Ordinal)
                || endpoint.Metadata.GetMetadata<Chancery.Server.Access.Authentication.NoCredential>() is not null
            )
            {
                continue;
            }

            var path =
                "/"
                + System.Text.RegularExpressions.Regex.Replace(pattern, @"\{[^}]*\}", $"{Guid.Empty}").TrimStart('/');
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                if (method is "OPTIONS" or "HEAD")
                {
                    continue;
                }

                using var response = await SendAsync(new HttpMethod(method), token, path);
                if (method != "GET")
                {
                    changed++;
                    Assert.True(
                        response.StatusCode == HttpStatusCode.Forbidden
                            && await response.CodeAsync(HttpStatusCode.Forbidden) == "break-glass-reads-only",
                        $"{method} {pattern}: {response.StatusCode}"
                    );
                }
                else if (response.StatusCode != HttpStatusCode.Forbidden)
                {
                    read.Add(pattern);
                }
            }
        }

        Assert.True(changed > 100, $"Only {changed} routes were tried.");
        Assert.Contains("/api/v1/docs", read);
        Assert.Contains("/api/v1/contracts/{id:guid}", read);
        Assert.All(
            read,
            pattern => Assert.Matches("^/api/v1/(docs|collections|tags|contracts|clauses|playbooks)(/|$)", pattern)
        );
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', read));
    }

    [Fact]
    public async Task The_organisation_sees_who_reads_and_why_and_ends_it_within_two_seconds_on_every_server()
    {
        var olga = await chancery.SignUpAsync();
        var replica = await chancery.StartReplicaAsync();
        var (id, token) = await OpenAsync(olga.TenantId);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, "/api/v1/docs"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, "/api/v1/docs", replica));

        var seen = Assert.Single((await olga.GetAsync("/api/v1/organization/operator-access")).Items());
        Assert.Equal(id, seen.Id());
        Assert.Equal(Reason, seen.Text("reason"));
        Assert.True(seen.GetProperty("is_open").GetBoolean());
        Assert.Equal(2, seen.GetProperty("requests").GetInt64());

        var viewer = await chancery.InviteAsync(olga, "viewer");
        using (var refused = await viewer.Http.GetAsync("/api/v1/organization/operator-access", Cancel))
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        using (var ended = await olga.Http.DeleteAsync($"/api/v1/organization/operator-access/{id}", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(token, "/api/v1/docs"));
        await AccessApi.EventuallyAsync(
            async () => await StatusAsync(token, "/api/v1/docs", replica) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(2)
        );
        seen = Assert.Single((await olga.GetAsync("/api/v1/organization/operator-access")).Items());
        Assert.False(seen.GetProperty("is_open").GetBoolean());
        Assert.Equal("organization", seen.Text("ended_by"));

        JsonElement[] entries = [];
        await AccessApi.EventuallyAsync(
            async () =>
            {
                entries = (await olga.GetAsync("/api/v1/audit?limit=100")).Items();
                return entries.Any(entry => entry.Text("action") == "operator_access.ended");
            },
            TimeSpan.FromSeconds(10)
        );
        Assert.Contains(entries, entry => entry.Text("action") == "organization.access_opened");
        var used = entries.Where(entry => entry.Text("action") == "operator_access.used").ToArray();
        Assert.True(used.Length >= 2);
        Assert.All(used, entry => Assert.Equal("operator", entry.GetProperty("actor").Text("kind")));
    }

    [Fact]
    public async Task An_access_ends_with_its_time_with_its_operator_and_when_the_operator_ends_it()
    {
        var olga = await chancery.SignUpAsync();
        var operators = new OperatorDirectory(chancery.Owner);
        var name = $"Otto {Guid.CreateVersion7()}";
        var credential = await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), Cancel);
        var (id, token) = await OpenAsync(olga.TenantId, credential);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, "/api/v1/docs"));
        Assert.Equal(
            name,
            Assert.Single((await olga.GetAsync("/api/v1/organization/operator-access")).Items()).Text("operator")
        );
        using (
            var other = await SendAsync(
                HttpMethod.Delete,
                credential!,
                $"/operator/tenants/{Guid.CreateVersion7()}/access/{id}"
            )
        )
        {
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        }

        using (
            var ended = await SendAsync(
                HttpMethod.Delete,
                credential!,
                $"/operator/tenants/{olga.TenantId}/access/{id}"
            )
        )
        {
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(token, "/api/v1/docs"));

        var (_, second) = await OpenAsync(olga.TenantId, credential);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(second, "/api/v1/docs"));
        await operators.RevokeAsync(name, TimeProvider.System.GetUtcNow(), Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(second, "/api/v1/docs"));

        var (third, brief) = await OpenAsync(olga.TenantId);
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            await Dapper.SqlMapper.ExecuteAsync(
                connection,
                "UPDATE operator_accesses SET expires_at = now() WHERE access_id = @third",
                new { third }
            );
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(brief, "/api/v1/docs"));

        // Opened with a token that the setting has no more.
        var (fourth, former) = await OpenAsync(olga.TenantId);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(former, "/api/v1/docs"));
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            await Dapper.SqlMapper.ExecuteAsync(
                connection,
                "UPDATE operator_accesses SET operator_mark = 'setting:00' WHERE access_id = @fourth",
                new { fourth }
            );
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(former, "/api/v1/docs"));
    }

    [Fact]
    public async Task It_takes_an_operator_a_reason_and_an_organisation_that_works()
    {
        var olga = await chancery.SignUpAsync();
        var address = $"/operator/tenants/{olga.TenantId}/access";
        using (var refused = await SendAsync(HttpMethod.Post, olga.AccessToken, address, new { reason = Reason }))
        {
            Assert.Equal("operator-only", await refused.CodeAsync(HttpStatusCode.Unauthorized));
        }

        using var http = chancery.Anonymous();
        foreach (
            var wrong in new object[]
            {
                new { },
                new { reason = "short" },
                new { reason = "             " },
                new { reason = Reason, minutes = 4 },
                new { reason = Reason, minutes = 241 },
            }
        )
        {
            using var response = await http.PostAsync(address, wrong);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        using (await http.PostAsync($"/operator/tenants/{olga.TenantId}/suspend", null, Cancel)) { }
        using var suspended = await http.PostAsync(address, new { reason = Reason });
        Assert.Equal("organization-not-active", await suspended.CodeAsync(HttpStatusCode.Conflict));
    }

    private async Task<(Guid Id, string Token)> OpenAsync(Guid tenant, string? credential = null)
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            credential,
            $"/operator/tenants/{tenant}/access",
            new { reason = Reason }
        );
        var opened = await response.ReadAsync(HttpStatusCode.Created);
        return (opened.Id(), opened.Text("access_token"));
    }

    private async Task<HttpStatusCode> StatusAsync(string token, string path, Uri? server = null)
    {
        using var response = await SendAsync(HttpMethod.Get, token, path, server: server);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string? token,
        string path,
        object? body = null,
        Uri? server = null
    )
    {
        // Not held against the description: the answers of routes that never run are the gate's.
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = server ?? chancery.Address,
        };
        using var request = new HttpRequestMessage(method, path);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = System.Net.Http.Json.JsonContent.Create(body);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            await response.Content.LoadIntoBufferAsync(Cancel);
        }

        return response;
    }

    private static async Task HideAsync(TestUser user, Guid document)
    {
        using var hidden = await user.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Put, $"/api/v1/docs/{document}/access")
            {
                Content = System.Net.Http.Json.JsonContent.Create(new { readers = Array.Empty<Guid>() }),
            },
            Cancel
        );
        Assert.True(hidden.IsSuccessStatusCode);
    }
}
