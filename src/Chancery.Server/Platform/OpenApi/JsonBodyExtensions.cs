using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

internal static class JsonBodyExtensions
{
    /// <summary>
    /// Describes a body that the route reads itself. In the description only: what a route accepts by metadata decides,
    /// too, which route answers.
    /// </summary>
    public static RouteHandlerBuilder WithJsonBody<TBody>(this RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer(
            static async (operation, context, cancellationToken) =>
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["application/json"] = new()
                        {
                            Schema = await context.GetOrCreateSchemaAsync(typeof(TBody), null, cancellationToken),
                        },
                    },
                }
        );
}
