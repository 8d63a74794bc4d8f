using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>Adds to each route what all routes of its kind have in common.</summary>
internal static class Operations
{
    private const string AnyBytes = "application/octet-stream";

    public static Task ApplyAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        ServeAnyFile(operation);
        return Task.CompletedTask;
    }

    /// <summary>A file is answered as what it is; a route can declare no such thing.</summary>
    private static void ServeAnyFile(OpenApiOperation operation)
    {
        foreach (var response in operation.Responses?.Values.OfType<OpenApiResponse>() ?? [])
        {
            if (response.Content?.Remove(AnyBytes) == true)
            {
                response.Content["*/*"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                };
            }
        }
    }
}
