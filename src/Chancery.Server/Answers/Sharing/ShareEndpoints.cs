using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Answers.Sharing;

/// <summary><c>/api/v1/shares</c>: conversations that somebody showed their colleagues, as they were.</summary>
public static class ShareEndpoints
{
    public sealed record ListResponse(IReadOnlyList<Share> Items, string? NextCursor);

    private static readonly RouteExample OneConversation = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "conversation" },
    };

    private static readonly RouteExample OneShare = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "share" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/api/v1")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);

        group
            .MapPost("/conversations/{id:guid}/shares", CreateAsync)
            .Audited("share.created")
            .WithName("ShareConversation")
            .TakesIdempotencyKey()
            .WithSummary("Let everybody in the organisation read a conversation as it is now, by a link")
            .WithExample(OneConversation);
        group
            .MapGet("/conversations/{id:guid}/shares", ListAsync)
            .WithName("ListShares")
            .WithSummary("The links to a conversation, the newest first")
            .WithExample(OneConversation);
        group
            .MapGet("/shares/{id:guid}", ReadAsync)
            .WithName("ReadShare")
            .WithSummary("Read a conversation that a colleague shared")
            .RequirePermission(Permission.DocumentsRead)
            .WithExample(OneShare with { ShowsContent = true });
        group
            .MapDelete("/shares/{id:guid}", RevokeAsync)
            .Audited("share.revoked")
            .WithName("RevokeShare")
            .WithSummary("Take the link to a conversation back")
            .WithExample(OneShare);
    }

    private static async Task<Results<Created<Share>, ProblemHttpResult>> CreateAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        ShareStore shares,
        CancellationToken cancellationToken
    )
    {
        if (
            await conversations.FindAsync(principal, id, cancellationToken) is not { } found
            || await shares.CreateAsync(principal, found, cancellationToken) is not { } share
        )
        {
            return Problem.NotFound("conversation");
        }

        return TypedResults.Created($"/api/v1/shares/{share.Id}", share);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        ShareStore shares,
        CancellationToken cancellationToken
    ) =>
        await conversations.FindAsync(principal, id, cancellationToken) is { } found
            ? TypedResults.Ok(new ListResponse(await shares.ListAsync(principal, found, cancellationToken), null))
            : Problem.NotFound("conversation");

    private static async Task<Results<Ok<SharedConversation>, ProblemHttpResult>> ReadAsync(
        Guid id,
        Principal principal,
        ShareStore shares,
        CancellationToken cancellationToken
    ) =>
        await shares.ReadAsync(principal, id, cancellationToken) is { } shared
            ? TypedResults.Ok(shared)
            : Problem.NotFound("shared conversation");

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        Guid id,
        Principal principal,
        ShareStore shares,
        CancellationToken cancellationToken
    ) =>
        await shares.RevokeAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("shared conversation");
}
