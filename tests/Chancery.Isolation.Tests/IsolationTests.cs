using System.Collections.Concurrent;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Routing;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Two tenants and every route of the running server: whatever one of them owns, the other is answered as if it did not
/// exist. Nothing counts as refused before the same call was seen to work for its owner.
/// </summary>
public sealed class IsolationTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    // Under /api and open to everyone. A route is added here only when it can show nothing of any tenant.
    private static readonly HashSet<string> Open =
    [
        "GET /api",
        "POST /api/auth/login",
        "POST /api/auth/refresh",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/passkey",
        "POST /api/v1/auth/passkey/options",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/second-factor",
        "POST /api/v1/auth/second-factor/passkey",
        "POST /api/v1/auth/signup",
        "POST /api/v1/invitations/accept",
    ];

    // Outside /api and open to everyone, or to the operator, whom tests of the server hold to it: health, keys, the description, sign-in's own forms and what pages load.
    private static readonly string[] OpenPages =
    [
        "GET /health",
        "GET /health/advanced",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /operator/cache",
        "DELETE /operator/cache",
        "GET /operator/models",
        "POST /operator/models/reset",
        "GET /operator/plans",
        "PUT /operator/plans/{plan}",
        "DELETE /operator/plans/{plan}",
        "GET /operator/prompts/releases",
        "POST /operator/prompts/releases/{id:guid}/advance",
        "POST /operator/prompts/releases/{id:guid}/rollback",
        "GET /operator/tenants",
        "POST /operator/tenants",
        "POST /operator/tenants/{id:guid}/invitation",
        "PUT /operator/tenants/{id:guid}/plan",
        "GET /operator/tenants/{id:guid}/limits",
        "PUT /operator/tenants/{id:guid}/limits/{name}",
        "DELETE /operator/tenants/{id:guid}/limits/{name}",
        "GET /operator/sign-in",
        "POST /operator/sign-in",
        "POST /operator/sign-out",
        "GET /operator/tenants/{id:guid}/models",
        "PUT /operator/tenants/{id:guid}/models",
        "POST /operator/tenants/import",
        "POST /operator/tenants/{id:guid}/export",
        "POST /operator/tenants/{id:guid}/resume",
        "POST /operator/tenants/{id:guid}/suspend",
        "POST /operator/tenants/{id:guid}/erase",
        "DELETE /operator/tenants/{id:guid}/erase",
        "GET /operator/erasures",
        "GET /operator/erasures/{id:guid}",
        "GET /operator/tenants/{id:guid}/access",
        "POST /operator/tenants/{id:guid}/access",
        "DELETE /operator/tenants/{id:guid}/access/{access:guid}",
        "GET /.well-known/audit-keys.json",
        "GET /.well-known/jwks.json",
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/oauth-protected-resource",
        "GET /.well-known/oauth-protected-resource/api/v1",
        "GET /.well-known/oauth-protected-resource/mcp",
        "GET /.well-known/openid-configuration",
        "GET /oauth/authorize",
        "GET /oauth/userinfo",
        "GET /forgot",
        "GET /reset",
        "POST /forgot",
        "POST /reset",
        "POST /auth/token",
        "POST /device",
        "POST /oauth/authorize",
        "POST /oauth/consent",
        "POST /oauth/device_authorization",
        "POST /oauth/introspect",
        "POST /oauth/register",
        "POST /oauth/revoke",
        "POST /oauth/token",
        "POST /oauth/userinfo",
        "GET /openapi/v1.json",
        "GET /login",
        "GET /login/second-step",
        "GET /signup",
        "GET /invite",
        "POST /login",
        "POST /login/passkey",
        "POST /login/place",
        "POST /login/second-step",
        "POST /signup",
        "POST /invite",
        "POST /logout",
    ];

    private static readonly string[] Files = ["/css/{**", "/js/{**", "/lib/{**", "/favicon.svg"];

    private const int RoutesAtOnce = 2;

    /// <summary>Places for ids that the routes' own examples leave out.</summary>
    private static readonly (string Route, RouteExample Example)[] MorePlaces =
    [
        (
            "POST /api/v1/search",
            new() { Body = """{"query":"canary","documents":["{document}"]}""", ShowsContent = true }
        ),
        ("POST /api/v1/search", new() { Body = """{"query":"canary","collections":["{collection}"]}""" }),
        (
            "POST /api/v1/chat",
            new()
            {
                Body = """
                {"question":"What is the canary word?","model":"extractive","stream":false,"documents":["{document}"]}
                """,
                ShowsContent = true,
            }
        ),
        ("GET /api/v1/docs", new() { Query = "collection_id={collection}" }),
        (
            "PATCH /api/v1/docs/{id:guid}",
            new()
            {
                Path = new Dictionary<string, string> { ["id"] = "document" },
                Body = """{"collection_id":"{collection}"}""",
            }
        ),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IReadOnlyList<Route> Routes => RouteTable.Of(chancery.Services);

    [Fact]
    public void Every_route_of_the_api_carries_an_example()
    {
        var without = Routes.Where(route => route.IsApi && route.Example is null);

        Assert.Empty(without);
    }

    [Fact]
    public void Every_route_asks_who_calls_or_is_on_the_short_list()
    {
        var unguarded = Routes.Where(route =>
            !route.IsProtected
            && (
                route.IsApi
                    ? !Open.Contains(route.ToString())
                    : !OpenPages.Contains(route.ToString()) && !IsFile(route) && !IsPage(route)
            )
        );

        Assert.Empty(unguarded);
    }

    [Fact]
    public void The_short_list_names_only_routes_that_exist_and_are_open()
    {
        var open = Routes.Where(route => route.IsApi && !route.IsProtected).Select(route => route.ToString());

        Assert.Empty(Open.Except(open));
    }

    [Fact]
    public async Task Two_tenants_with_the_same_files_never_meet_on_any_route()
    {
        var acme = await Organisation.CreateAsync(chancery);
        var globex = await Organisation.CreateAsync(chancery);
        await Task.WhenAll(acme.FillAsync(), globex.FillAsync());
        var colleague = await acme.ColleagueAsync();
        var findings = new ConcurrentBag<Finding>();

        await Parallel.ForEachAsync(
            Routes.Where(route => route is { IsApi: true, Example: not null }).Concat(More(chancery.Services)),
            new ParallelOptions { MaxDegreeOfParallelism = RoutesAtOnce, CancellationToken = Cancel },
            async (route, _) =>
            {
                // What changes something gets tenants of its own, so that no attack lives off what another left.
                var attack =
                    route.Method == "GET"
                        ? new RouteAttack(chancery, route, acme, globex, colleague)
                        : await RouteAttack.OnFreshTenantsAsync(chancery, route);
                findings.Add(await attack.RunAsync(Cancel));
            }
        );

        var timing = await Timing.CompareAsync(acme, globex, Routes, Cancel);
        Report.Write(findings, timing.Select(line => line.ToString()));
        var failures = findings
            .SelectMany(finding => finding.Failures.Select(failure => $"{finding.Route}: {failure}"))
            .Concat(timing.Where(line => line.Tells).Select(line => $"timing tells: {line}"))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(findings.Count > 30, $"Only {findings.Count} routes were attacked: the route table is not whole.");
    }

    [Fact]
    public async Task Every_page_leads_whoever_is_not_signed_in_to_the_sign_in()
    {
        using var client = chancery.Anonymous();
        // Who is at the machine itself needs no sign-in to the console.
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        var shown = new List<string>();

        foreach (var page in Routes.Where(IsPage))
        {
            using var answer = await client.GetAsync(PageAttack.AddressOf(page, Guid.CreateVersion7()), Cancel);
            var signIn = page.Pattern.StartsWith("/operator", StringComparison.Ordinal)
                ? "/operator/sign-in"
                : "/login";
            if (answer.Headers.Location?.OriginalString.StartsWith(signIn, StringComparison.Ordinal) != true)
            {
                shown.Add($"{page}: {(int)answer.StatusCode}");
            }
        }

        Assert.Empty(shown);
    }

    [Fact]
    public async Task No_route_changes_anything_for_another_site_with_the_pages_cookie()
    {
        var acme = await Organisation.CreateAsync(chancery);
        var page = await PageAttack.SignInAsync(chancery, acme.Owner, Cancel);
        var taken = new List<string>();
        var tried = 0;

        foreach (
            var route in Routes.Where(route => route is { IsBlind: false, Method: not ("GET" or "HEAD" or "OPTIONS") })
        )
        {
            var ids = route.Example is { } example ? await Attack.MakeAsync(acme, example) : [];
            foreach (var (name, value) in PageAttack.Foreign)
            {
                using var request = route.Example is null
                    ? new HttpRequestMessage(
                        new HttpMethod(route.Method),
                        PageAttack.AddressOf(route, Guid.CreateVersion7())
                    )
                    : await Attack.RequestAsync(route, acme, ids);
                if (name.Length > 0)
                {
                    request.Headers.Add(name, value);
                }

                var answer = await page.SendAsync(request, Cancel);
                if (answer.Status != 403 || !answer.Raw.Contains("came from another site", StringComparison.Ordinal))
                {
                    taken.Add($"{route} with {name} {value}: {answer.Short}");
                }

                tried++;
            }
        }

        // None of it ended the sign-in, and from the page itself it is good.
        using var own = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/me");
        own.Headers.Add("Sec-Fetch-Site", "same-origin");
        own.Content = new StringContent("""{"name":"Olga"}""", System.Text.Encoding.UTF8, "application/json");
        var after = await page.SendAsync(own, Cancel);
        Assert.Empty(taken);
        Assert.True(after.IsSuccess, after.Short);
        Assert.True(tried > 200, $"Only {tried} calls were tried: the route table is not whole.");
    }

    [Fact]
    public async Task No_page_tells_a_foreign_thing_from_a_missing_one_or_shows_anything_of_it()
    {
        var acme = await Organisation.CreateAsync(chancery);
        var globex = await Organisation.CreateAsync(chancery);
        await acme.FillAsync();
        var attack = await PageAttack.SignInAsync(chancery, globex.Owner, Cancel);
        var told = new List<string>();

        foreach (var page in Routes.Where(IsPage))
        {
            foreach (var kind in new[] { "document", "conversation" })
            {
                var wanted = Guid.Parse(await acme.MakeAsync(kind));
                var foreign = await attack.ReadAsync(page, wanted, Cancel);
                var missing = await attack.ReadAsync(page, Guid.CreateVersion7(), Cancel);
                if (foreign != missing || foreign.Contains(acme.Canary, StringComparison.OrdinalIgnoreCase))
                {
                    told.Add($"{page} of a {kind}: {foreign} | {missing}");
                }
            }
        }

        Assert.Empty(told);
    }

    /// <summary>A page says itself who may see it; two tests above hold it to that.</summary>
    private static bool IsPage(Route route) =>
        route is { IsApi: false, Method: "GET", IsProtected: false }
        && !OpenPages.Contains(route.ToString())
        && !IsFile(route);

    /// <summary>Scripts, styles, fonts: the same bytes for everyone.</summary>
    private static bool IsFile(Route route) =>
        Files.Any(folder => route.Pattern.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Routes again, with ids in places that their own examples leave out.</summary>
    internal static IEnumerable<Route> More(IServiceProvider services)
    {
        var routes = RouteTable.Of(services);
        return MorePlaces.Select(more =>
            routes.Single(route => route.ToString() == more.Route) with
            {
                Example = more.Example,
            }
        );
    }

    public sealed class Fixture : ChanceryFixture
    {
        private ScriptedModelServer? _model;

        // Routes that make vectors are attacked, too.
        public Fixture() => Settings["EMBEDDING_LOCAL"] = LocalModelCatalogue.DefaultModel;

        /// <summary>With a model that repeats all that it is shown: what it must not tell it must not be told.</summary>
        public override async ValueTask InitializeAsync()
        {
            _model = await ScriptedModelServer.StartAsync();
            _model.Behaves(request => new ScriptedReply($"Thought: I look.\nFinal Answer: {Repeated(request)}"));
            Settings["MODEL_URL"] = _model.BaseAddress.ToString();
            Settings["MODEL_NAME"] = "echo";
            Settings["DEFAULT_COT_MODEL"] = "echo";
            // Questions that name no model are answered as in an installation that has none.
            Settings["DEFAULT_LLM_MODEL"] = "extractive";
            await base.InitializeAsync();
        }

        /// <summary>Without the lines that fence material in: a guard would stop the answer.</summary>
        private static string Repeated(ScriptedRequest request) =>
            string.Join(
                ' ',
                request
                    .Messages.Skip(1)
                    .SelectMany(said => said.Content.Split('\n'))
                    .Where(line => !line.StartsWith("===", StringComparison.Ordinal))
            );

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _model!.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
