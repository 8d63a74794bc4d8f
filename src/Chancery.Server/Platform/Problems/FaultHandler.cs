using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Chancery.Server.Platform.Problems;

/// <summary>Turns faults into problem documents, in one place and without their text.</summary>
internal sealed class FaultHandler : IExceptionHandler
{
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }

        await ProblemOf(exception).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>What a fault is told as.</summary>
    internal static ProblemHttpResult ProblemOf(Exception exception) =>
        exception switch
        {
            BadHttpRequestException { StatusCode: 413 } => Problem.Of(
                413,
                "too-large",
                "The request is too large",
                "Send less at once."
            ),
            BadHttpRequestException { StatusCode: 415 } => Problem.MediaTypeNotTaken(),
            BadHttpRequestException bad => Problem.Of(
                bad.StatusCode,
                "malformed",
                "The request cannot be read",
                UnreadableRequest.Describe(bad)
            ),
            // The serializer's way to say that an object does not tell which of several forms it has; it names the place.
            NotSupportedException unread when unread.Message.Contains(" | LineNumber: ", StringComparison.Ordinal) =>
                Problem.Malformed("An object in it does not say of what kind it is: see the description of the route."),
            NpgsqlException { IsTransient: true } or TimeoutException => Problem.Unavailable(
                "The database does not answer. Nothing was changed; try again in a moment."
            ),
            // A NUL character: JSON and addresses can carry one, PostgreSQL's text cannot.
            PostgresException
            {
                SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter
            } => Problem.Of(
                400,
                "malformed",
                "The request cannot be read",
                "A text in it holds a character that cannot be stored, such as NUL. Leave it out."
            ),
            PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => Problem.Unavailable(
                "The database took too long. Nothing was changed; try again in a moment."
            ),
            NpgsqlException { InnerException: System.Net.Sockets.SocketException or IOException } =>
                Problem.Unavailable("The database does not answer. Nothing was changed; try again in a moment."),
            _ => Problem.Of(
                500,
                "internal",
                "Something went wrong here",
                "It is not your fault. Try again; if it stays, give the operator this traceId."
            ),
        };

    /// <summary>The id under which this request is found in logs and traces.</summary>
    public static string TraceIdOf(HttpContext context) =>
        Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}
