using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Routing;

namespace Chancery.Isolation.Tests;

/// <summary>Where an id stands in a call: one of these is swapped at a time.</summary>
/// <param name="Where">path, query or body.</param>
/// <param name="Name">The route parameter, or the word in braces.</param>
/// <param name="Kind">What the id names.</param>
internal sealed record Place(string Where, string Name, string Kind)
{
    public override string ToString() => $"{Kind} in {Where}";
}

/// <summary>An answer as an attacker sees it.</summary>
/// <param name="Body">Without what differs between any two answers, and with the asked id taken out.</param>
internal sealed record Answer(int Status, string ContentType, string Body, string Raw)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>
    /// To the letter for a refusal. A success (a filter that found nothing) may hold ids and times made for this answer.
    /// </summary>
    public string Comparable => IsSuccess ? Attack.WithoutNumbers(Body) : Body;

    public string Short => $"{Status} {(Raw.Length > 300 ? Raw[..300] : Raw)}";
}

/// <summary>Turns a route's example into calls.</summary>
internal static partial class Attack
{
    private static readonly TimeSpan LongestStream = TimeSpan.FromSeconds(8);

    /// <summary>Every place of the example where an id of the tenant stands.</summary>
    public static IReadOnlyList<Place> Places(RouteExample example) =>
        [
            .. example
                .Path.Where(parameter => Organisation.IsKind(parameter.Value))
                .Select(parameter => new Place("path", parameter.Key, parameter.Value)),
            .. Words(example.Query).Where(Organisation.IsKind).Select(word => new Place("query", word, word)),
            .. Words(example.Body ?? "").Where(Organisation.IsKind).Select(word => new Place("body", word, word)),
        ];

    /// <summary>Makes everything that the example names, in <paramref name="organisation"/>.</summary>
    public static async Task<Dictionary<Place, string>> MakeAsync(Organisation organisation, RouteExample example)
    {
        var made = new Dictionary<Place, string>();
        foreach (var place in Places(example))
        {
            made[place] = await organisation.MakeAsync(place.Kind);
        }

        return made;
    }

    /// <summary>Calls the route as the example says, with <paramref name="ids"/> in their places.</summary>
    public static async Task<Answer> CallAsync(
        HttpClient client,
        Route route,
        Organisation organisation,
        IReadOnlyDictionary<Place, string> ids,
        CancellationToken cancellationToken
    )
    {
        using var request = await RequestAsync(route, organisation, ids);
        return await SendAsync(client, request, [.. ids.Values], cancellationToken);
    }

    /// <param name="patience">How long a stream of events is listened to; eight seconds unless given.</param>
    public static async Task<Answer> SendAsync(
        HttpClient client,
        HttpRequestMessage request,
        IReadOnlyCollection<string> ids,
        CancellationToken cancellationToken,
        TimeSpan? patience = null
    )
    {
        using var response = await client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        var raw = await BodyAsync(response, type, patience ?? LongestStream, cancellationToken);
        var body = TraceIds().Replace(raw, "\"traceId\":\"…\"");
        foreach (var id in ids)
        {
            body = body.Replace(id, "{id}", StringComparison.OrdinalIgnoreCase);
        }

        return new Answer((int)response.StatusCode, type, body, raw);
    }

    public static async Task<HttpRequestMessage> RequestAsync(
        Route route,
        Organisation organisation,
        IReadOnlyDictionary<Place, string> ids
    )
    {
        var example = route.Example!;
        var address = Parameters()
            .Replace(
                route.Pattern,
                parameter =>
                {
                    var name = parameter.Groups["name"].Value;
                    Assert.True(example.Path.ContainsKey(name), $"{route}: the example says nothing of {{{name}}}.");
                    var given = example.Path[name];
                    return Organisation.IsKind(given)
                        ? ids[new Place("path", name, given)]
                        : Uri.EscapeDataString(given);
                }
            );
        if (example.Query.Length > 0)
        {
            address += "?" + await FillAsync(example.Query, "query", organisation, ids);
        }

        var request = new HttpRequestMessage(new HttpMethod(route.Method), address);
        if (example.File is { } file)
        {
            var content = new ByteArrayContent(
                Encoding.UTF8.GetBytes(await FillAsync(file, "file", organisation, ids))
            );
            content.Headers.ContentType = new MediaTypeHeaderValue("text/markdown");
            request.Content = new MultipartFormDataContent { { content, "file", "example.md" } };
        }
        else if (example.Body is { } body)
        {
            request.Content = new StringContent(
                await FillAsync(body, "body", organisation, ids),
                Encoding.UTF8,
                "application/json"
            );
        }

        return request;
    }

    private static async Task<string> FillAsync(
        string text,
        string where,
        Organisation organisation,
        IReadOnlyDictionary<Place, string> ids
    )
    {
        foreach (var word in Words(text))
        {
            var value = ids.TryGetValue(new Place(where, word, word), out var id)
                ? id
                : await organisation.MakeAsync(word);
            text = text.Replace("{" + word + "}", value, StringComparison.Ordinal);
        }

        return text;
    }

    private static IEnumerable<string> Words(string text) =>
        InBraces().Matches(text).Select(match => match.Groups["word"].Value).Distinct();

    /// <summary>The whole body; of a stream of events what comes until it ends, or for a while.</summary>
    private static async Task<string> BodyAsync(
        HttpResponseMessage response,
        string type,
        TimeSpan longest,
        CancellationToken cancellationToken
    )
    {
        if (type != "text/event-stream")
        {
            return await response.Content.ReadAsStringAsync(cancellationToken);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(longest);
        var text = new StringBuilder();
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token));
            while (await reader.ReadLineAsync(patience.Token) is { } line)
            {
                text.Append(line).Append('\n');
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            text.Append("(cut)");
        }

        return text.ToString();
    }

    internal static string WithoutNumbers(string body) => Numbers().Replace(Ids().Replace(body, "{id}"), "0");

    [GeneratedRegex("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")]
    private static partial Regex Ids();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Numbers();

    // {id:guid}  {tag}  {version:int:min(1)}
    [GeneratedRegex(@"\{\*{0,2}(?<name>\w+)[^}]*\}")]
    private static partial Regex Parameters();

    // {document}: a word in braces, unlike the braces of JSON.
    [GeneratedRegex(@"\{(?<word>[a-z_]+)\}")]
    private static partial Regex InBraces();

    [GeneratedRegex("\"traceId\":\\s*\"[^\"]*\"")]
    private static partial Regex TraceIds();
}
