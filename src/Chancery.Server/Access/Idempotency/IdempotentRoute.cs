using Microsoft.OpenApi;

namespace Chancery.Server.Access.Idempotency;

/// <summary>Marks a route that takes <c>Idempotency-Key</c>: it creates something, or costs something.</summary>
internal sealed record IdempotentRoute;

public static class IdempotentRouteExtensions
{
    public const string Header = "Idempotency-Key";

    /// <summary>On an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>
    /// The same key with the same body is answered the same for 24 hours, without doing it again. Only what succeeded is
    /// remembered: a refused or failed attempt frees its key.
    /// </summary>
    public static RouteHandlerBuilder TakesIdempotencyKey(this RouteHandlerBuilder route) =>
        route
            .WithMetadata(new IdempotentRoute())
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .AddOpenApiOperationTransformer(
                static (operation, _, _) =>
                {
                    operation.Parameters ??= [];
                    operation.Parameters.Add(
                        new OpenApiParameter
                        {
                            Name = Header,
                            In = ParameterLocation.Header,
                            Description =
                                "Your own word for this call, 1 to 255 visible characters, such as a UUID. Sent again "
                                + $"within 24 hours with the same body it is answered as before, with `{ReplayedHeader}: "
                                + "true`, and nothing is done twice. Only successes are remembered.",
                            Schema = new OpenApiSchema
                            {
                                Type = JsonSchemaType.String,
                                MinLength = 1,
                                MaxLength = 255,
                                Pattern = "^[!-~]+$",
                            },
                        }
                    );
                    return Task.CompletedTask;
                }
            );
}
