using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Chancery.Testing.Contract;

/// <summary>
/// The committed description of the API (<c>docs/openapi.json</c>), asked whether an answer is one that it tells of. Members
/// that it does not name are faults, too: nothing is answered that nobody described. Safe for concurrent use.
/// </summary>
public sealed partial class ApiDescription
{
    private const string Problem = "application/problem+json";

    // What the server answers before a route is found, or for it.
    private static readonly string[] CodesOfNoRoute = ["no-route", "method-not-allowed"];

    private static readonly Lazy<ApiDescription> TheCommitted = new(() => new ApiDescription(Read()));

    private readonly List<(Regex Pattern, int Literals, JsonObject Methods)> _paths;
    private readonly ResponseSchemas _schemas;

    public ApiDescription(JsonObject document)
    {
        _schemas = new ResponseSchemas(document["components"]!["schemas"]!.AsObject());
        _paths =
        [
            .. document["paths"]!
                .AsObject()
                .Select(path => (PatternOf(path.Key), Literals(path.Key), path.Value!.AsObject())),
        ];
    }

    public static ApiDescription Committed => TheCommitted.Value;

    /// <summary>Whether answers of this address are described at all; pages, forms and files are not.</summary>
    public bool Knows(string path) =>
        path.StartsWith("/api/", StringComparison.Ordinal) || _paths.Any(known => known.Pattern.IsMatch(path));

    /// <summary>What is wrong with an answer, or null.</summary>
    /// <param name="body">Null where it was not read; then it is not looked at.</param>
    public string? Check(string method, string path, int status, string? mediaType, string? body)
    {
        if (mediaType == Problem && body is not null && CodesOfNoRoute.Contains(CodeOf(body)))
        {
            return _schemas.Check("Problem", body);
        }

        if (FindOperation(method, path) is not { } operation)
        {
            return "the description knows no such route";
        }

        if (operation["responses"]?[status.ToString(CultureInfo.InvariantCulture)] is not JsonObject response)
        {
            return $"the description does not tell of {status}";
        }

        var content = response["content"]?.AsObject();
        if (content is null || content.Count == 0)
        {
            return string.IsNullOrEmpty(body) ? null : "the description tells of no body";
        }

        if ((content[mediaType ?? ""] ?? content["*/*"]) is not JsonObject described)
        {
            return $"the description does not tell of {mediaType ?? "no content type"}";
        }

        return body is null || described["schema"] is not JsonObject schema || !IsJson(mediaType)
            ? null
            : _schemas.Check(schema, body);
    }

    /// <summary>What is wrong with one event of a stream, or null.</summary>
    public string? CheckEvent(string method, string path, string name, string data) =>
        FindOperation(method, path)?["responses"]?["200"]?["content"]?["text/event-stream"]?["x-events"]?[name]
            is JsonObject described
            ? _schemas.Check(described["data"]!.AsObject(), data)
            : $"the description does not tell of an event {name}";

    /// <summary>Whether a request's example is as its own description says; null when it is.</summary>
    public string? CheckExample(JsonObject schema, JsonNode example) => _schemas.Check(schema, example.ToJsonString());

    public static bool IsJson(string? mediaType) =>
        mediaType is "application/json" || mediaType?.EndsWith("+json", StringComparison.Ordinal) == true;

    private JsonObject? FindOperation(string method, string path) =>
        _paths
            .Where(known => known.Pattern.IsMatch(path))
            .OrderByDescending(known => known.Literals)
            .Select(known => known.Methods[method.ToLowerInvariant()])
            .OfType<JsonObject>()
            .FirstOrDefault();

    private static string? CodeOf(string body)
    {
        try
        {
            return JsonNode.Parse(body)?["code"]?.GetValue<string>();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Regex PatternOf(string path) =>
        new(
            "^"
                + Parameters().Replace(Regex.Escape(path).Replace("\\{", "{", StringComparison.Ordinal), "[^/]+")
                + "/?$"
        );

    private static int Literals(string path) => path.Split('/').Count(part => !part.StartsWith('{'));

    private static JsonObject Read()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Chancery.slnx")))
            {
                return JsonNode.Parse(File.ReadAllText(Path.Combine(at.FullName, "docs", "openapi.json")))!.AsObject();
            }
        }

        throw new DirectoryNotFoundException("The tests hold answers against docs/openapi.json of the checkout.");
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameters();
}
