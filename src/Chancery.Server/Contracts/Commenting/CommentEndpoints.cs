using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Commenting;

/// <summary><c>/api/v1/contracts/{id}/comments</c>: what people say of clauses; whoever may read a contract may comment on it.</summary>
internal static class CommentEndpoints
{
    private const int MostText = 4000;
    private const int MostMentions = 50;

    /// <param name="Items">In the order in which they were written.</param>
    public sealed record ListResponse(IReadOnlyList<ContractComment> Items, string? NextCursor);

    /// <param name="ClauseId">Left out: on the contract as a whole.</param>
    /// <param name="ReplyTo">The comment that begins the thread which this one answers.</param>
    /// <param name="Mentions">Members, or groups, that it names.</param>
    public sealed record AddRequest(
        [Required, StringLength(MostText, MinimumLength = 1)] string Text,
        Guid? ClauseId = null,
        Guid? ReplyTo = null,
        [MaxLength(MostMentions)] Guid[]? Mentions = null
    );

    /// <summary>What is absent stays as it is.</summary>
    /// <param name="Text">Only its author may change it.</param>
    /// <param name="IsResolved">Whether the thread that it begins is settled.</param>
    public sealed record ChangeRequest(
        [StringLength(MostText, MinimumLength = 1)] string? Text = null,
        [MaxLength(MostMentions)] Guid[]? Mentions = null,
        bool? IsResolved = null
    );

    private static readonly RouteExample One = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "commented_contract", ["comment"] = "contract_comment" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = ContractRoutes.Readable(routes);
        group
            .MapGet("/{id:guid}/comments", ListAsync)
            .WithName("ListComments")
            .WithSummary("List the comments on a contract")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "commented_contract" },
                    ShowsContent = true,
                }
            )
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("/{id:guid}/comments", AddAsync)
            .Audited("contract.commented")
            .WithName("AddComment")
            .WithSummary("Comment on a contract or one of its clauses")
            .TakesIdempotencyKey()
            .WithExample(ContractRoutes.OneContract with { Body = """{"text":"{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPatch("/{id:guid}/comments/{comment:guid}", ChangeAsync)
            .Audited("contract.comment_changed")
            .WithName("ChangeComment")
            .WithSummary("Change a comment, or settle the thread that it begins")
            .WithExample(One with { Body = """{"is_resolved":true}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("/{id:guid}/comments/{comment:guid}", DeleteAsync)
            .Audited("contract.comment_deleted")
            .WithName("DeleteComment")
            .WithSummary("Delete a comment and its answers")
            .WithDescription("One's own; owners and admins delete any.")
            .WithExample(One)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        ContractStore contracts,
        CommentStore comments,
        CancellationToken cancellationToken,
        [Description("Only those on this clause.")] Guid? clause = null
    ) =>
        await contracts.FindSummaryAsync(principal, id, cancellationToken) is null
            ? Problem.NotFound("contract")
            : TypedResults.Ok(
                new ListResponse(await comments.ListAsync(principal, id, clause, cancellationToken), null)
            );

    private static async Task<Results<Created<ContractComment>, ProblemHttpResult>> AddAsync(
        Guid id,
        AddRequest request,
        Principal principal,
        ContractStore contracts,
        CommentStore comments,
        CancellationToken cancellationToken
    )
    {
        var text = DraftReader.Paragraphs(request.Text);
        if (text.Length == 0)
        {
            return Problem.Invalid("text", "Say something.");
        }

        if (await contracts.FindAsync(principal, id, null, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("contract");
        }

        if (request.ClauseId is { } clause && contract.Text.Walk().All(placed => placed.Clause.Id != clause))
        {
            return Problem.NotFound("clause");
        }

        var mentions = (request.Mentions ?? []).Distinct().ToArray();
        if (!await comments.KnowsAsync(principal, mentions, cancellationToken))
        {
            return Problem.NotFound("member, group, service account or key");
        }

        return
            await comments.AddAsync(
                principal,
                ContractDrafting.AuthorOf(principal),
                id,
                request.ClauseId,
                request.ReplyTo,
                text,
                mentions,
                cancellationToken
            )
                is { } comment
            ? TypedResults.Created($"/api/v1/contracts/{id}/comments", comment)
            : Problem.NotFound("comment");
    }

    private static async Task<Results<Ok<ContractComment>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        [Description("The id of the comment.")] Guid comment,
        ChangeRequest request,
        Principal principal,
        CommentStore comments,
        CancellationToken cancellationToken
    )
    {
        var text = request.Text is null ? null : DraftReader.Paragraphs(request.Text);
        if (text is { Length: 0 })
        {
            return Problem.Invalid("text", "Say something.");
        }

        var mentions = request.Mentions?.Distinct().ToArray();
        if (mentions is not null && !await comments.KnowsAsync(principal, mentions, cancellationToken))
        {
            return Problem.NotFound("member, group, service account or key");
        }

        return
            await comments.ChangeAsync(
                principal,
                ContractDrafting.AuthorOf(principal),
                id,
                comment,
                text,
                mentions,
                request.IsResolved,
                cancellationToken
            )
                is { } changed
            ? TypedResults.Ok(changed)
            : Problem.NotFound("comment");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        [Description("The id of the comment.")] Guid comment,
        Principal principal,
        CommentStore comments,
        CancellationToken cancellationToken
    ) =>
        await comments.DeleteAsync(principal, id, comment, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("comment");
}
