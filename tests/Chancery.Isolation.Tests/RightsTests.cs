using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Platform.Operators;
using Chancery.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Every route of the running server by every role, and by every credential that no longer counts. Writes
/// <c>artifacts/rights.md</c>.
/// </summary>
public sealed class RightsTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    private const int RoutesAtOnce = 2;

    private static readonly string[] Roles = [Role.Owner, Role.Admin, Role.Editor, Role.Viewer];

    private const string OwnersOnly = "\"owners-only\"";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IEnumerable<Route> Routes =>
        RouteTable.Of(chancery.Services).Where(route => route is { IsApi: true, IsProtected: true, Example: not null });

    /// <param name="Needs">The permissions that the route names; none where any member may.</param>
    /// <param name="Answers">Of each role in turn.</param>
    private sealed record Line(Route Route, IReadOnlyList<string> Needs, IReadOnlyList<Answer> Answers);

    [Fact]
    public async Task Every_route_lets_in_the_roles_that_hold_its_permission_and_no_other()
    {
        var lines = new ConcurrentBag<Line>();
        await Parallel.ForEachAsync(
            Routes,
            new ParallelOptions { MaxDegreeOfParallelism = RoutesAtOnce, CancellationToken = Cancel },
            async (route, _) =>
            {
                // A call may end a sign-in, and change the organisation: each route has people of its own.
                var acme = await Organisation.CreateAsync(chancery);
                var members = new List<TestUser> { acme.Owner };
                foreach (var role in Roles.Skip(1))
                {
                    members.Add(await chancery.InviteAsync(acme.Owner, role));
                }

                // The least of them first: what an owner may do ends more.
                var answers = new List<Answer>();
                foreach (var member in Enumerable.Reverse(members))
                {
                    answers.Insert(0, await CallAsync(member.Http, route, acme));
                }

                lines.Add(new Line(route, NeedsOf(route), answers));
            }
        );

        var wrong = new List<string>();
        foreach (var (route, needs, answers) in lines)
        {
            foreach (var (role, answer) in Roles.Zip(answers))
            {
                var may = needs.All(Permission.Of(role).Contains);
                if (answer.Status is 401 or >= 500 || (!may && answer.Status != 403))
                {
                    wrong.Add($"{route} by {role}: {answer.Short}");
                }

                // The owner holds every permission: what keeps them out is no permission. Some of what admins may manage is for owners to decide.
                if (
                    may
                    && answer.Status == 403
                    && !(role != Roles[0] && answer.Raw.Contains(OwnersOnly, StringComparison.Ordinal))
                )
                {
                    wrong.Add($"{route} keeps {role} out, who holds {string.Join(", ", needs)}: {answer.Short}");
                }
            }
        }

        Write(lines);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Order(StringComparer.Ordinal)));
        Assert.True(lines.Count > 100, $"Only {lines.Count} routes were called: the route table is not whole.");
        Assert.True(lines.Count(line => line.Needs.Count > 0) > 60, "Hardly any route names a permission.");
    }

    [Fact]
    public async Task No_route_takes_a_credential_that_has_ended()
    {
        var dead = await DeadAsync();
        var acme = await Organisation.CreateAsync(chancery);
        var taken = new ConcurrentBag<string>();
        var tried = 0;

        await Parallel.ForEachAsync(
            Routes,
            new ParallelOptions { MaxDegreeOfParallelism = RoutesAtOnce, CancellationToken = Cancel },
            async (route, _) =>
            {
                foreach (var (what, credential) in dead)
                {
                    using var client = With(credential);
                    var answer = await CallAsync(client, route, acme);
                    if (answer.Status != 401)
                    {
                        taken.Add($"{route} with {what}: {answer.Short}");
                    }

                    Interlocked.Increment(ref tried);
                }
            }
        );

        Assert.True(taken.IsEmpty, string.Join('\n', taken.Order(StringComparer.Ordinal)));
        Assert.True(tried > 900, $"Only {tried} calls were tried.");
    }

    /// <summary>Credentials that counted, which is shown, and do no longer.</summary>
    private async Task<IReadOnlyList<(string What, string Credential)>> DeadAsync()
    {
        var clock = new MovedClock { Ahead = TimeSpan.FromHours(-1) };
        using var here = chancery.Anonymous();
        var olga = await chancery.SignUpAsync();
        var signedOut = await chancery.InviteAsync(olga, Role.Admin);
        var removed = await chancery.InviteAsync(olga, Role.Admin);
        var suspended = await chancery.SignUpAsync();
        var (revokedKey, revokedId) = await KeyAsync(olga.Http, new { }, here);
        var (elsewhere, _) = await KeyAsync(olga.Http, new { ip_ranges = new[] { "203.0.113.7" } }, null);
        var (orphan, _) = await KeyAsync(removed.Http, new { }, here);
        var (suspendedKey, _) = await KeyAsync(suspended.Http, new { }, here);
        var early = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));
        using var past = ChanceryFixture.Client(early);
        var expired = await SignInAsync(past, olga);
        using var pastOlga = ChanceryFixture.Client(early);
        pastOlga.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", expired);
        var ended = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        var (expiredKey, _) = await KeyAsync(pastOlga, new { expires_at = ended }, past);
        foreach (var token in new[] { signedOut.AccessToken, removed.AccessToken, suspended.AccessToken })
        {
            await ProveAsync(token);
        }

        using var seen = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
        seen.Headers.Authorization = new AuthenticationHeaderValue("Bearer", expired);
        using var then = await past.SendAsync(seen, Cancel);
        Assert.Equal(HttpStatusCode.OK, then.StatusCode);

        await EndAsync(signedOut.Http, HttpMethod.Post, "/api/v1/auth/logout");
        await EndAsync(olga.Http, HttpMethod.Delete, $"/api/v1/members/{removed.UserId}");
        await EndAsync(olga.Http, HttpMethod.Delete, $"/api/v1/keys/{revokedId}");
        var operators = new OperatorDirectory(chancery.Owner);
        var operatorToken = await operators.CreateAsync(
            $"Rights {Guid.CreateVersion7()}",
            TimeProvider.System.GetUtcNow(),
            Cancel
        );
        using var operating = With(operatorToken!);
        await EndAsync(operating, HttpMethod.Post, $"/operator/tenants/{suspended.TenantId}/suspend");

        return
        [
            ("an expired token", expired),
            ("a token that was signed out", signedOut.AccessToken),
            ("the token of a removed member", removed.AccessToken),
            ("a token of a suspended organisation", suspended.AccessToken),
            ("a key of a suspended organisation", suspendedKey),
            ("a revoked key", revokedKey),
            ("an expired key", expiredKey),
            ("a key that counts elsewhere only", elsewhere),
            ("the key of a removed member", orphan),
            ("a refresh token", olga.RefreshToken),
        ];
    }

    /// <summary>A key that <paramref name="maker"/> makes, and that the server of <paramref name="provesAt"/> takes.</summary>
    private static async Task<(string Key, string Id)> KeyAsync(HttpClient maker, object more, HttpClient? provesAt)
    {
        var body = JsonSerializer.SerializeToNode(more)!.AsObject();
        body["name"] = "Ended";
        body["role"] = Role.Admin;
        using var response = await maker.PostAsJsonAsync("/api/v1/keys", body, Cancel);
        var made = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var key = made.GetProperty("key").GetString()!;
        if (provesAt is not null)
        {
            using var call = new HttpRequestMessage(HttpMethod.Get, "/api/v1/docs");
            call.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var first = await provesAt.SendAsync(call, Cancel);
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        }

        return (key, made.GetProperty("id").GetString()!);
    }

    private static async Task<string> SignInAsync(HttpClient client, TestUser user)
    {
        using var response = await client.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = user.Email, password = user.Password },
            Cancel
        );
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("access_token").GetString()!;
    }

    private async Task ProveAsync(string token)
    {
        using var client = With(token);
        using var response = await client.GetAsync("/api/v1/me", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task EndAsync(HttpClient client, HttpMethod method, string address)
    {
        using var request = new HttpRequestMessage(method, address);
        using var response = await client.SendAsync(request, Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{address}: {(int)response.StatusCode}");
    }

    private HttpClient With(string credential)
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return client;
    }

    /// <summary>Ids that nobody has: who is let in meets a thing that is not there. Their own organisation is there.</summary>
    private static async Task<Answer> CallAsync(HttpClient client, Route route, Organisation organisation)
    {
        var ids = Attack
            .Places(route.Example!)
            .ToDictionary(
                place => place,
                place =>
                    place.Kind == "tenant" ? organisation.Owner.TenantId.ToString() : Guid.CreateVersion7().ToString()
            );
        using var request = await Attack.RequestAsync(route, organisation, ids);
        return await Attack.SendAsync(client, request, [.. ids.Values], Cancel, TimeSpan.FromMilliseconds(200));
    }

    private IReadOnlyList<string> NeedsOf(Route route) =>
        [
            .. chancery
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .Where(endpoint =>
                    "/" + endpoint.RoutePattern.RawText!.Trim('/') == route.Pattern
                    && (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Contains(
                        route.Method
                    )
                )
                .SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>())
                .Select(data => data.Policy)
                .OfType<string>()
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    private static void Write(IEnumerable<Line> lines)
    {
        var text = new StringBuilder();
        text.AppendLine("# Who may call which route").AppendLine();
        text.AppendLine("Ids are of things that nobody has: 404 is the answer of a route to somebody whom it lets in.");
        text.AppendLine();
        text.AppendLine("| Route | Asks for | owner | admin | editor | viewer |")
            .AppendLine("|---|---|---|---|---|---|");
        foreach (var (route, needs, answers) in lines.OrderBy(line => line.Route.ToString(), StringComparer.Ordinal))
        {
            text.AppendLine(
                $"| `{route}` | {(needs.Count == 0 ? "a sign-in" : string.Join(", ", needs))} | {string.Join(" | ", answers.Select(answer => answer.Status))} |"
            );
        }

        Report.WriteFile("rights.md", text.ToString());
    }
}
