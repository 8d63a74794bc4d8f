using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>
/// Brings the framework's schemas to what really travels: numbers are numbers, what may be absent is not required, the
/// limits that stand on the parameters of records count, closed sets of values are enumerations.
/// </summary>
internal static partial class SchemaShapes
{
    /// <summary>Marks an enumeration that gets a name of its own once the document is whole.</summary>
    public const string NameMark = "x-enumeration";

    public static Task ApplyAsync(
        OpenApiSchema schema,
        OpenApiSchemaTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        ProblemSchemas.Apply(schema, context.JsonTypeInfo.Type);
        OnlyNumbers(schema);
        NamesAreText(schema);
        OthersJsonIsObject(schema, context.JsonTypeInfo.Type);
        foreach (var attribute in AttributesOf(context))
        {
            Limit(schema, attribute);
        }

        return Task.CompletedTask;
    }

    /// <summary>The framework would read "5" as well as 5; clients are told of one way only.</summary>
    private static void OnlyNumbers(OpenApiSchema schema)
    {
        const JsonSchemaType numbers = JsonSchemaType.Integer | JsonSchemaType.Number;
        if (schema.Type is { } type && (type & numbers) != 0)
        {
            schema.Type = type & ~JsonSchemaType.String;
            schema.Pattern = null;
        }
    }

    /// <summary>The framework does not say of what type the names of an enumeration are, and generated clients then read numbers.</summary>
    private static void NamesAreText(OpenApiSchema schema)
    {
        if (schema is { Type: null, Enum.Count: > 0 })
        {
            schema.Type = JsonSchemaType.String;
        }
    }

    /// <summary>What another standard describes (a passkey's ceremony) travels as its object, whatever is in it.</summary>
    private static void OthersJsonIsObject(OpenApiSchema schema, Type type)
    {
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement))
        {
            schema.Type = JsonSchemaType.Object;
        }
    }

    /// <summary>Of a property of a body, or of a parameter of a route.</summary>
    private static IEnumerable<object> AttributesOf(OpenApiSchemaTransformerContext context)
    {
        var property = context.JsonPropertyInfo;
        IEnumerable<ICustomAttributeProvider?> providers = property is null
            ?
            [
                (
                    context.ParameterDescription?.ParameterDescriptor
                    as Microsoft.AspNetCore.Mvc.Infrastructure.IParameterInfoParameterDescriptor
                )?.ParameterInfo,
            ]
            : [property.AttributeProvider, property.AssociatedParameter?.AttributeProvider];
        return providers.OfType<ICustomAttributeProvider>().SelectMany(provider => provider.GetCustomAttributes(true));
    }

    private static void Limit(OpenApiSchema schema, object attribute)
    {
        switch (attribute)
        {
            case StringLengthAttribute length:
                schema.MaxLength = length.MaximumLength;
                schema.MinLength = length.MinimumLength > 0 ? length.MinimumLength : schema.MinLength;
                break;
            case MaxLengthAttribute most when schema.Type?.HasFlag(JsonSchemaType.Array) == true:
                schema.MaxItems = most.Length;
                break;
            case MinLengthAttribute least when schema.Type?.HasFlag(JsonSchemaType.Array) == true:
                schema.MinItems = least.Length;
                break;
            case MaxLengthAttribute most:
                schema.MaxLength = most.Length;
                break;
            case MinLengthAttribute least:
                schema.MinLength = least.Length;
                break;
            case RangeAttribute range:
                schema.Minimum = Convert.ToString(range.Minimum, CultureInfo.InvariantCulture);
                schema.Maximum = Convert.ToString(range.Maximum, CultureInfo.InvariantCulture);
                break;
            case RegularExpressionAttribute expression when Alternatives().IsMatch(expression.Pattern):
                schema.Pattern = null;
                schema.Enum = [.. expression.Pattern[2..^2].Split('|').Select(value => (JsonNode)value)];
                break;
            case RegularExpressionAttribute expression:
                schema.Pattern = expression.Pattern;
                break;
            case BooleanOrAttribute other:
                schema.AnyOf =
                [
                    new OpenApiSchema { Type = JsonSchemaType.Boolean },
                    new OpenApiSchema { Type = JsonSchemaType.String, Enum = [other.Word] },
                    new OpenApiSchema { Type = JsonSchemaType.Null },
                ];
                break;
            case TextOrListAttribute either:
                schema.AnyOf =
                [
                    new OpenApiSchema
                    {
                        Type = JsonSchemaType.Array,
                        Items = new OpenApiSchema
                        {
                            Type = either.Items == "number" ? JsonSchemaType.Number : JsonSchemaType.String,
                            Format = either.Items == "number" ? "float" : null,
                        },
                        MinItems = 1,
                        MaxItems = either.Most > 0 ? either.Most : null,
                    },
                    new OpenApiSchema { Type = JsonSchemaType.String },
                ];
                break;
            case OneOfAttribute closed:
                schema.Enum = [.. closed.Values.Select(value => (JsonNode)value)];
                schema.Extensions ??= new Dictionary<string, IOpenApiExtension>();
                schema.Extensions[NameMark] = new JsonNodeExtension(closed.Name);
                break;
        }
    }

    // ^(owner|admin|editor)$
    [GeneratedRegex(@"^\^\([\w-]+(?:\|[\w-]+)*\)\$$")]
    private static partial Regex Alternatives();
}
