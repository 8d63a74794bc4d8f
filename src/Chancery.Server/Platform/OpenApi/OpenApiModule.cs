using Chancery.Server.Platform.Health;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>The description of the API, <c>/openapi/v1.json</c>: made from the routes themselves, complete enough to try them.</summary>
internal static class OpenApiModule
{
    private const string Introduction = """
        Documents of an organisation, search in them, and answers whose citations were checked.

        **Credentials.** A bearer token (from `POST /api/v1/auth/login`), an API key (as bearer, or in `X-API-Key`), or the
        page's own cookie. Each belongs to one organisation, and sees nothing of any other.

        **Errors** are problem documents (RFC 9457). Switch on `code`; another organisation's thing is answered exactly like
        a missing one. Any address may answer 500, and 503 while the database is away or the server stops.

        **Ids** are UUIDs, times are UTC in RFC 3339. What is absent is left out, never null; ignore members that you do not
        know. Lists come in pages: give `next_cursor` as `cursor` for the next one.

        **Again.** Routes that create or cost something take `Idempotency-Key`. Every answer carries `X-Request-Id`, yours or
        ours.
        """;

    private static readonly Dictionary<string, string> Topics = new()
    {
        ["Access"] = "Who you are and what you may do: sign-in, members, invitations, keys.",
        ["Answers"] = "Questions, answers with citations, conversations.",
        ["Compatibility"] = "The same things under the paths of older clients.",
        ["Health"] = "How the server is doing.",
        ["Knowledge"] = "Documents, their versions and text, collections, tags, search.",
    };

    public static void AddDescription(this IServiceCollection services) =>
        services.AddOpenApi(options =>
        {
            options.CreateSchemaReferenceId = SchemaNames.Of;
            options.AddSchemaTransformer(SchemaShapes.ApplyAsync);
            options.AddOperationTransformer(EventStreams.ApplyAsync);
            options.AddOperationTransformer(Operations.ApplyAsync);
            options.AddDocumentTransformer(Introduce);
            options.AddDocumentTransformer(Webhooks.ApplyAsync);
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
            Description = Introduction,
            License = new OpenApiLicense { Name = "Apache 2.0", Identifier = "Apache-2.0" },
        };
        // Wherever this server is reached, its routes stand beside its description.
        document.Servers = [new OpenApiServer { Url = "/" }];
        foreach (var (name, scheme) in SecuritySchemes.All)
        {
            document.AddComponent(name, scheme);
        }

        var used = document
            .Paths.Values.SelectMany(path => path.Operations ?? [])
            .SelectMany(method => method.Value.Tags ?? new HashSet<OpenApiTagReference>())
            .Select(tag => tag.Reference.Id!)
            .Distinct()
            .Order(StringComparer.Ordinal);
        document.Tags = new HashSet<OpenApiTag>(
            used.Select(name => new OpenApiTag
            {
                Name = name,
                Description = Topics.GetValueOrDefault(name, name + "."),
            })
        );
        return Task.CompletedTask;
    }
}
