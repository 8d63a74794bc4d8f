using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Gateway.Messages;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Gateway;

/// <summary>What the routes for programs have in common.</summary>
internal static class GatewayRoutes
{
    /// <summary>
    /// Not in the description of the API: their shape is OpenAI's, and their clients know it. They take what a question takes.
    /// </summary>
    public static RouteHandlerBuilder ForOpenAIClients(this RouteHandlerBuilder route, string name) =>
        route
            .WithName(name)
            .RequirePermission(Permission.Ask)
            .ExcludeFromDescription()
            // Bodies are read and judged by the routes themselves; the filter would look through each service on each call.
            .DisableValidation()
            .WithMetadata(new OpenAIErrorShape());

    /// <summary>The same for Anthropic's clients.</summary>
    public static RouteHandlerBuilder ForAnthropicClients(this RouteHandlerBuilder route, string name) =>
        route
            .WithName(name)
            .RequirePermission(Permission.Ask)
            .ExcludeFromDescription()
            .DisableValidation()
            .WithMetadata(new AnthropicErrorShape());

    /// <summary>A stream that breaks off is no answer to be given again, though its status said success.</summary>
    public static void BrokeOff(this HttpContext http)
    {
        if (http.Features.Get<IdempotentAttempt>() is { } attempt)
        {
            attempt.IsWorthKeeping = false;
        }
    }

    private sealed class AnthropicErrorShape : IErrorShape
    {
        public string Type => "error";

        public object Of(ProblemDetails problem) =>
            new
            {
                type = AnthropicError.TypeOf(problem.Status ?? 500),
                message = $"{problem.Title}. {problem.Detail}",
                code = problem.Extensions["code"],
            };
    }

    private sealed class OpenAIErrorShape : IErrorShape
    {
        public object Of(ProblemDetails problem) =>
            new
            {
                message = $"{problem.Title}. {problem.Detail}",
                type = problem.Status switch
                {
                    StatusCodes.Status401Unauthorized => "authentication_error",
                    StatusCodes.Status403Forbidden => "permission_error",
                    StatusCodes.Status429TooManyRequests => OpenAIError.TypeOfTooMuch(problem),
                    >= 500 => "api_error",
                    _ => "invalid_request_error",
                },
                param = (string?)null,
                code = problem.Extensions["code"],
            };
    }
}
