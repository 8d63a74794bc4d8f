using System.Globalization;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Gateway;

/// <summary>An error in the shape that OpenAI's clients read: <c>{"error": {"message", "type", "param", "code"}}</c>.</summary>
/// <param name="Status">Of the answer, where nothing was sent yet.</param>
/// <param name="Type">OpenAI's word for its kind.</param>
/// <param name="Code">What programs switch on.</param>
/// <param name="Message">For people: what to do next.</param>
/// <param name="Parameter">The member of the request at fault; null where it is none.</param>
internal sealed record OpenAIError(int Status, string Type, string Code, string Message, string? Parameter = null)
{
    private const string BudgetType = $"{Problem.TypePrefix}budget-exhausted";
    private const string QuotaType = $"{Problem.TypePrefix}quota-exceeded";

    public TimeSpan? RetryAfter { get; init; }

    public static OpenAIError Invalid(string parameter, string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", "invalid_value", message, parameter);

    public static OpenAIError Malformed(string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", "malformed", message);

    public static OpenAIError NoSuchModel(string message) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", "model_not_found", message, "model");

    /// <summary>There is one, but the organisation does not allow it.</summary>
    public static OpenAIError ModelNotAllowed(string message) =>
        new(StatusCodes.Status403Forbidden, "invalid_request_error", "model_not_allowed", message, "model");

    /// <summary>A problem of the rest of the product, in this shape; of several wrong members the first is named.</summary>
    public static OpenAIError Of(ProblemDetails problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var (parameter, why) = (problem as HttpValidationProblemDetails)?.Errors.FirstOrDefault() ?? default;
        return new OpenAIError(
            problem.Status ?? StatusCodes.Status502BadGateway,
            problem.Status switch
            {
                StatusCodes.Status429TooManyRequests => TypeOfTooMuch(problem),
                >= 500 => "api_error",
                _ => "invalid_request_error",
            },
            problem.Type![Problem.TypePrefix.Length..].Replace('-', '_'),
            why?.FirstOrDefault() ?? problem.Detail ?? problem.Title ?? "",
            parameter
        );
    }

    /// <summary>Of a 429: clients try again after a while, except where there is nothing left until the next month.</summary>
    public static string TypeOfTooMuch(ProblemDetails problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        return problem.Type is BudgetType or QuotaType ? "insufficient_quota" : "rate_limit_error";
    }

    /// <summary>Why no model answered.</summary>
    public static OpenAIError Of(RoutingFailure failure) =>
        failure.Kind switch
        {
            RoutingFailureKind.Client => new OpenAIError(
                failure.Cause?.Status is { } status and >= 400 and < 500 ? status : StatusCodes.Status400BadRequest,
                "invalid_request_error",
                failure.Cause?.ProviderCode ?? "refused_by_provider",
                "The provider refused the request: check the parameters and the model's abilities."
            ),
            RoutingFailureKind.TooLong => new OpenAIError(
                StatusCodes.Status400BadRequest,
                "invalid_request_error",
                "context_length_exceeded",
                "The request does not fit into the window of any model of the chain: shorten it.",
                "messages"
            ),
            RoutingFailureKind.Policy => new OpenAIError(
                StatusCodes.Status400BadRequest,
                "invalid_request_error",
                "content_filter",
                "The provider's content filter refused the request."
            ),
            RoutingFailureKind.RateLimited => new OpenAIError(
                StatusCodes.Status429TooManyRequests,
                "rate_limit_error",
                "provider_rate_limit",
                "The providers have too many requests. Try again after Retry-After."
            )
            {
                RetryAfter = failure.RetryAfter ?? TimeSpan.FromSeconds(5),
            },
            RoutingFailureKind.CredentialRefused => new OpenAIError(
                StatusCodes.Status502BadGateway,
                "api_error",
                "provider_credential_refused",
                "The provider does not take the installation's key. Ask the operator to check it."
            ),
            RoutingFailureKind.AllOpen => new OpenAIError(
                StatusCodes.Status503ServiceUnavailable,
                "api_error",
                "providers_unavailable",
                "All models of the chain failed and are left alone for a while. Try again after Retry-After."
            )
            {
                RetryAfter = failure.RetryAfter ?? TimeSpan.FromSeconds(30),
            },
            RoutingFailureKind.TimedOut => new OpenAIError(
                StatusCodes.Status504GatewayTimeout,
                "api_error",
                "provider_timeout",
                "The model took too long. Try again, or ask for less."
            ),
            RoutingFailureKind.Unpriced => new OpenAIError(
                StatusCodes.Status403Forbidden,
                "invalid_request_error",
                "model_unpriced",
                "What the model costs is not known, and there is a budget to be kept. Ask the operator to price it.",
                "model"
            ),
            _ => new OpenAIError(
                StatusCodes.Status502BadGateway,
                "api_error",
                "provider_failed",
                "No model gave a complete answer. Try again in a moment."
            )
            {
                RetryAfter = failure.RetryAfter,
            },
        };

    /// <summary>In the middle of a stream: what came is no answer.</summary>
    public static OpenAIError BrokeOff(ModelException fault) =>
        new(
            StatusCodes.Status502BadGateway,
            "api_error",
            fault.InnerException is TimeoutException ? "provider_timeout" : "provider_broke_off",
            "The model broke off. What came so far is not a complete answer: ask again."
        );

    /// <summary>The time of a server that stops is over; what came so far is no answer.</summary>
    public static OpenAIError Stopping { get; } =
        new(
            StatusCodes.Status503ServiceUnavailable,
            "api_error",
            "shutting_down",
            "The server is stopping. Ask again in a moment."
        )
        {
            RetryAfter = TimeSpan.FromSeconds(5),
        };

    public static OpenAIError OverBudget(BudgetRefusal refusal, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return Of(BudgetProblem.Of(refusal).ProblemDetails) with
        {
            RetryAfter = refusal.ResetsAt > now ? refusal.ResetsAt - now : null,
        };
    }

    public static OpenAIError Uncounted { get; } =
        new(
            StatusCodes.Status503ServiceUnavailable,
            "api_error",
            "usage_unavailable",
            "What calls cost cannot be counted just now, so that none is made. Try again in a moment."
        )
        {
            RetryAfter = TimeSpan.FromSeconds(5),
        };

    public async Task WriteAsync(HttpContext context)
    {
        Begin(context.Response);
        await context.Response.Body.WriteAsync(ToJson(context.TraceIdentifier), context.RequestAborted);
    }

    /// <summary>Status and headers, whatever the shape of the body.</summary>
    public void Begin(HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.StatusCode = Status;
        response.ContentType = "application/json";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <param name="requestId">To find the call by.</param>
    public byte[] ToJson(string requestId) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                error = new
                {
                    message = Message,
                    type = Type,
                    param = Parameter,
                    code = Code,
                    request_id = requestId,
                },
            }
        );
}
