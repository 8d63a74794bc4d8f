using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Isolation.Tests;

/// <summary>
/// Tenants that work side by side, each by any route at random, with ids of their own, of the others and of nobody, in every place
/// that takes one. No answer may hold a byte of another tenant: not its canary, and no id of it that the tenant did not send itself. Writes
/// <c>artifacts/random.md</c>.
/// </summary>
/// <remarks>
/// <c>CHANCERY_ISOLATION_OPERATIONS</c> says how many calls; a run of the suite makes a few, the committed report many. The seed is
/// printed: it decides every choice, though not how the tenants' calls interleave.
/// </remarks>
public sealed partial class RandomOperationsTests(IsolationTests.Fixture chancery)
    : IClassFixture<IsolationTests.Fixture>
{
    private const int TenantCount = 8;
    private const int UsualOperations = 2_000;

    // How many things of a kind a tenant keeps at hand; from then on one in twenty calls makes a new one.
    private const int Kept = 4;

    private static readonly TimeSpan ListenTo = TimeSpan.FromMilliseconds(150);

    private readonly ConcurrentDictionary<string, int> _owners = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, RouteCount> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<string> _foreign = [];
    private IReadOnlyList<Route> _routes = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tenants_that_call_anything_at_random_are_never_shown_a_byte_of_another()
    {
        var operations = int.TryParse(
            Environment.GetEnvironmentVariable("CHANCERY_ISOLATION_OPERATIONS"),
            CultureInfo.InvariantCulture,
            out var given
        )
            ? given
            : UsualOperations;
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}.");
        _routes =
        [
            .. RouteTable
                .Of(chancery.Services)
                .Where(route => route is { IsApi: true, Example.Anonymous: false })
                .Concat(IsolationTests.More(chancery.Services)),
        ];
        var tenants = new List<Worker>();
        for (var number = 0; number < TenantCount; number++)
        {
            tenants.Add(
                new Worker(number, await Organisation.CreateAsync(chancery), new Random(HashCode.Combine(seed, number)))
            );
        }

        foreach (var tenant in tenants)
        {
            await tenant.Organisation.FillAsync();
            await tenant.SignInAsync();
        }

        var left = operations;
        await Task.WhenAll(
            tenants.Select(tenant =>
                Task.Run(
                    async () =>
                    {
                        while (Interlocked.Decrement(ref left) >= 0)
                        {
                            await OperateAsync(tenant, tenants);
                        }
                    },
                    Cancel
                )
            )
        );

        Write(operations, seed);
        Assert.True(_foreign.IsEmpty, $"Seed {seed}.\n" + string.Join('\n', _foreign.Take(20)));
        // It is no proof unless the calls did something, and what was swapped was refused.
        var own = _counts.Values.Sum(count => count.Own);
        Assert.True(_counts.Values.Sum(count => count.Good) > own / 3, "Most calls about own things failed.");
        Assert.True(_counts.Count > _routes.Count / 2, $"Only {_counts.Count} of {_routes.Count} routes were called.");
        Assert.True(_counts.Values.Sum(count => count.Swapped) > operations / 10, "Hardly anything was swapped.");
    }

    private async Task OperateAsync(Worker tenant, IReadOnlyList<Worker> all)
    {
        var route = _routes[tenant.Random.Next(_routes.Count)];
        var ids = new Dictionary<Place, string>();
        var swapped = false;
        foreach (var place in Attack.Places(route.Example!))
        {
            var chance = tenant.Random.Next(100);
            var other = all[(tenant.Number + tenant.Random.Next(1, all.Count)) % all.Count];
            var id = chance switch
            {
                < 60 => await tenant.TakeAsync(place.Kind, _owners),
                < 90 => other.Borrow(place.Kind, tenant.Random),
                _ => null,
            };
            swapped |= chance >= 60;
            ids[place] = id ?? Guid.CreateVersion7().ToString();
        }

        HttpRequestMessage made;
        try
        {
            made = await Attack.RequestAsync(route, tenant.Organisation, ids);
        }
        catch (Xunit.Sdk.XunitException refused)
            when (refused.Message.Contains(" answered 401", StringComparison.Ordinal))
        {
            // Some call of its own ended the sign-in that things are made with.
            await tenant.SignInAsync();
            return;
        }

        using var request = made;
        var asked = new HashSet<string>(ids.Values, StringComparer.OrdinalIgnoreCase);
        swapped |= Disguise(request, tenant, all, asked);
        var answer = await Attack.SendAsync(tenant.Http, request, [], Cancel, ListenTo);
        // What it sent once may come back later: the log of searches holds their filters.
        tenant.Sent.UnionWith(asked);
        Look(route, tenant, all, answer);
        _counts.GetOrAdd(route.ToString(), _ => new RouteCount()).Add(answer, swapped);
        if (answer.Status == 401)
        {
            // Some call of its own ended its sign-in, or all of them.
            await tenant.SignInAsync();
        }

        foreach (Match cursor in Cursors().Matches(answer.Raw))
        {
            tenant.Cursor = cursor.Groups["cursor"].Value;
        }
    }

    /// <summary>Now and then the call claims to be another's, in every other place where an id could stand.</summary>
    private static bool Disguise(
        HttpRequestMessage request,
        Worker tenant,
        IReadOnlyList<Worker> all,
        HashSet<string> asked
    )
    {
        var other = all[(tenant.Number + tenant.Random.Next(1, all.Count)) % all.Count];
        var theirs = other.Organisation.Owner.TenantId.ToString();
        var address = request.RequestUri!.OriginalString;
        switch (tenant.Random.Next(12))
        {
            case 0:
                request.Headers.Add("X-Tenant-Id", theirs);
                break;
            case 1:
                request.RequestUri = new Uri(
                    $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}tenant_id={theirs}",
                    UriKind.Relative
                );
                break;
            case 2 when other.Cursor is { } cursor && request.Method == HttpMethod.Get:
                request.RequestUri = new Uri(
                    $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={Uri.EscapeDataString(cursor)}",
                    UriKind.Relative
                );
                break;
            case 3:
                request.Headers.Add(
                    "Last-Event-ID",
                    other.Borrow("conversation", tenant.Random) ?? Guid.CreateVersion7().ToString()
                );
                break;
            case 4:
                // One key for all of them: an answer that is remembered is so for one tenant.
                request.Headers.Add("Idempotency-Key", $"key-{tenant.Random.Next(50)}");
                break;
            case 5 when request.Content is MultipartFormDataContent form:
                var name = other.Borrow("document", tenant.Random) ?? "none";
                asked.Add(name);
                foreach (var part in form)
                {
                    part.Headers.ContentDisposition!.FileName = $"\"{name}.md\"";
                }

                break;
            default:
                return false;
        }

        asked.Add(theirs);
        return true;
    }

    private void Look(Route route, Worker tenant, IReadOnlyList<Worker> all, Answer answer)
    {
        foreach (var other in all.Where(other => other != tenant))
        {
            if (answer.Raw.Contains(other.Organisation.Canary, StringComparison.OrdinalIgnoreCase))
            {
                _foreign.Add($"{route} shows tenant {tenant.Number} the canary of {other.Number}: {answer.Short}");
            }
        }

        foreach (Match id in Ids().Matches(answer.Raw))
        {
            if (
                !tenant.Sent.Contains(id.Value)
                && _owners.GetOrAdd(id.Value, tenant.Number) is var owner
                && owner != tenant.Number
            )
            {
                _foreign.Add($"{route} shows tenant {tenant.Number} the id {id.Value} of {owner}: {answer.Short}");
            }
        }
    }

    private void Write(int operations, int seed)
    {
        var text = new StringBuilder();
        text.AppendLine("# Calls at random").AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{operations} calls by {TenantCount} tenants side by side, seed {seed}; {_owners.Count} ids and {TenantCount} canaries watched. "
                + $"Foreign bytes seen: {(_foreign.IsEmpty ? "none" : _foreign.Count)}."
        );
        text.AppendLine();
        text.AppendLine(
            "| Route | About own things | of which good | With something of another's or nobody's | Statuses |"
        );
        text.AppendLine("|---|---|---|---|---|");
        foreach (var (route, count) in _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| `{route}` | {count.Own} | {count.Good} | {count.Swapped} | {count.Statuses} |"
            );
        }

        Report.WriteFile("random.md", text.ToString());
    }

    // UUIDs of our making only: the version tells them from hashes and traces.
    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.IgnoreCase)]
    private static partial Regex Ids();

    [GeneratedRegex("\"next_cursor\":\\s*\"(?<cursor>[^\"]+)\"")]
    private static partial Regex Cursors();

    private sealed class RouteCount
    {
        private readonly SortedDictionary<int, int> _statuses = [];

        public int Own { get; private set; }

        public int Good { get; private set; }

        public int Swapped { get; private set; }

        public string Statuses
        {
            get
            {
                lock (_statuses)
                {
                    return string.Join(", ", _statuses.Select(pair => $"{pair.Key}: {pair.Value}"));
                }
            }
        }

        public void Add(Answer answer, bool swapped)
        {
            lock (_statuses)
            {
                _statuses[answer.Status] = _statuses.GetValueOrDefault(answer.Status) + 1;
                if (swapped)
                {
                    Swapped++;
                    return;
                }

                Own++;
                Good += answer.IsSuccess ? 1 : 0;
            }
        }
    }

    /// <summary>One tenant at work. Only its own loop changes it; others read what it has made.</summary>
    private sealed class Worker(int number, Organisation organisation, Random random)
    {
        private readonly ConcurrentDictionary<string, string[]> _things = new(StringComparer.Ordinal);

        public int Number { get; } = number;

        public Organisation Organisation { get; } = organisation;

        public Random Random { get; } = random;

        public HttpClient Http { get; private set; } = organisation.Owner.Http;

        /// <summary>Every id that it ever asked with, whosever it was.</summary>
        public HashSet<string> Sent { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Where a list of its own went on.</summary>
        public string? Cursor { get; set; }

        public async Task SignInAsync()
        {
            Http = await Organisation.SignInAgainAsync();
            await Organisation.StayAsync();
        }

        /// <summary>One of its own, made now where there are few.</summary>
        public async Task<string> TakeAsync(string kind, ConcurrentDictionary<string, int> owners)
        {
            var things = _things.GetValueOrDefault(kind, []);
            if (things.Length < Kept || Random.Next(20) == 0)
            {
                await Organisation.StayAsync();
                var made = await Organisation.MakeAsync(kind);
                owners.TryAdd(made, Number);
                things = [made, .. things.Take(Kept - 1)];
                _things[kind] = things;
            }

            return things[Random.Next(things.Length)];
        }

        /// <summary>One that another tenant may try; null where there is none yet.</summary>
        public string? Borrow(string kind, Random chooser)
        {
            var things = _things.GetValueOrDefault(kind, []);
            return things.Length == 0 ? null : things[chooser.Next(things.Length)];
        }
    }
}
