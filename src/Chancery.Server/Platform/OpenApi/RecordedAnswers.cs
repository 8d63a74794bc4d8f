using System.Text.Json.Nodes;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>A real answer to a route's example, with names and times of nobody in particular.</summary>
internal sealed record RecordedAnswer(string Status, string Type, JsonNode Body);

/// <summary>The answers that <c>./run openapi</c> recorded; a test holds each to its schema.</summary>
internal static class RecordedAnswers
{
    private const string Resource = "openapi/examples.json";

    private static readonly Lazy<JsonObject> All = new(Read);

    /// <summary>Null when none was recorded.</summary>
    public static RecordedAnswer? Of(string? operationId) =>
        operationId is not null && All.Value[operationId] is JsonObject found
            ? new RecordedAnswer(
                found["status"]!.GetValue<string>(),
                found["type"]!.GetValue<string>(),
                found["body"]!.DeepClone()
            )
            : null;

    private static JsonObject Read()
    {
        using var stream = typeof(RecordedAnswers).Assembly.GetManifestResourceStream(Resource)!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
