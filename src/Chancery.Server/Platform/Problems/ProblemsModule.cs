using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Platform.Problems;

internal static class ProblemsModule
{
    public static IServiceCollection AddProblems(this IServiceCollection services) =>
        services
            .AddExceptionHandler<FaultHandler>()
            // Else the framework answers in every environment but Development by itself, and does not say where it is wrong.
            .Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true)
            .AddProblemDetails(options => options.CustomizeProblemDetails = Complete)
            .AddSingleton<IProblemDetailsWriter, AnyAcceptWriter>();

    public static void UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(
            new ExceptionHandlerOptions
            {
                // .NET 10 logs nothing once an IExceptionHandler answers. Only the caller's own mistakes stay silent.
                SuppressDiagnosticsCallback = fault =>
                    fault.Exception is BadHttpRequestException
                    || fault.HttpContext.RequestAborted.IsCancellationRequested,
            }
        );
        // People are shown pages; programs get a problem document, whatever path they came by.
        app.UseWhen(
            context => !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal),
            api => api.UseStatusCodePages()
        );
    }

    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        if (problem.Type?.StartsWith(Problem.TypePrefix, StringComparison.Ordinal) != true)
        {
            Adopt(problem, context.HttpContext);
        }

        if (problem is HttpValidationProblemDetails validation)
        {
            validation.Errors = validation.Errors.ToDictionary(error => JsonName(error.Key), error => error.Value);
        }

        var code = problem.Type![Problem.TypePrefix.Length..];
        problem.Extensions["code"] = code;
        context.HttpContext.Features.Set(new AnsweredProblem(code));
        // The framework writes its own under the naming policy of bodies; in problems the name is the one everybody uses.
        problem.Extensions.Remove("trace_id");
        problem.Extensions["traceId"] = FaultHandler.TraceIdOf(context.HttpContext);
        // After a fault the route is known only from it.
        var route =
            context.HttpContext.GetEndpoint() ?? context.HttpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (route?.Metadata.GetMetadata<IErrorShape>() is { } shape)
        {
            problem.Extensions["error"] = shape.Of(problem);
            problem.Type = shape.Type ?? problem.Type;
        }
    }

    /// <summary>The framework's own problems (validation, 404 without a route, 405, 415) in our words.</summary>
    private static void Adopt(ProblemDetails problem, HttpContext http)
    {
        var status = http.Response.StatusCode;
        var ours = status switch
        {
            400 when problem is HttpValidationProblemDetails => Problem.Invalid(new Dictionary<string, string[]>()),
            400 => Problem.Malformed(UnreadableRequest.DescribeParameter(http) ?? "See /openapi/v1.json."),
            401 => Problem.Unauthenticated(),
            403 => Problem.Of(403, "forbidden", "Your role does not allow this", "Ask an admin of your organisation."),
            404 => Problem.Of(404, "no-route", "There is nothing at this address", "See /openapi/v1.json."),
            405 => Problem.Of(405, "method-not-allowed", "This address takes another method", "See /openapi/v1.json."),
            413 => Problem.Of(413, "too-large", "The request is too large", "Send less at once."),
            415 => Problem.MediaTypeNotTaken(),
            >= 500 => Problem.Of(status, "internal", "Something went wrong here", "Try again in a moment."),
            _ => Problem.Of(status, "malformed", "The request cannot be read", "See /openapi/v1.json."),
        };
        problem.Status = status;
        problem.Type = ours.ProblemDetails.Type;
        problem.Title = ours.ProblemDetails.Title;
        problem.Detail = ours.ProblemDetails.Detail;
    }

    /// <summary>Validation reports C# names ("SessionId"); clients know the JSON ones ("session_id").</summary>
    private static string JsonName(string member) =>
        string.Join('.', member.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));
}

/// <summary>The problem that a request is answered with, for whoever notes how requests ended.</summary>
internal sealed record AnsweredProblem(string Code);
