using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Chancery.Contracts.Comparing;
using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Editing;

/// <summary><c>GET /api/v1/prompts/{id}/diff</c>: what differs between two versions, in words.</summary>
internal static class PromptDiffEndpoint
{
    /// <summary>A run of words.</summary>
    /// <param name="Kind">kept, deleted or inserted.</param>
    public sealed record PromptDiffPart(
        [property: OneOf("PromptDiffKind", "kept", "deleted", "inserted")] string Kind,
        string Text
    );

    /// <summary>Something beside the words that differs.</summary>
    /// <param name="Field">model, temperature, max_tokens, or variables.</param>
    /// <param name="From">As JSON; left out where it was not set.</param>
    /// <param name="To">As JSON; left out where it is not set any more.</param>
    public sealed record PromptDiffField(string Field, string? From, string? To);

    public sealed record Response(
        PromptVersionView From,
        PromptVersionView To,
        IReadOnlyList<PromptDiffPart> System,
        IReadOnlyList<PromptDiffPart> Text,
        IReadOnlyList<PromptDiffField> Fields
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        PromptRoutes
            .Readable(routes)
            .MapGet("/{id:guid}/diff", HandleAsync)
            .WithName("ComparePromptVersions")
            .WithSummary("Compare two versions of a prompt, word by word")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "versioned_prompt" },
                    Query = "from=1&to=2",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Guid id,
        [Description("The number of the earlier version."), Range(1, int.MaxValue)] int from,
        [Description("The number of the later version."), Range(1, int.MaxValue)] int to,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    )
    {
        if (
            await prompts.FindVersionAsync(principal, id, from, cancellationToken) is not { } earlier
            || await prompts.FindVersionAsync(principal, id, to, cancellationToken) is not { } later
        )
        {
            return Problem.NotFound("version");
        }

        return TypedResults.Ok(
            new Response(
                earlier,
                later,
                Words(earlier.Content.System, later.Content.System),
                Words(earlier.Content.Text, later.Content.Text),
                [.. Fields(earlier.Content, later.Content)]
            )
        );
    }

    private static IReadOnlyList<PromptDiffPart> Words(string from, string to) =>
        [
            .. WordDiff
                .Between(from, to)
                .Select(change => new PromptDiffPart(
                    change.Kind switch
                    {
                        WordChangeKind.Kept => "kept",
                        WordChangeKind.Deleted => "deleted",
                        _ => "inserted",
                    },
                    change.Text
                )),
        ];

    private static IEnumerable<PromptDiffField> Fields(PromptContent from, PromptContent to)
    {
        using var earlier = JsonDocument.Parse(from.ToCanonical());
        using var later = JsonDocument.Parse(to.ToCanonical());
        foreach (var field in (string[])["model", "temperature", "max_tokens", "variables"])
        {
            var (before, after) = (Of(earlier, field), Of(later, field));
            if (before != after)
            {
                yield return new PromptDiffField(field, before, after);
            }
        }
    }

    private static string? Of(JsonDocument content, string field) =>
        content.RootElement.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null
            ? value.GetRawText()
            : null;
}
