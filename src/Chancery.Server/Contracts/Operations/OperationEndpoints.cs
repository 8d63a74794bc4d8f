using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Operations;

/// <summary>
/// <c>/api/v1/contract-operations</c>: drafts and changes that are being written, of whoever asked for them. Closing a stream does not end
/// one; <c>DELETE</c> does.
/// </summary>
internal static class OperationEndpoints
{
    /// <param name="Items">Newest first, at most 100.</param>
    public sealed record ListResponse(IReadOnlyList<ContractOperation> Items, string? NextCursor);

    private static readonly RouteExample One = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "contract_operation" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = ContractRoutes.Writable(routes, "/api/v1/contract-operations");
        group
            .MapGet("", ListAsync)
            .WithName("ListContractOperations")
            .WithSummary("What you asked for lately and what came of it")
            .WithExample(new RouteExample { ShowsContent = true });
        group
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetContractOperation")
            .WithSummary("Show how a draft or change gets on")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("/{id:guid}/events", WatchAsync)
            .WithCost(RouteCost.Free)
            .WithName("WatchContractOperation")
            .WithSummary("Watch a draft or change being written (server-sent events)")
            .WithDescription(
                "All that happened, and what happens. Each event has an id: a client that comes back with it as `Last-Event-ID` is told only what "
                    + "came after. Leaving does not end the work."
            )
            .WithExample(One)
            .WithEvents(OperationAnswer.Events)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group
            .MapDelete("/{id:guid}", CancelAsync)
            .Audited("contract.operation_cancelled")
            .WithName("CancelContractOperation")
            .WithSummary("End a draft or change that is being written, or forget one that has ended")
            .WithDescription(
                "Of one that is ended so the clauses that there were stay with it for a day; no contract comes of it."
            )
            .WithExample(One)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<ListResponse>> ListAsync(
        Principal principal,
        OperationStore operations,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 20
    ) =>
        TypedResults.Ok(
            new ListResponse(
                [.. (await operations.ListAsync(principal, limit, cancellationToken)).Select(row => row.ToOperation())],
                null
            )
        );

    private static async Task<Results<Ok<ContractOperation>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        ContractOperations operations,
        CancellationToken cancellationToken
    ) =>
        await operations.FindAsync(principal, id, cancellationToken) is { } operation
            ? TypedResults.Ok(operation)
            : Problem.NotFound("operation");

    private static async Task<Results<ServerSentEventsResult<object>, ProblemHttpResult>> WatchAsync(
        Guid id,
        Principal principal,
        HttpContext http,
        ContractOperations operations,
        OperationAnswer answer,
        Standing standing,
        StreamPlaces streams,
        [
            FromHeader(Name = "Last-Event-ID"),
            Description("The id of the last event that arrived; browsers send it by themselves.")
        ]
            string? lastEventId,
        CancellationToken cancellationToken
    )
    {
        if (await operations.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("operation");
        }

        if (await streams.EnterAsync(http, principal) is { } busy)
        {
            return busy;
        }

        http.Response.RegisterForDispose(standing.Guard(http, principal, Permission.ContractsWrite));
        http.Response.Headers["X-Accel-Buffering"] = "no";
        var after = int.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : 0;
        return TypedResults.ServerSentEvents(answer.StreamAsync(principal, id, after, cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CancelAsync(
        Guid id,
        Principal principal,
        ContractOperations operations,
        CancellationToken cancellationToken
    ) =>
        await operations.CancelAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("operation");
}
