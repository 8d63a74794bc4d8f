using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>Problem documents as they travel: with a code and a trace id, which the framework's types do not show.</summary>
internal static class ProblemSchemas
{
    public static void Apply(OpenApiSchema schema, Type type)
    {
        if (!typeof(ProblemDetails).IsAssignableFrom(type))
        {
            return;
        }

        schema.Description = "What went wrong, and what to do next (RFC 9457). Clients switch on `code`.";
        schema.Required = new HashSet<string> { "type", "title", "status", "code", "traceId" };
        var properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text($"`{Problem.TypePrefix}` and the code."),
            ["title"] = Text("The same for every problem of this code."),
            ["status"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int32",
                Description = "The status of the answer.",
            },
            ["detail"] = Text("This case, and what to do next."),
            ["code"] = Text("What clients switch on; all are explained in docs/problems.md."),
            ["traceId"] = Text("Under which the operator finds this request in the logs."),
        };
        if (typeof(HttpValidationProblemDetails).IsAssignableFrom(type))
        {
            properties["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Field → what it takes.",
                AdditionalProperties = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            };
        }

        schema.Properties = properties;
    }

    private static OpenApiSchema Text(string description) =>
        new() { Type = JsonSchemaType.String, Description = description };
}
