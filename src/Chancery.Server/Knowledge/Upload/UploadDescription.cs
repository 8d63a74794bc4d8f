using Microsoft.OpenApi;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>
/// Describes the upload form in OpenAPI only: what a route accepts by metadata also decides which route answers, and the
/// wrong content type has to reach ours to be told what is right.
/// </summary>
internal static class UploadDescription
{
    public static RouteHandlerBuilder DescribesUpload(this RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer(
            static (operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["multipart/form-data"] = new() { Schema = Form() },
                    },
                };
                return Task.CompletedTask;
            }
        );

    private static OpenApiSchema Form() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "file" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["tags"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Separated by commas." },
                ["collection_id"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                ["process"] = new OpenApiSchema { Type = JsonSchemaType.Boolean, Description = "False: store only." },
            },
        };
}
