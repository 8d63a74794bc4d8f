using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Dapper;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Bench;

/// <summary>
/// What does it cost to know who calls, and to bind a transaction to their tenant? Each beside the same without it; the ways take turns
/// call by call, so that what disturbs one disturbs all.
/// </summary>
internal static class AccessCost
{
    private const int Rounds = 6000;
    private const int WarmUp = 600;

    // New tokens are dear to make, and each can be new only once.
    private const int RoundsForEachToken = 6;

    private static readonly Uri Live = new("/health/live", UriKind.Relative);

    /// <summary>One way of doing it; answers no time in a round that it sits out.</summary>
    private sealed record Way(string Name, Func<int, Task<TimeSpan?>> Run, double? AimMicroseconds = null);

    public static async Task<int> RunAsync()
    {
        Console.WriteLine($"{Machine.Describe()}. Medians of {Rounds} rounds, one client.");
        await OverHttpAsync();
        await using var fixture = new ChanceryFixture();
        await fixture.InitializeAsync();
        await InProcessAsync(fixture);
        await BindingAsync(fixture);
        await LimitsAsync(fixture);
        return 0;
    }

    /// <summary>A server process of its own and <c>GET /health/live</c>, which looks at a credential as every route does.</summary>
    private static async Task OverHttpAsync()
    {
        var data = ServerProcess.NewDirectory();
        await using (var server = await ServerProcess.StartAsync(Path.Combine(data, "data")))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            var signedUp = await PostAsync(
                client,
                "/api/v1/auth/signup",
                new
                {
                    email = "bench@example.com",
                    password = "a long enough password",
                    name = "Bench",
                    organization = "Bench",
                }
            );
            var seen = signedUp.GetProperty("access_token").GetString()!;
            var tokens = await NewTokensAsync(client, signedUp.GetProperty("refresh_token").GetString()!);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", seen);
            var made = await PostAsync(client, "/api/v1/keys", new { name = "bench", role = "viewer" });
            client.DefaultRequestHeaders.Authorization = null;
            var key = made.GetProperty("key").GetString()!;
            // Health answers whoever asks: that these count is seen elsewhere.
            foreach (var credential in (string[])[seen, key, tokens[^1]])
            {
                await GetAsync(client, new Uri("/api/v1/me", UriKind.Relative), credential);
            }

            await MeasureAsync(
                "Over HTTP: `GET /health/live`, server in a process of its own",
                new Way("no credential: the empty round trip", async _ => await GetAsync(client, Live, null)),
                [
                    new Way("API key", async _ => await GetAsync(client, Live, key), 10),
                    new Way("token seen before", async _ => await GetAsync(client, Live, seen), 10),
                    new Way(
                        "token at first sight",
                        async i =>
                            i % RoundsForEachToken == 0
                                ? await GetAsync(client, Live, tokens[i / RoundsForEachToken])
                                : null,
                        250
                    ),
                ]
            );
        }

        Directory.Delete(data, recursive: true);
    }

    /// <summary>Authentication alone, as the server's middleware calls it: without sockets, routing and the client.</summary>
    private static async Task InProcessAsync(ChanceryFixture fixture)
    {
        var user = await fixture.SignUpAsync();
        var made = await PostAsync(user.Http, "/api/v1/keys", new { name = "bench", role = "viewer" });
        var key = made.GetProperty("key").GetString()!;
        var principal = (await AuthenticateAsync(fixture.Services, user.AccessToken)).Principal!;
        var issuer = fixture.Services.GetRequiredService<AccessTokens>();
        var tokens = new List<string>();
        for (var i = 0; i < TokensNeeded; i++)
        {
            tokens.Add(await issuer.IssueAsync(principal, CancellationToken.None));
        }

        async Task<TimeSpan?> TimeAsync(string? credential) =>
            (await AuthenticateAsync(fixture.Services, credential)).Took;

        await MeasureAsync(
            "In process: authentication alone",
            new Way("no credential", _ => TimeAsync(null)),
            [
                new Way("API key", _ => TimeAsync(key), 10),
                new Way("token seen before", _ => TimeAsync(user.AccessToken), 10),
                new Way(
                    "token at first sight",
                    async i => i % RoundsForEachToken == 0 ? await TimeAsync(tokens[i / RoundsForEachToken]) : null,
                    250
                ),
            ]
        );
    }

    /// <summary>All limits of a request, counted by one script of Redis, as the server's middleware has it done.</summary>
    private static async Task LimitsAsync(ChanceryFixture fixture)
    {
        const string subject = "{bench}:rate_limit:bench";
        var windows = fixture.Services.GetRequiredService<RateWindows>();
        var redis = fixture.Services.GetRequiredService<RedisGateway>();
        WindowRule[] rules =
        [
            new WindowRule("key", subject, long.MaxValue / 4, TimeSpan.FromMinutes(1)),
            new WindowRule("requests", subject, long.MaxValue / 4, TimeSpan.FromMinutes(1)),
            new WindowRule("requests_per_hour", "{bench}:rate_limit:tenant", long.MaxValue / 4, TimeSpan.FromHours(1)),
        ];
        await MeasureAsync(
            "Limits: one script of Redis, at one client",
            new Way("an empty round trip to Redis", _ => TakingAsync(() => redis.PingAsync())),
            [
                new Way("one limit", _ => TakingAsync(() => windows.TakeAsync(rules[..1]))),
                new Way("three limits on two subjects", _ => TakingAsync(() => windows.TakeAsync(rules)), 100),
            ]
        );
    }

    private static async Task<TimeSpan?> TakingAsync(Func<Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>A transaction of one statement, bound and not, on the same pooled connections to the same PostgreSQL.</summary>
    private static async Task BindingAsync(ChanceryFixture fixture)
    {
        var user = await fixture.SignUpAsync();
        var source = fixture.Services.GetRequiredService<NpgsqlDataSource>();
        var database = fixture.Services.GetRequiredService<TenantDatabase>();
        var tenant = new TenantId(user.TenantId);
        (string Name, string Sql)[] statements =
        [
            ("`SELECT`", "SELECT '1'"),
            ("a row by its primary key", "SELECT name FROM tenants WHERE tenant_id = @tenant"),
        ];
        foreach (var (name, sql) in statements)
        {
            var arguments = new { tenant = user.TenantId };

            async Task<TimeSpan?> UnboundAsync(bool bindsFirst)
            {
                var began = Stopwatch.GetTimestamp();
                await using (var connection = await source.OpenConnectionAsync())
                {
                    await using var transaction = await connection.BeginTransactionAsync();
                    if (bindsFirst)
                    {
                        await using var bind = new NpgsqlBatch(connection, transaction);
                        bind.BatchCommands.Add(new Binding(tenant, null, Reader.Everything).ToCommand());
                        await bind.ExecuteNonQueryAsync();
                    }

                    await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(sql, arguments));
                }

                return Stopwatch.GetElapsedTime(began);
            }

            async Task<TimeSpan?> BoundAsync()
            {
                var began = Stopwatch.GetTimestamp();
                await using (var session = await database.OpenAsync(tenant, CancellationToken.None))
                {
                    await session.FindAsync<string>(sql, arguments, CancellationToken.None);
                }

                return Stopwatch.GetElapsedTime(began);
            }

            await MeasureAsync(
                $"Binding: {name}, in a transaction",
                new Way("the statement alone", _ => UnboundAsync(bindsFirst: false)),
                [
                    new Way("bound, as the product does it", _ => BoundAsync(), 60),
                    new Way("bound by a round trip of its own", _ => UnboundAsync(bindsFirst: true)),
                ]
            );
        }
    }

    private static int TokensNeeded => (WarmUp + Rounds) / RoundsForEachToken + 1;

    private static async Task<List<string>> NewTokensAsync(HttpClient client, string refresh)
    {
        var tokens = new List<string>();
        while (tokens.Count < TokensNeeded + 1)
        {
            var answer = await PostAsync(client, "/api/v1/auth/refresh", new { refresh_token = refresh });
            refresh = answer.GetProperty("refresh_token").GetString()!;
            tokens.Add(answer.GetProperty("access_token").GetString()!);
        }

        return tokens;
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string address, object body)
    {
        using var response = await client.PostAsJsonAsync(new Uri(address, UriKind.Relative), body);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new InvalidOperationException(text);
    }

    private static async Task<TimeSpan> GetAsync(HttpClient client, Uri address, string? credential)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (credential is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        }

        var began = Stopwatch.GetTimestamp();
        using var response = await client.SendAsync(request);
        var took = Stopwatch.GetElapsedTime(began);
        response.EnsureSuccessStatusCode();
        return took;
    }

    private static async Task<(TimeSpan Took, Server.Access.Principal? Principal)> AuthenticateAsync(
        IServiceProvider services,
        string? credential
    )
    {
        await using var scope = services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        if (credential is not null)
        {
            context.Request.Headers.Authorization = $"Bearer {credential}";
        }

        var began = Stopwatch.GetTimestamp();
        var result = await context.AuthenticateAsync();
        var took = Stopwatch.GetElapsedTime(began);
        return result.Succeeded == credential is not null
            ? (took, context.Features.Get<Server.Access.Principal>())
            : throw new InvalidOperationException(result.Failure?.Message);
    }

    private static async Task MeasureAsync(string title, Way empty, IReadOnlyList<Way> others)
    {
        Way[] ways = [empty, .. others];
        var samples = ways.Select(_ => new List<double>(Rounds)).ToArray();
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            for (var turn = 0; turn < ways.Length; turn++)
            {
                // Nobody always comes after the same one.
                var way = (turn + round / RoundsForEachToken) % ways.Length;
                if (await ways[way].Run(round) is { } took && round >= WarmUp)
                {
                    samples[way].Add(took.TotalMicroseconds);
                }
            }
        }

        var medians = samples.Select(MedianOf).ToArray();
        Console.WriteLine();
        Console.WriteLine($"| {title} | p50 µs | More µs | Aim µs | |");
        Console.WriteLine("|---|---|---|---|---|");
        for (var i = 0; i < ways.Length; i++)
        {
            var more = medians[i] - medians[0];
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {ways[i].Name} | {medians[i]:0.0} | {(i == 0 ? "" : $"{more:0.0}")} | {ways[i].AimMicroseconds} | {Verdict(more, ways[i].AimMicroseconds)} |"
                )
            );
        }
    }

    private static string Verdict(double more, double? aim) =>
        aim is not { } most ? ""
        : more <= most ? "met"
        : "**not met**";

    private static double MedianOf(List<double> samples)
    {
        samples.Sort();
        return samples[samples.Count / 2];
    }
}
