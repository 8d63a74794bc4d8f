using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Answers.Conversations;

/// <summary><c>/api/v1/conversations</c>: a principal's own conversations, and nobody else's.</summary>
public static class ConversationEndpoints
{
    /// <summary>What one answer shows of a long conversation; the rest comes page by page.</summary>
    private const int NewestMessages = 100;

    public sealed record ListResponse(IReadOnlyList<Conversation> Items, string? NextCursor);

    /// <param name="Messages">The newest 100, oldest first.</param>
    /// <param name="EarlierCursor">For <c>GET …/messages</c>; left out when there are no earlier ones.</param>
    public sealed record ConversationResponse(
        Guid Id,
        string SessionId,
        string Title,
        DateTimeOffset CreatedAt,
        DateTimeOffset UpdatedAt,
        DateTimeOffset? ResetAt,
        IReadOnlyList<Message> Messages,
        string? EarlierCursor
    );

    /// <param name="Items">Oldest first.</param>
    /// <param name="NextCursor">Leads to earlier messages.</param>
    public sealed record MessagesResponse(IReadOnlyList<Message> Items, string? NextCursor);

    /// <summary>What a search may be.</summary>
    private const int MostWords = 200;

    /// <param name="Title">1 to 200 characters.</param>
    public sealed record RenameRequest([Required, StringLength(200, MinimumLength = 1)] string Title);

    private static readonly RouteExample OneConversation = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "conversation" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/api/v1/conversations")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

        group
            .MapGet("/", ListAsync)
            .WithName("ListConversations")
            .WithDescription("Yours only: colleagues do not see each other's questions.")
            .WithSummary("List your conversations, or those that hold some words, the newest first")
            .WithExample(new RouteExample { Query = "limit=10", ShowsContent = true })
            .ProducesValidationProblem();
        group
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetConversation")
            .WithDescription("With its newest 100 messages, oldest first.")
            .WithSummary("Read a conversation and its newest messages")
            .WithExample(OneConversation with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapGet("/{id:guid}/messages", MessagesAsync)
            .WithName("ListMessages")
            .WithDescription("From the newest back; each page is oldest first.")
            .WithSummary("Page back through a conversation's messages")
            .WithExample(OneConversation with { Query = "limit=10", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPatch("/{id:guid}", RenameAsync)
            .Audited("conversation.renamed")
            .WithName("RenameConversation")
            .WithDescription("The title is the first question until it is renamed.")
            .WithSummary("Rename a conversation")
            .WithExample(OneConversation with { Body = """{"title":"Notice periods"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("conversation.deleted")
            .WithName("DeleteConversation")
            .WithDescription("It is gone from your list at once.")
            .WithSummary("Delete a conversation")
            .WithExample(OneConversation)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("/{id:guid}/restore", RestoreAsync)
            .Audited("conversation.restored")
            .WithName("RestoreConversation")
            .WithSummary("Take the deletion of a conversation back")
            .WithExample(OneConversation)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("/{id:guid}/reset", ResetAsync)
            .Audited("conversation.reset")
            .WithName("ResetConversation")
            .WithDescription("Earlier messages stay to be read, and no later question is answered with them in mind.")
            .WithSummary("Make a conversation forget what was said so far")
            .WithExample(OneConversation)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 50,
        string? cursor = null,
        [StringLength(MostWords), Description("Only conversations in which this stands.")] string? q = null
    )
    {
        if (!Cursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Take it from next_cursor of the page before.");
        }

        // One more than asked tells whether there is another page.
        var words = string.IsNullOrWhiteSpace(q) ? null : q.Trim();
        var found = await conversations.ListAsync(principal, words, after, limit + 1, cancellationToken);
        var page = found.Take(limit).ToList();
        var next = found.Count > limit ? new Cursor(page[^1].UpdatedAt, page[^1].Id).ToString() : null;
        return TypedResults.Ok(new ListResponse(page, next));
    }

    private static async Task<Results<Ok<ConversationResponse>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    )
    {
        if (await conversations.FindAsync(principal, id, cancellationToken) is not { } found)
        {
            return Problem.NotFound("conversation");
        }

        var (messages, earlier) = await PageAsync(
            principal,
            found,
            conversations,
            null,
            NewestMessages,
            cancellationToken
        );
        return TypedResults.Ok(
            new ConversationResponse(
                found.Id,
                found.SessionId,
                found.Title,
                found.CreatedAt,
                found.UpdatedAt,
                found.ResetAt,
                messages,
                earlier
            )
        );
    }

    private static async Task<Results<Ok<MessagesResponse>, ProblemHttpResult>> MessagesAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 50,
        Guid? cursor = null
    )
    {
        if (await conversations.FindAsync(principal, id, cancellationToken) is not { } found)
        {
            return Problem.NotFound("conversation");
        }

        var (messages, earlier) = await PageAsync(principal, found, conversations, cursor, limit, cancellationToken);
        return TypedResults.Ok(new MessagesResponse(messages, earlier));
    }

    private static async Task<(IReadOnlyList<Message> Messages, string? Earlier)> PageAsync(
        Principal principal,
        Conversation conversation,
        ConversationStore conversations,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var found = await conversations.MessagesAsync(principal, conversation, before, limit + 1, cancellationToken);
        return found.Count > limit ? ([.. found.Skip(1)], found[1].Id.ToString()) : (found, null);
    }

    private static async Task<Results<Ok<Conversation>, ProblemHttpResult>> RenameAsync(
        Guid id,
        RenameRequest request,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(request.Title))
        {
            return Problem.Invalid("title", "Give it at least one character that can be seen.");
        }

        await conversations.RenameAsync(principal, id, request.Title.Trim(), cancellationToken);
        return await FoundAsync(id, principal, conversations, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    ) =>
        await conversations.DeleteAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("conversation");

    private static async Task<Results<Ok<Conversation>, ProblemHttpResult>> RestoreAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    )
    {
        // One that is there already is what the caller wants.
        await conversations.RestoreAsync(principal, id, cancellationToken);
        return await FoundAsync(id, principal, conversations, cancellationToken);
    }

    private static async Task<Results<Ok<Conversation>, ProblemHttpResult>> ResetAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    )
    {
        await conversations.ResetAsync(principal, id, cancellationToken);
        return await FoundAsync(id, principal, conversations, cancellationToken);
    }

    private static async Task<Results<Ok<Conversation>, ProblemHttpResult>> FoundAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        CancellationToken cancellationToken
    ) =>
        await conversations.FindAsync(principal, id, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Problem.NotFound("conversation");
}
