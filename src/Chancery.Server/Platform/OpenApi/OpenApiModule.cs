using Chancery.Server.Platform.Health;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>The description of the API, <c>/openapi/v1.json</c>: made from the routes themselves, complete enough to try them.</summary>
internal static class OpenApiModule
{
    public static void AddDescription(this IServiceCollection services) =>
        services.AddOpenApi(options =>
        {
            options.CreateSchemaReferenceId = SchemaNames.Of;
            options.AddSchemaTransformer(SchemaShapes.ApplyAsync);
            options.AddOperationTransformer(EventStreams.ApplyAsync);
            options.AddOperationTransformer(Operations.ApplyAsync);
            options.AddDocumentTransformer(Introduce);
            options.AddDocumentTransformer(FinishedSchemas.ApplyAsync);
        });

    public static void MapDescription(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/v1.json");

    private static Task Introduce(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        document.Info = new OpenApiInfo
        {
            Title = "Chancery",
            Version = HealthEndpoints.Version,
            Description = "Documents, search, and answers with checked citations.",
        };
        // Wherever this server is reached, its routes stand beside its description.
        document.Servers = [new OpenApiServer { Url = "/" }];
        return Task.CompletedTask;
    }
}
