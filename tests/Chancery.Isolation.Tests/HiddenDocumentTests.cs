using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Two people of one tenant, one of whom may not read a document or contract: every route answers them as if it were not there, and nothing of
/// it is in any list, search or answer.
/// </summary>
public sealed class HiddenDocumentTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    private const int RoutesAtOnce = 2;

    private static readonly string[] Kinds =
    [
        "document",
        "deferred",
        "deleted",
        "failed",
        "fetched",
        "collection",
        "contract",
        "commented_contract",
        "revised_contract",
        "deleted_contract",
        "proposed_contract",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("editor")]
    [InlineData("viewer")]
    public async Task Whoever_may_not_read_a_document_cannot_tell_it_from_a_missing_one_on_any_route(string role)
    {
        var acme = await Organisation.CreateAsync(chancery);
        await acme.MakeAsync("document");
        var outsider = await chancery.InviteAsync(acme.Owner, role);
        var hidden = new Dictionary<string, string>();
        foreach (var kind in Kinds)
        {
            hidden[kind] = await acme.MakeHiddenAsync(kind);
        }

        await ProveAsync(acme);
        var failures = new ConcurrentBag<string>();
        var attacked = 0;
        await Parallel.ForEachAsync(
            RouteTable
                .Of(chancery.Services)
                .Where(route => route is { IsApi: true, Example.Anonymous: false })
                .Concat(IsolationTests.More(chancery.Services)),
            new ParallelOptions { MaxDegreeOfParallelism = RoutesAtOnce, CancellationToken = Cancel },
            async (route, _) =>
            {
                var places = Attack.Places(route.Example!);
                foreach (var place in places.Where(place => Organisation.CanBeHidden(place.Kind)))
                {
                    Interlocked.Increment(ref attacked);
                    var there = await CallAsync(route, places, place, hidden[place.Kind]);
                    var missing = await CallAsync(route, places, place, Guid.CreateVersion7().ToString());
                    if (there.Status != missing.Status || there.Comparable != missing.Comparable)
                    {
                        failures.Add($"{route}, {place}: {there.Short}, but a missing one {missing.Short}");
                    }

                    if (there.Status is 401 or 400 or 415 or 422)
                    {
                        failures.Add($"{route}, {place}: decided by something else: {there.Short}");
                    }

                    Look(route, there);
                }

                if (route.Method == "GET" || route.Example!.ShowsContent)
                {
                    Look(route, await CallAsync(route, places, null, ""));
                }
            }
        );

        Assert.True(failures.IsEmpty, string.Join('\n', failures.Order(StringComparer.Ordinal)));
        Assert.True(attacked > 25, $"Only {attacked} places were attacked.");
        // None of it did anything.
        var left = await acme.Owner.Http.GetFromJsonAsync<JsonElement>($"/api/v1/docs/{hidden["document"]}", Cancel);
        Assert.False(left.TryGetProperty("deleted_at", out _));
        Assert.Equal(acme.HiddenCanary, left.GetProperty("title").GetString());

        void Look(Route route, Answer answer)
        {
            if (answer.Raw.Contains(acme.HiddenCanary, StringComparison.OrdinalIgnoreCase))
            {
                failures.Add($"{route} shows the hidden canary: {answer.Short}");
            }
        }

        async Task<Answer> CallAsync(Route route, IReadOnlyList<Place> places, Place? at, string id)
        {
            var ids = new Dictionary<Place, string>();
            foreach (var other in places)
            {
                ids[other] = other == at ? id : await acme.MakeAsync(other.Kind);
            }

            return await Attack.CallAsync(outsider.Http, route, acme, ids, Cancel);
        }
    }

    /// <summary>There is something to be seen: the owner sees it where others must not.</summary>
    private static async Task ProveAsync(Organisation acme)
    {
        foreach (
            var address in new[]
            {
                "/api/v1/docs?limit=100",
                "/api/v1/tags?limit=100",
                "/api/v1/collections",
                "/api/v1/contracts",
            }
        )
        {
            var seen = await acme.Owner.Http.GetStringAsync(address, Cancel);
            Assert.Contains(acme.HiddenCanary, seen, StringComparison.Ordinal);
        }

        using var clauses = await acme.Owner.Http.PostAsJsonAsync(
            "/api/v1/contracts/search",
            new { query = acme.HiddenCanary },
            Cancel
        );
        Assert.Contains(acme.HiddenCanary, await clauses.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        using var found = await acme.Owner.Http.PostAsJsonAsync(
            "/api/v1/search",
            new { query = "canary", limit = 5 },
            Cancel
        );
        Assert.Contains(acme.HiddenCanary, await found.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
