using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>A call that this server makes, to an address that an organisation chose.</summary>
/// <param name="Name">The <c>type</c> in its body.</param>
/// <param name="Summary">When it is made.</param>
/// <param name="Body">What it says.</param>
internal sealed record Webhook(string Name, string Summary, Type Body);

/// <summary>How capabilities say which calls they make, and how the description tells of them.</summary>
internal static class Webhooks
{
    public static IServiceCollection AddWebhook<TBody>(this IServiceCollection services, string name, string summary) =>
        services.AddSingleton(new Webhook(name, summary, typeof(TBody)));

    public static async Task ApplyAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        document.Webhooks ??= new Dictionary<string, IOpenApiPathItem>();
        foreach (
            var webhook in context
                .ApplicationServices.GetServices<Webhook>()
                .OrderBy(one => one.Name, StringComparer.Ordinal)
        )
        {
            var body = webhook.Body.Name;
            if (document.Components?.Schemas?.ContainsKey(body) != true)
            {
                document.AddComponent(
                    body,
                    await context.GetOrCreateSchemaAsync(webhook.Body, null, cancellationToken)
                );
            }

            document.Webhooks[webhook.Name] = new OpenApiPathItem
            {
                Operations = new Dictionary<HttpMethod, OpenApiOperation>
                {
                    [HttpMethod.Post] = new()
                    {
                        Summary = webhook.Summary,
                        RequestBody = new OpenApiRequestBody
                        {
                            Required = true,
                            Content = new Dictionary<string, OpenApiMediaType>
                            {
                                ["application/json"] = new OpenApiMediaType
                                {
                                    Schema = new OpenApiSchemaReference(body, document),
                                },
                            },
                        },
                        Responses = new OpenApiResponses
                        {
                            ["2XX"] = new OpenApiResponse
                            {
                                Description = "It was received. Anything else, and it is sent again.",
                            },
                        },
                    },
                },
            };
        }
    }
}
