using System.Net.Http.Headers;
using Chancery.Testing;

namespace Chancery.Isolation.Tests;

/// <summary>Proves one route for its owner, then swaps one thing at a time and compares.</summary>
/// <param name="acme">Whose things are wanted.</param>
/// <param name="globex">Who wants them.</param>
/// <param name="colleague">Of acme, with every right but those on the owner's conversations and upgrades.</param>
internal sealed class RouteAttack(
    ChanceryFixture chancery,
    Route route,
    Organisation acme,
    Organisation globex,
    TestUser? colleague
)
{
    // Whose rows belong to a person, not to the tenant.
    private static readonly HashSet<string> PrivateKinds = ["conversation", "upgrade"];

    // What an owner showed their colleagues of it, on purpose.
    private const string ShownKind = "share";

    private readonly List<string> _failures = [];
    private readonly List<string> _swapped = [];
    private readonly SortedSet<string> _refusals = new(StringComparer.Ordinal);

    public static async Task<RouteAttack> OnFreshTenantsAsync(ChanceryFixture chancery, Route route)
    {
        var acme = await Organisation.CreateAsync(chancery);
        var globex = await Organisation.CreateAsync(chancery);
        await globex.MakeAsync("document");
        var needsColleague = Attack.Places(route.Example!).Any(place => PrivateKinds.Contains(place.Kind));
        return new RouteAttack(chancery, route, acme, globex, needsColleague ? await acme.ColleagueAsync() : null);
    }

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var proven = "";
        try
        {
            proven = await ProveAsync(cancellationToken);
            if (!route.Example!.Anonymous)
            {
                await WithoutCredentialAsync(cancellationToken);
                await AsForeignerAsync(cancellationToken);
                await AsColleagueAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _failures.Add(exception.Message);
        }

        return new Finding(
            route,
            proven,
            _swapped.Count == 0 ? "nothing to swap" : string.Join(", ", _swapped),
            _refusals.Count == 0 ? "–" : string.Join(", ", _refusals),
            _failures
        );
    }

    /// <summary>The example works for its owner and shows what it says it shows. All else rests on this.</summary>
    private async Task<string> ProveAsync(CancellationToken cancellationToken)
    {
        var ids = await WantedAsync();
        using var anonymous = chancery.Anonymous();
        var answer = route.Example!.Anonymous
            ? await Attack.CallAsync(anonymous, route, acme, ids, cancellationToken)
            : await OwnCallAsync(ids, cancellationToken);

        Check(answer.IsSuccess, $"the owner's own call fails: {answer.Short}");
        var showsCanary = answer.Raw.Contains(acme.Canary, StringComparison.OrdinalIgnoreCase);
        Check(!route.Example.ShowsContent || showsCanary, $"the owner's canary is not in the answer: {answer.Short}");
        Check(!answer.Raw.Contains(globex.Canary, StringComparison.OrdinalIgnoreCase), "the other's canary is in it");
        return $"{answer.Status}{(showsCanary ? " with canary" : "")}";
    }

    private async Task WithoutCredentialAsync(CancellationToken cancellationToken)
    {
        var ids = await WantedAsync();
        foreach (var (what, change) in Credentials())
        {
            using var client = chancery.Anonymous();
            change(client.DefaultRequestHeaders);
            var answer = await Attack.CallAsync(client, route, acme, ids, cancellationToken);
            Check(answer.Status == 401, $"{what} is answered {answer.Short}");
            Check(!answer.Raw.Contains(acme.Canary, StringComparison.OrdinalIgnoreCase), $"{what} shows the canary");
        }

        _swapped.Add("credential");
        _refusals.Add("401");
        // None of it did anything: the owner's call still works on the same things.
        var after = await OwnCallAsync(ids, cancellationToken);
        Check(after.IsSuccess, $"after calls without a credential the owner's call fails: {after.Short}");
    }

    private async Task AsForeignerAsync(CancellationToken cancellationToken)
    {
        var wanted = await WantedAsync();
        foreach (var place in wanted.Keys)
        {
            await SwapAsync(globex.Owner, globex, wanted, place, "", cancellationToken);
        }

        if (wanted.Count > 0)
        {
            var after = await OwnCallAsync(wanted, cancellationToken);
            Check(after.IsSuccess, $"after the attack the owner's call fails: {after.Short}");
            return;
        }

        // No id to swap: whatever the other tenant is shown must be without our canary, also when it asks for us.
        foreach (var hint in new[] { "", $"tenant_id={acme.Owner.TenantId}&tenant={acme.Owner.TenantId}" })
        {
            var hinted =
                hint.Length == 0
                    ? route
                    : route with
                    {
                        Example = route.Example! with { Query = Join(route.Example!.Query, hint) },
                    };
            using var client = await globex.SignInAgainAsync();
            var seen = await Attack.CallAsync(
                client,
                hinted,
                globex,
                new Dictionary<Place, string>(),
                cancellationToken
            );
            Check(seen.Status != 401, $"the attacker is not signed in: {seen.Short}");
            Check(
                !seen.Raw.Contains(acme.Canary, StringComparison.OrdinalIgnoreCase),
                $"shows the other's canary {hint}"
            );
        }

        _swapped.Add("tenant of the caller");
        _refusals.Add("own content only");
    }

    private async Task AsColleagueAsync(CancellationToken cancellationToken)
    {
        if (colleague is null)
        {
            return;
        }

        var wanted = await WantedAsync();
        foreach (var place in wanted.Keys.Where(place => PrivateKinds.Contains(place.Kind)))
        {
            await SwapAsync(colleague, acme, wanted, place, " by a colleague", cancellationToken);
        }

        if (route.Method == "GET" && wanted.Keys.All(place => place.Kind != ShownKind))
        {
            var seen = await Attack.CallAsync(colleague.Http, route, acme, wanted, cancellationToken);
            Check(
                !seen.Raw.Contains(acme.PrivateCanary, StringComparison.OrdinalIgnoreCase),
                "a colleague sees what was said in the owner's conversation"
            );
        }
    }

    /// <summary>What the example names, new; and a tagged document, which examples name without an id.</summary>
    private async Task<Dictionary<Place, string>> WantedAsync()
    {
        if (route.Method != "GET")
        {
            await acme.StayAsync();
            await acme.MakeAsync("document");
            if (route.Example!.ShowsContent && route.ToString().Contains("/contracts", StringComparison.Ordinal))
            {
                await acme.MakeAsync("contract");
            }
        }

        return await Attack.MakeAsync(acme, route.Example!);
    }

    /// <summary>The owner's call; where it may end the sign-in, with one of its own.</summary>
    private async Task<Answer> OwnCallAsync(Dictionary<Place, string> ids, CancellationToken cancellationToken)
    {
        if (route.Method == "GET")
        {
            return await Attack.CallAsync(acme.Owner.Http, route, acme, ids, cancellationToken);
        }

        // Whoever signs in with a password alone has no passkeys.
        using var client = ids.Keys.Any(place => place.Kind == "passkey")
            ? acme.SameSignIn()
            : await acme.SignInAgainAsync();
        return await Attack.CallAsync(client, route, acme, ids, cancellationToken);
    }

    /// <summary>The same call twice, once with the wanted id and once with one that nobody has: nothing may differ.</summary>
    private async Task SwapAsync(
        TestUser attacker,
        Organisation attackers,
        Dictionary<Place, string> wanted,
        Place place,
        string by,
        CancellationToken cancellationToken
    )
    {
        var foreign = await CallWithAsync(wanted[place]);
        var missing = await CallWithAsync(Guid.CreateVersion7().ToString());

        Check(foreign.Status == missing.Status, $"{place}{by}: {foreign.Short}, but a missing one {missing.Short}");
        Check(
            foreign.Comparable == missing.Comparable && foreign.ContentType == missing.ContentType,
            $"{place}{by}: differs from a missing one: {foreign.Body} | {missing.Body}"
        );
        Check(foreign.Status is not (400 or 415 or 422), $"{place}{by}: decided by validation: {foreign.Short}");
        Check(foreign.Status != 401, $"{place}{by}: the attacker is not signed in: {foreign.Short}");
        var canary = by.Length == 0 ? acme.Canary : acme.PrivateCanary;
        Check(!foreign.Raw.Contains(canary, StringComparison.OrdinalIgnoreCase), $"{place}{by}: shows the canary");
        _swapped.Add($"{place}{by}");
        _refusals.Add(foreign.IsSuccess ? $"{foreign.Status}, as for a missing one" : $"{foreign.Status}");

        async Task<Answer> CallWithAsync(string id)
        {
            var ids = new Dictionary<Place, string>();
            foreach (var other in wanted.Keys)
            {
                ids[other] = other == place ? id : await attackers.MakeAsync(other.Kind);
            }

            return await Attack.CallAsync(attacker.Http, route, attackers, ids, cancellationToken);
        }
    }

    private static IEnumerable<(string What, Action<HttpRequestHeaders> Change)> Credentials()
    {
        yield return ("no credential", _ => { });
        yield return ("a made-up token", headers => headers.Authorization = new("Bearer", "eyJhbGciOiJub25lIn0.e30."));
        yield return ("a made-up key", headers => headers.Add("X-API-Key", "ck_0123456789abcdef_0123456789abcdef"));
        yield return (
            "a made-up cookie",
            headers =>
            {
                headers.Add(
                    "Cookie",
                    $"__Host-chancery={Guid.CreateVersion7():n}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                );
                headers.Add("Sec-Fetch-Site", "same-origin");
            }
        );
    }

    private static string Join(string query, string more) => query.Length == 0 ? more : $"{query}&{more}";

    private void Check(bool holds, string failure)
    {
        if (!holds)
        {
            _failures.Add(failure);
        }
    }
}
