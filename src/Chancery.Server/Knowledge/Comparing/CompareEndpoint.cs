using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Comparing;

/// <summary>
/// <c>GET /api/v1/docs/{id}/versions/{from}/diff/{to}</c>: what changed between the texts of two versions, line by line, with
/// the words marked that changed inside a line.
/// </summary>
internal static class CompareEndpoint
{
    /// <summary>Of both texts together.</summary>
    public const long MostCharacters = 4_000_000;

    /// <param name="Parts">How many parts there are; at least 1.</param>
    /// <param name="Rows">Changes with some lines around each; empty when the texts are the same.</param>
    public sealed record Response(
        int From,
        int To,
        int Part,
        int Parts,
        ComparisonCounts Counts,
        IReadOnlyList<ComparedRow> Rows
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/docs/{id:guid}/versions/{from:int}/diff/{to:int}", HandleAsync)
            .WithName("CompareVersions")
            .WithSummary("Compare the texts of two versions")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string>
                    {
                        ["id"] = "document",
                        ["from"] = "1",
                        ["to"] = "1",
                    },
                }
            )
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Guid id,
        [Description("The earlier version's number.")] int from,
        [Description("The later version's number.")] int to,
        Principal principal,
        CompareStore store,
        TextComparison comparison,
        CancellationToken cancellationToken,
        [Range(1, 100_000), Description("Which part of the rows, from 1.")] int part = 1,
        [Range(0, 50), Description("Lines shown around a change.")] int context = 3
    )
    {
        var versions = await store.FindAsync(principal, id, [from, to], cancellationToken);
        if (versions.Count < (from == to ? 1 : 2))
        {
            return Problem.NotFound("version");
        }

        if (
            versions.FirstOrDefault(version => version.State is not (VersionState.Ready or VersionState.Embedding)) is
            { } unread
        )
        {
            return Problem.Conflict(
                "not-read",
                "The version has not been read",
                $"The text of version {unread.Version} is not there: it is {unread.State}. Process it first, or wait."
            );
        }

        if (versions.Sum(version => version.Characters) > MostCharacters)
        {
            return Problem.Of(
                StatusCodes.Status422UnprocessableEntity,
                "too-large-to-compare",
                "The texts are too long to compare",
                $"Together they have more than {MostCharacters:#,0} characters. Download both versions and compare them elsewhere."
            );
        }

        var found = await comparison.CompareAsync(ReadAsync, context, part, cancellationToken);
        return TypedResults.Ok(new Response(from, to, part, found.Parts, found.Counts, found.Rows));

        async Task<(IReadOnlyList<TextUnit> Old, IReadOnlyList<TextUnit> Now)> ReadAsync() =>
            (
                await store.TextAsync(principal, id, from, cancellationToken),
                await store.TextAsync(principal, id, to, cancellationToken)
            );
    }
}
