using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Chancery.Testing.Contract;

/// <summary>The schemas of a description, strict: what a schema does not name is not allowed. Safe for concurrent use.</summary>
internal sealed class ResponseSchemas(JsonObject components)
{
    private const string Prefix = "#/components/schemas/";

    /// <summary>Gathers nothing on its way: nearly every answer is as described.</summary>
    private static readonly EvaluationOptions Quick = new()
    {
        OutputFormat = OutputFormat.Flag,
        RequireFormatValidation = true,
    };

    private static readonly EvaluationOptions Thorough = new()
    {
        OutputFormat = OutputFormat.List,
        RequireFormatValidation = true,
    };

    private readonly ConcurrentDictionary<string, Lazy<JsonSchema>> _built = new(StringComparer.Ordinal);

    /// <summary>What is wrong with a body by the schema of that name, or null.</summary>
    public string? Check(string name, string body) => Check(new JsonObject { ["$ref"] = Prefix + name }, body);

    public string? Check(JsonObject schema, string body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException fault)
        {
            return $"it is no JSON: {fault.Message}";
        }

        using (document)
        {
            var built = _built.GetOrAdd(schema.ToJsonString(), key => new Lazy<JsonSchema>(() => Build(key))).Value;
            return built.Evaluate(document.RootElement, Quick).IsValid
                ? null
                : Explain(built.Evaluate(document.RootElement, Thorough));
        }
    }

    private static string Explain(EvaluationResults result)
    {
        var faults = (result.Details ?? [])
            .Where(detail => detail.Errors is { Count: > 0 })
            .SelectMany(detail =>
                detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Key}: {error.Value}")
            )
            .Distinct()
            .Take(8);
        return "by its schema: " + string.Join("; ", faults);
    }

    private JsonSchema Build(string text)
    {
        var root = JsonNode.Parse(text)!.AsObject();
        var definitions = new JsonObject();
        Gather(root, definitions);
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        root["$defs"] = definitions;
        return JsonSchema.FromText(root.ToJsonString());
    }

    /// <summary>Points references into the schema itself, and brings along what they point to.</summary>
    private void Gather(JsonNode? node, JsonObject definitions)
    {
        switch (node)
        {
            case JsonArray array:
                foreach (var item in array)
                {
                    Gather(item, definitions);
                }

                break;
            case JsonObject schema:
                if (schema["$ref"] is JsonValue reference && reference.GetValue<string>() is { } target)
                {
                    var name = target[(target.LastIndexOf('/') + 1)..];
                    schema["$ref"] = "#/$defs/" + name;
                    if (!definitions.ContainsKey(name))
                    {
                        definitions[name] = new JsonObject();
                        var definition = components[name]!.DeepClone();
                        Gather(definition, definitions);
                        definitions[name] = definition;
                    }
                }

                if (schema["properties"] is JsonObject && !schema.ContainsKey("additionalProperties"))
                {
                    schema["additionalProperties"] = false;
                }

                foreach (var (_, child) in schema.ToList())
                {
                    Gather(child, definitions);
                }

                break;
        }
    }
}
