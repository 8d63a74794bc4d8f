using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing;
using Chancery.Testing.Contract;
using Xunit.Sdk;

namespace Chancery.Server.Tests.Contract;

/// <summary>
/// Every operation of the description with inputs made from its schemas: whatever is sent, no answer is a fault of ours, and each is one that the
/// description tells of (<see cref="DescribedAnswers"/> looks). <c>CHANCERY_GENERATED_SEED</c> and <c>CHANCERY_GENERATED_ROUNDS</c> say which and how many.
/// </summary>
public sealed class GeneratedInputTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    /// <summary>By default; whatever is left of a round then is not sent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>Streams that do not end by themselves are looked at as far as their headers.</summary>
    private static readonly TimeSpan OfOne = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_input_of_any_operation_is_a_fault_of_ours_and_every_answer_is_described()
    {
        var seed = Setting("CHANCERY_GENERATED_SEED", 20_261);
        var rounds = Setting("CHANCERY_GENERATED_ROUNDS", 2);
        var random = new Random(seed);
        var document = JsonNode
            .Parse(await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "openapi.json"), Cancel))!
            .AsObject();
        var values = new GeneratedInput(document["components"]!["schemas"]!.AsObject(), random);
        var operations = document["paths"]!
            .AsObject()
            .SelectMany(path =>
                path.Value!.AsObject().Select(one => (Path: path.Key, Method: one.Key, What: one.Value!.AsObject()))
            )
            .ToList();
        var olga = await chancery.SignUpAsync();
        var member = await chancery.InviteAsync(olga, "editor");
        // What members may not is refused before anything of it is read.
        var admin = await chancery.InviteAsync(olga, "admin");
        var (faults, seen, answered) = (new List<string>(), new Dictionary<int, int>(), new HashSet<string>());
        var started = TimeProvider.System.GetTimestamp();
        async Task<int> TryAsync(TestUser user, Sent input)
        {
            var (status, fault) = await SendAsync(user, input, values);
            if (fault is not null)
            {
                faults.Add(fault);
            }

            seen[status] = seen.GetValueOrDefault(status) + 1;
            return status;
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var (path, method, what) in operations.OrderBy(_ => random.Next()).ToList())
            {
                if (rounds <= 2 && TimeProvider.System.GetElapsedTime(started) > Patience)
                {
                    break;
                }

                var input = RequestOf(path, method, what, values, isValid: round % 2 == 0, random);
                var status = await TryAsync(member, input);
                if (status == (int)HttpStatusCode.Forbidden)
                {
                    await TryAsync(admin, input);
                }

                answered.Add(method + path);
                // It may have been what ends a sign-in.
                member = await IsSignedInAsync(member, status) ? member : await chancery.InviteAsync(olga, "editor");
                admin = await IsSignedInAsync(admin, status) ? admin : await chancery.InviteAsync(olga, "admin");
            }
        }

        var told =
            $"seed {seed}, {answered.Count} of {operations.Count} operations, "
            + string.Join(", ", seen.OrderBy(one => one.Key).Select(one => $"{one.Key}: {one.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine(told);
        Assert.True(faults.Count == 0, $"{told}\n{string.Join('\n', faults)}");
        Assert.True(answered.Count > operations.Count / 2, told);
        // Inputs that nothing takes, and inputs that all are taken, would show little.
        Assert.True(seen.GetValueOrDefault(200) > 20 && seen.GetValueOrDefault(400) > 20, told);
    }

    /// <summary>Only looked at where something was refused for want of a credential.</summary>
    private static async Task<bool> IsSignedInAsync(TestUser user, int status)
    {
        if (status != (int)HttpStatusCode.Unauthorized)
        {
            return true;
        }

        using var response = await user.Http.GetAsync("/api/v1/organization", Cancel);
        return response.StatusCode != HttpStatusCode.Unauthorized;
    }

    private static async Task<(int Status, string? Fault)> SendAsync(TestUser user, Sent input, GeneratedInput values)
    {
        using var request = new HttpRequestMessage(new HttpMethod(input.Method), input.Address);
        if (input.Body is { } body)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        var sent = $"{input.Method} {input.Address} {input.Body?[..Math.Min(300, input.Body.Length)]}";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(OfOne);
        try
        {
            using var response = await user.Http.SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                patience.Token
            );
            var status = (int)response.StatusCode;
            if (!ApiDescription.IsJson(response.Content.Headers.ContentType?.MediaType))
            {
                return (status, status >= 500 ? $"{status} without a problem: {sent}" : null);
            }

            var text = await response.Content.ReadAsStringAsync(patience.Token);
            Remember(text, values);
            return (status, status >= 500 && !IsOfTheInstallation(status, text) ? $"{status}: {sent}\n  {text}" : null);
        }
        catch (XunitException exception)
        {
            return (0, $"{sent}\n  {exception.Message}");
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            return (0, $"No answer within {OfOne}: {sent}");
        }
    }

    /// <summary>What this installation was not given, such as a model or a search engine: that is not the request's fault, and none of ours.</summary>
    private static bool IsOfTheInstallation(int status, string body) =>
        status is 501 or 502 or 503
        && JsonNode.Parse(body)?["code"]?.GetValue<string>() is { } code
        && code != "unavailable";

    private static void Remember(string body, GeneratedInput input)
    {
        if (input.Ids.Count < 200 && JsonNode.Parse(body) is JsonObject answer)
        {
            var items = answer["items"] is JsonArray { Count: > 0 } list ? list.OfType<JsonObject>() : [answer];
            input.Ids.AddRange(
                items
                    .Take(3)
                    .Select(one => one["id"]?.ToString())
                    .OfType<string>()
                    .Where(id => Guid.TryParse(id, out _))
            );
        }
    }

    private static Sent RequestOf(
        string path,
        string method,
        JsonObject what,
        GeneratedInput input,
        bool isValid,
        Random random
    )
    {
        var query = new List<string>();
        foreach (var parameter in (what["parameters"]?.AsArray() ?? []).OfType<JsonObject>())
        {
            var name = parameter["name"]!.GetValue<string>();
            var place = parameter["in"]!.GetValue<string>();
            var isStrange = !isValid && random.Next(4) == 0;
            var word = Uri.EscapeDataString(input.Word(parameter["schema"]!.AsObject(), !isStrange));
            if (place == "path")
            {
                // An empty part is another address.
                path = path.Replace(
                    $"{{{name}}}",
                    word.Trim('.') is { Length: > 0 } ? word : "x",
                    StringComparison.Ordinal
                );
            }
            else if (place == "query" && random.Next(2) == 0)
            {
                query.Add($"{name}={word}");
            }
        }

        var address = query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
        string? text = null;
        if (what["requestBody"]?["content"]?["application/json"]?["schema"] is JsonObject schema)
        {
            var body = isValid ? input.Valid(schema) : input.Invalid(schema);
            text = body?.ToJsonString() ?? "null";
            // Half of a document, now and then.
            text = !isValid && random.Next(20) == 0 ? text[..(text.Length / 2)] : text;
        }

        return new Sent(method.ToUpperInvariant(), address, text);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value
            : otherwise;

    private sealed record Sent(string Method, string Address, string? Body);
}
