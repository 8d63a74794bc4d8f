using Chancery.Server.Access.Idempotency;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>An answer that is kept for a key is a copy of somebody's content: nobody else gets it by the same key.</summary>
public sealed class IdempotencyKeyTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    private const string Replayed = "Idempotency-Replayed";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IEnumerable<Route> Routes
    {
        get
        {
            var names = chancery
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .Where(endpoint => endpoint.Metadata.GetMetadata<IdempotentRoute>() is not null)
                .SelectMany(endpoint =>
                    endpoint
                        .Metadata.GetMetadata<HttpMethodMetadata>()!
                        .HttpMethods.Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}")
                )
                .ToHashSet(StringComparer.Ordinal);
            // SCIM's routes are described by its own standard, and have no examples here.
            return RouteTable
                .Of(chancery.Services)
                .Where(route => names.Contains(route.ToString()) && route.Example is not null);
        }
    }

    // The same text has the same vector, whoever asks.
    private static readonly HashSet<string> Pure =
    [
        "POST /api/v1/embeddings",
        "POST /api/embeddings/generate",
        "POST /v1/embeddings",
    ];

    [Fact]
    public async Task The_same_key_and_body_from_anybody_else_is_never_answered_with_the_owners_answer()
    {
        var acme = await Organisation.CreateAsync(chancery);
        var globex = await Organisation.CreateAsync(chancery);
        var colleague = await acme.ColleagueAsync();
        await acme.FillAsync();
        var failures = new List<string>();
        var attacked = 0;

        foreach (var route in Routes)
        {
            attacked++;
            var key = Guid.CreateVersion7().ToString();
            var ids = await Attack.MakeAsync(acme, route.Example!);
            using var first = await Attack.RequestAsync(route, acme, ids);
            var body = first.Content is null ? null : await first.Content.ReadAsByteArrayAsync(Cancel);

            using var made = await SendAsync(acme.Owner.Http, first, body, key);
            using var again = await SendAsync(acme.Owner.Http, first, body, key);
            var answer = await made.Content.ReadAsStringAsync(Cancel);
            if (!made.IsSuccessStatusCode || !again.Headers.Contains(Replayed))
            {
                failures.Add($"{route}: the owner's own call is not replayed: {(int)again.StatusCode} {answer}");
                continue;
            }

            foreach (var (who, client) in new[] { ("a stranger", globex.Owner.Http), ("a colleague", colleague.Http) })
            {
                using var stolen = await SendAsync(client, first, body, key);
                var seen = await stolen.Content.ReadAsStringAsync(Cancel);
                var isTheSame = answer.Length > 0 && seen == answer && !Pure.Contains(route.ToString());
                if (stolen.Headers.Contains(Replayed) || isTheSame)
                {
                    failures.Add($"{route}: {who} is given the owner's answer: {seen}");
                }

                if (who == "a stranger" && seen.Contains(acme.Canary, StringComparison.OrdinalIgnoreCase))
                {
                    failures.Add($"{route}: {who} is shown the canary: {seen}");
                }
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(attacked >= 7, $"Only {attacked} routes take a key.");
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        HttpRequestMessage like,
        byte[]? body,
        string key
    )
    {
        using var request = new HttpRequestMessage(like.Method, like.RequestUri);
        request.Headers.Add("Idempotency-Key", key);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = like.Content!.Headers.ContentType;
        }

        return await client.SendAsync(request, Cancel);
    }
}
