using System.Collections.Concurrent;
using Chancery.Server.Platform.Routing;
using Chancery.Testing;

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
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/signup",
        "POST /api/v1/invitations/accept",
    ];

    // Outside /api and open to everyone: health, keys, the description, sign-in's own pages and what they load.
    private static readonly string[] OpenPages =
    [
        "/health",
        "/.well-known/jwks.json",
        "/openapi/",
        "/login",
        "/signup",
        "/invite",
        "/logout",
        "/not-found",
        "/_framework/",
        "/_content/",
        "/assets/",
        "/css/",
        "/js/",
        "/fonts/",
        "/pdfjs/",
        "/vendor/",
        "/favicon",
    ];

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
                    : !OpenPages.Any(open => route.Pattern.StartsWith(open, StringComparison.Ordinal))
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
            Routes.Where(route => route is { IsApi: true, Example: not null }).Concat(More()),
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

    private IEnumerable<Route> More() =>
        MorePlaces.Select(more => Routes.Single(route => route.ToString() == more.Route) with { Example = more.Example });

    public sealed class Fixture : ChanceryFixture;
}
