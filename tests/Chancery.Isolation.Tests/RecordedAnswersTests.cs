using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>
/// The description shows real answers. <c>./run openapi --examples</c> sets <c>CHANCERY_WRITE_CONTRACT</c> and has this
/// record them: every route's example is called, and what is of the moment gets the looks of an example.
/// </summary>
public sealed partial class RecordedAnswersTests(IsolationTests.Fixture chancery)
    : IClassFixture<IsolationTests.Fixture>
{
    private const int ShownItems = 2;
    private const int ShownNumbers = 4;

    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly Dictionary<string, string> Looks = new()
    {
        ["access_token"] = "eyJhbGciOi…",
        ["refresh_token"] = "a refresh token",
        ["token"] = "an invitation token",
        ["key"] = "ck_… (shown this once)",
        ["secret"] = "64 hexadecimal digits (shown this once)",
        ["start"] = "ck_…",
        ["email"] = "olga@example.com",
        ["url"] = "http://localhost:8000/invite?token=…",
        ["x"] = "…",
        ["y"] = "…",
        ["kid"] = "…",
        ["hash"] = "…",
        ["last_hash"] = "…",
        ["jws"] = "…",
        ["trace_id"] = "…",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static bool Writes => Environment.GetEnvironmentVariable("CHANCERY_WRITE_CONTRACT") == "1";

    [Fact]
    public async Task Every_route_that_answers_JSON_shows_a_real_answer()
    {
        var names = Names();
        if (Writes)
        {
            await RecordAsync(names);
            return;
        }

        var without = names.Values.Where(name => RecordedAnswers.Of(name) is null).Order(StringComparer.Ordinal);
        Assert.True(
            !without.Any(),
            $"No answer is recorded for {string.Join(", ", without)}: ./run openapi --examples"
        );
    }

    private async Task RecordAsync(Dictionary<string, string> names)
    {
        var shared = await Organisation.CreateAsync(chancery);
        await shared.FillAsync();
        var recorded = new JsonObject();
        foreach (
            var route in RouteTable
                .Of(chancery.Services)
                .Where(route => route.Example is not null && names.ContainsKey(route.ToString()))
        )
        {
            // What changes something gets an organisation of its own: some calls end sign-ins.
            var acme = route.Method == "GET" ? shared : await Organisation.CreateAsync(chancery);
            await acme.MakeAsync("document");
            if (
                route.Method != "GET"
                && route.Example!.ShowsContent
                && route.ToString().Contains("/contracts", StringComparison.Ordinal)
            )
            {
                await acme.MakeAsync("contract");
            }

            using var client = route.Example!.Anonymous ? chancery.Anonymous() : await acme.SignInAgainAsync();
            using var request = await Attack.RequestAsync(route, acme, await Attack.MakeAsync(acme, route.Example));
            using var response = await client.SendAsync(request, Cancel);
            var text = await response.Content.ReadAsStringAsync(Cancel);
            Assert.True(response.IsSuccessStatusCode, $"{route}: {(int)response.StatusCode} {text}");
            recorded[names[route.ToString()]] = new JsonObject
            {
                ["status"] = ((int)response.StatusCode).ToString("D", null),
                ["type"] = "application/json",
                ["body"] = Dressed(JsonNode.Parse(text)!, acme),
            };
        }

        await File.WriteAllTextAsync(
            Path.Combine(Root(), "src", "Chancery.Server", "Platform", "OpenApi", "examples.json"),
            recorded.ToJsonString(Pretty) + "\n",
            Cancel
        );
    }

    /// <summary>The operations of the API that answer JSON when all goes well, by their routes.</summary>
    private Dictionary<string, string> Names() =>
        chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint =>
                endpoint.Metadata.GetMetadata<RouteExample>() is not null
                && endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Any(AnswersJson)
            )
            .SelectMany(endpoint =>
                (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method =>
                    (
                        Route: $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}",
                        Name: endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName
                    )
                )
            )
            .ToDictionary(pair => pair.Route, pair => pair.Name, StringComparer.Ordinal);

    private static bool AnswersJson(IProducesResponseTypeMetadata answer) =>
        answer is { StatusCode: >= 200 and < 300, Type: not null } && answer.ContentTypes.Contains("application/json");

    /// <summary>The same ids stay the same, times become one time, what is secret or random is left out.</summary>
    private static JsonNode Dressed(JsonNode body, Organisation acme)
    {
        var known = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Dress(body);
        var text = body.ToJsonString(Pretty)
            .Replace(acme.PrivateCanary, "Example", StringComparison.OrdinalIgnoreCase)
            .Replace(acme.Canary, "Example", StringComparison.OrdinalIgnoreCase);
        text = Ids()
            .Replace(
                text,
                match =>
                {
                    if (!known.TryGetValue(match.Value, out var id))
                    {
                        known[match.Value] = id = $"0199a1b2-c3d4-7000-8000-{known.Count + 1:x12}";
                    }

                    return id;
                }
            );
        text = Uniques().Replace(text, "example");
        return JsonNode.Parse(Times().Replace(text, "2026-01-15T09:30:00+00:00"))!;
    }

    private static void Dress(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array:
                var isVector =
                    array.Count > ShownNumbers && array.All(item => item?.GetValueKind() is JsonValueKind.Number);
                while (
                    array.Count > (isVector ? ShownNumbers : ShownItems)
                    && (isVector || array.All(item => item is JsonObject))
                )
                {
                    array.RemoveAt(array.Count - 1);
                }

                foreach (var item in array)
                {
                    Dress(item);
                }

                break;
            case JsonObject thing:
                foreach (var (name, value) in thing.ToList())
                {
                    if (
                        value is JsonValue single
                        && single.GetValueKind() == JsonValueKind.String
                        && Looks.TryGetValue(name, out var look)
                    )
                    {
                        thing[name] = look;
                    }
                    else if (
                        value is JsonValue number
                        && number.GetValueKind() == JsonValueKind.Number
                        && name.EndsWith("_ms", StringComparison.Ordinal)
                    )
                    {
                        thing[name] = 12.5;
                    }
                    else
                    {
                        Dress(value);
                    }
                }

                break;
        }
    }

    private static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Chancery.slnx")))
        {
            at = at.Parent!;
        }

        return at.FullName;
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Ids();

    [GeneratedRegex("u[0-9a-f]{32}")]
    private static partial Regex Uniques();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")]
    private static partial Regex Times();
}
