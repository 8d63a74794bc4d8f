using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;
using NJsonSchema.CodeGeneration;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace Chancery.Server.Tests.Contract;

/// <summary>Makes the C# client from the description of the API.</summary>
internal static partial class ClientGenerator
{
    private const string Events = "text/event-stream";

    public static async Task<string> MakeAsync(string description)
    {
        var document = await OpenApiDocument.FromJsonAsync(Prepare(description));
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "ChanceryClient",
            ExceptionClass = "ChanceryException",
            GenerateExceptionClasses = false,
            GenerateOptionalParameters = true,
            InjectHttpClient = true,
            DisposeHttpClient = false,
            UseBaseUrl = false,
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            ParameterNameGenerator = new ParameterNames(),
            CSharpGeneratorSettings =
            {
                Namespace = "Chancery.Client",
                JsonLibrary = CSharpJsonLibrary.SystemTextJson,
                ClassStyle = CSharpClassStyle.Poco,
                GenerateNativeRecords = true,
                GenerateDataAnnotations = false,
                GenerateNullableReferenceTypes = true,
                GenerateOptionalPropertiesAsNullable = true,
                UseRequiredKeyword = true,
                GenerateDefaultValues = false,
                PropertyNameGenerator = new PropertyNames(),
                ArrayType = "System.Collections.Generic.IReadOnlyList",
                ArrayInstanceType = "System.Collections.Generic.List",
                ArrayBaseType = "System.Collections.Generic.List",
                DictionaryType = "System.Collections.Generic.IReadOnlyDictionary",
            },
        };
        return Finish(new CSharpClientGenerator(document, settings).GenerateFile());
    }

    /// <summary>What a form may leave out may be null.</summary>
    private static void Arrange(JsonNode operation)
    {
        var form = operation["requestBody"]?["content"]?["multipart/form-data"]?["schema"];
        var required = form?["required"]?.AsArray().Select(name => name!.GetValue<string>()).ToHashSet() ?? [];
        foreach (var (name, part) in form?["properties"]?.AsObject().ToList() ?? [])
        {
            if (!required.Contains(name))
            {
                part!["type"] = new JsonArray(part["type"]!.DeepClone(), "null");
            }
        }
    }

    /// <summary>
    /// Leaves out what is there for older clients and what only streams, which is written by hand. True, false or a word
    /// is true or false to a client that asks for one or the other by the method it calls; a list or one text is a list.
    /// </summary>
    private static string Prepare(string description)
    {
        var document = JsonNode.Parse(description)!;
        foreach (var (_, path) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in path!.AsObject().ToList())
            {
                var answer = operation!["responses"]?["200"]?["content"]?.AsObject();
                if (
                    operation["deprecated"]?.GetValue<bool>() == true
                    || answer is { Count: 1 } && answer.ContainsKey(Events)
                )
                {
                    path.AsObject().Remove(method);
                }
                else
                {
                    answer?.Remove(Events);
                    Arrange(operation);
                }
            }
        }

        foreach (var (_, schema) in document["components"]!["schemas"]!.AsObject())
        {
            foreach (var (name, property) in schema!["properties"]?.AsObject().ToList() ?? [])
            {
                if (property!["anyOf"] is JsonArray either)
                {
                    var list = either.FirstOrDefault(one => one!["type"]?.ToString() == "array");
                    schema["properties"]![name] =
                        list?.DeepClone() ?? new JsonObject { ["type"] = new JsonArray("boolean", "null") };
                }
            }
        }

        return document.ToJsonString();
    }

    /// <summary>System.Text.Json has its own attribute for the names of enumeration members; ids sort by time.</summary>
    private static string Finish(string code) =>
        KeyBeforeOthers()
            .Replace(
                EnumMember()
                    .Replace(
                        code.ReplaceLineEndings("\n"),
                        "$0\n        [System.Text.Json.Serialization.JsonStringEnumMemberName($1)]"
                    ),
                "$2$1$3"
            )
            .Replace("Guid.NewGuid()", "Guid.CreateVersion7()", StringComparison.Ordinal);

    // The key is the least of a call: it goes to the end.
    [GeneratedRegex(@"(string\? idempotencyKey = null, )(.*?)(System\.Threading\.CancellationToken cancellationToken)")]
    private static partial Regex KeyBeforeOthers();

    [GeneratedRegex(@"\[System\.Runtime\.Serialization\.EnumMember\(Value = @(""[^""]*"")\)\]")]
    private static partial Regex EnumMember();

    private static string Pascal(string name) =>
        string.Concat(name.Split('_', '-').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    private sealed class PropertyNames : IPropertyNameGenerator
    {
        public string Generate(JsonSchemaProperty property) => Pascal(property.Name);
    }

    private sealed class ParameterNames : IParameterNameGenerator
    {
        public string Generate(OpenApiParameter parameter, IEnumerable<OpenApiParameter> allParameters) =>
            JsonNamingPolicy.CamelCase.ConvertName(Pascal(parameter.Name));
    }
}
