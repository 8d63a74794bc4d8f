using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>The document's last touch: each closed set of values gets one place that all its users refer to.</summary>
internal static class FinishedSchemas
{
    public static Task ApplyAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        // What the framework makes of files, and of streams before their events are described.
        foreach (var left in document.Components?.Schemas?.Keys.Where(IsItem).ToList() ?? [])
        {
            document.Components!.Schemas!.Remove(left);
        }

        foreach (var schema in document.Components?.Schemas?.Values.OfType<OpenApiSchema>().ToList() ?? [])
        {
            foreach (var (name, property) in schema.Properties?.ToList() ?? [])
            {
                schema.Properties![name] = Replaced(property, document);
                RequireOnlyWhatIsThere(schema, name, property);
            }
        }

        var parameters = document
            .Paths.Values.SelectMany(path => path.Operations ?? [])
            .Select(method => method.Value)
            .SelectMany(operation => operation.Parameters ?? [])
            .OfType<OpenApiParameter>();
        foreach (var parameter in parameters.Where(parameter => parameter.Schema is not null))
        {
            parameter.Schema = Replaced(parameter.Schema!, document);
        }

        return Task.CompletedTask;
    }

    private static bool IsItem(string name) =>
        name == nameof(Stream) || name.EndsWith("SseItem", StringComparison.Ordinal);

    /// <summary>Nothing that is null is written, and what may be null may be left out.</summary>
    private static void RequireOnlyWhatIsThere(OpenApiSchema schema, string name, IOpenApiSchema property)
    {
        if (
            property.Type?.HasFlag(JsonSchemaType.Null) == true
            || property.OneOf?.Any(one => one.Type == JsonSchemaType.Null) == true
        )
        {
            schema.Required?.Remove(name);
        }
    }

    private static IOpenApiSchema Replaced(IOpenApiSchema found, OpenApiDocument document)
    {
        if (
            found is not OpenApiSchema schema
            || schema.Extensions?.Remove(SchemaShapes.NameMark, out var mark) != true
            || mark is not JsonNodeExtension { Node: { } node }
        )
        {
            return found;
        }

        var name = node.GetValue<string>();
        if (document.Components?.Schemas?.ContainsKey(name) != true)
        {
            document.AddComponent(name, new OpenApiSchema { Type = JsonSchemaType.String, Enum = schema.Enum });
        }

        var reference = new OpenApiSchemaReference(name, document) { Description = schema.Description };
        return schema.Type?.HasFlag(JsonSchemaType.Null) == true
            ? new OpenApiSchema
            {
                Description = schema.Description,
                OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, new OpenApiSchemaReference(name, document)],
            }
            : reference;
    }
}
