using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>
/// Describes streams of events: OpenAPI 3.1 knows no schema for their items, so the events are told in words and, for
/// programs, in <c>x-events</c> (name → schema of its data).
/// </summary>
internal static class EventStreams
{
    public const string Extension = "x-events";

    public static Task ApplyAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<EventStream>().LastOrDefault() is not { } stream)
        {
            return Task.CompletedTask;
        }

        var at = EventStream.FirstStatus;
        var content = new Dictionary<string, OpenApiMediaType>();
        if (stream.HasJson)
        {
            content["application/json"] = new OpenApiMediaType { Schema = Take(operation, at++) };
        }

        var events = new JsonObject();
        foreach (var one in stream.Events)
        {
            var schema = (OpenApiSchemaReference)Take(operation, at++);
            events[one.Name] = new JsonObject
            {
                ["description"] = one.When,
                ["data"] = new JsonObject { ["$ref"] = $"#/components/schemas/{schema.Reference.Id}" },
            };
        }

        content["text/event-stream"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description =
                    "Server-sent events; the data of each is JSON.\n\n"
                    + string.Join('\n', stream.Events.Select(one => $"- `{one.Name}`: {one.When}")),
            },
            Extensions = new Dictionary<string, IOpenApiExtension> { [Extension] = new JsonNodeExtension(events) },
        };
        operation.Responses!["200"] = new OpenApiResponse
        {
            Description = stream.HasJson ? "The answer, whole or as events." : "The events, as they happen.",
            Content = content,
        };
        return Task.CompletedTask;
    }

    private static IOpenApiSchema Take(OpenApiOperation operation, int status)
    {
        operation.Responses!.Remove(status.ToString(CultureInfo.InvariantCulture), out var response);
        return response!.Content!["application/json"].Schema!;
    }
}
