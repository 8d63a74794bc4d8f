using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Answers.Conversations;

/// <summary><c>GET /api/v1/conversations/{id}/export</c>: a conversation as a file, to read or for a program.</summary>
public static class ExportEndpoint
{
    /// <param name="Messages">All of them, also those whose place another one took.</param>
    public sealed record Export(
        Guid Id,
        string Title,
        DateTimeOffset CreatedAt,
        DateTimeOffset UpdatedAt,
        DateTimeOffset ExportedAt,
        IReadOnlyList<Message> Messages
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/conversations/{id:guid}/export", HandleAsync)
            .WithName("ExportConversation")
            .Audited("conversation.exported")
            .WithSummary("Download a conversation, as Markdown or as JSON")
            .WithTags("Answers")
            .RequirePermission(Permission.Ask)
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "conversation" },
                    Query = "format=json",
                    ShowsContent = true,
                }
            )
            .Produces<Export>(StatusCodes.Status200OK, "application/json")
            .AddOpenApiOperationTransformer(AddMarkdown)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>The same status as a second kind of file, which metadata of a route cannot tell.</summary>
    private static Task AddMarkdown(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        operation.Responses!["200"].Content!["text/markdown"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
        return Task.CompletedTask;
    }

    private static async Task<Results<ContentHttpResult, JsonHttpResult<Export>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Principal principal,
        ConversationStore conversations,
        ConversationThreads threads,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken,
        [
            RegularExpression("^(markdown|json)$", ErrorMessage = "markdown or json."),
            OneOf("ExportFormat", "markdown", "json"),
            Description("What kind of file.")
        ]
            string format = "markdown"
    )
    {
        if (await conversations.FindAsync(principal, id, cancellationToken) is not { } found)
        {
            return Problem.NotFound("conversation");
        }

        var isJson = format == "json";
        var name = $"conversation-{found.CreatedAt:yyyy-MM-dd}-{id:n}"[..32] + (isJson ? ".json" : ".md");
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        if (isJson)
        {
            var messages = await threads.MessagesAsync(principal, found, cancellationToken);
            return TypedResults.Json(
                new Export(found.Id, found.Title, found.CreatedAt, found.UpdatedAt, time.GetUtcNow(), messages)
            );
        }

        var text = MarkdownExport.Of(found, await threads.OfAsync(principal, found, cancellationToken));
        return TypedResults.Content(text, "text/markdown", Encoding.UTF8);
    }
}
