using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary><c>POST /api/v1/queries/{id}/replay</c>: a logged query again, as the documents are now or under other settings.</summary>
internal static class ReplayEndpoint
{
    /// <param name="Mode">hybrid, or lexical for words only; left out, as search does it now.</param>
    /// <param name="Engine">
    /// postgres, also where there is an index in memory; memory, which this server must search in; left out, as search does it now.
    /// </param>
    /// <param name="Limit">Most passages; left out, as then.</param>
    /// <param name="Threshold">Cosine similarity, 0 to 1, that a passage must exceed; left out, as then.</param>
    /// <param name="NoThreshold">Without the threshold that there was.</param>
    /// <param name="Explain">Whether each passage says how each stage ranked it.</param>
    /// <param name="Rerank">What ranks the best passages again, as in a search.</param>
    public sealed record Request(
        [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string? Mode = null,
        [property: OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres)] string? Engine = null,
        [Range(1, 100)] int? Limit = null,
        [Range(0.0, 1.0)] double? Threshold = null,
        bool NoThreshold = false,
        bool Explain = false,
        [property: OneOf("Rerank", RerankNames.Auto, RerankNames.Off, RerankNames.MaxSim, RerankNames.Cross)]
            string? Rerank = null
    );

    /// <param name="Before">What was found then.</param>
    /// <param name="After">What is found now.</param>
    /// <param name="Changes">Every passage of either, in the order of now; those that are gone come last.</param>
    /// <param name="Kept">How many stand in both.</param>
    public sealed record Response(
        QueryView Query,
        IReadOnlyList<FoundThen> Before,
        Replayed After,
        IReadOnlyList<RankChange> Changes,
        int Kept
    );

    /// <param name="Engine">What answered: postgres, too, while an index in memory is not there yet.</param>
    /// <param name="Wish">With what it was searched.</param>
    /// <param name="Stages">Milliseconds by stage.</param>
    public sealed record Replayed(
        [property: OneOf("SearchMode", PassageResults.Hybrid, PassageResults.Lexical)] string Mode,
        [property: OneOf("SearchEngine", SearchEngines.Memory, SearchEngines.Postgres)] string Engine,
        string? Note,
        RerankReport? Rerank,
        QueryWish Wish,
        IReadOnlyDictionary<string, double> Stages,
        double TotalMs,
        IReadOnlyList<Passage> Results
    );

    /// <param name="Before">Its rank then, from 1; null where it was not found.</param>
    /// <param name="After">Its rank now; null where it is not found any more.</param>
    /// <param name="Moved">By how many ranks it rose; negative where it fell, null where it is in one list only.</param>
    public sealed record RankChange(Guid ChunkId, Guid DocumentId, string? Title, int? Before, int? After, int? Moved);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/queries/{id:guid}/replay", HandleAsync)
            .NotAudited("it searches again and changes nothing")
            .WithCost(RouteCost.Costly)
            .WithName("ReplayQuery")
            .WithDescription(
                "Shows what a change does to a query that somebody really asked: of the documents, of the embedding model, or of "
                    + "the settings that the body names. A replay is not written down itself. Yours; owners and admins replay "
                    + "everybody's."
            )
            .WithSummary("Run a logged query again and compare what it finds")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "query" },
                    Body = """{"mode":"lexical","limit":5}""",
                    ShowsContent = true,
                }
            )
            .RequirePermission(Permission.DocumentsRead)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Guid id,
        Request request,
        Principal principal,
        QueryStore store,
        IPassageSearch search,
        IOptions<KnowledgeOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (request.Mode is { } mode && !PassageResults.HasMode(mode))
        {
            return Problem.Invalid("mode", $"It is {PassageResults.Hybrid} or {PassageResults.Lexical}.");
        }

        if (request.Engine is { } engine && !SearchEngines.Has(engine))
        {
            return Problem.Invalid("engine", $"It is {SearchEngines.Memory} or {SearchEngines.Postgres}.");
        }

        if (request.Engine == SearchEngines.Memory && options.Value.SearchEngine is not SearchEngineChoice.Auto)
        {
            return Problem.Invalid("engine", "This server does not search in memory. Leave it out.");
        }

        if (!RerankNames.TryRead(request.Rerank, out var rerank))
        {
            return Problem.Invalid("rerank", RerankNames.Allowed);
        }

        if (request is { NoThreshold: true, Threshold: not null })
        {
            return Problem.Invalid("no_threshold", "Give a threshold, or none.");
        }

        if (await store.FindAsync(QueryEndpoints.ScopeOf(principal), id, cancellationToken) is not var (logged, titles))
        {
            return Problem.NotFound("query");
        }

        var then = logged.Wanted;
        var wish = then with
        {
            Limit = request.Limit ?? then.Limit,
            Threshold = request.NoThreshold ? null : request.Threshold ?? then.Threshold,
        };
        var started = time.GetTimestamp();
        var found = await search.SearchAsync(
            principal.Tenant,
            new PassageQuery(
                logged.Query,
                wish.Limit,
                wish.Threshold,
                wish.Documents,
                wish.Tags,
                wish.Collections,
                wish.From,
                wish.To,
                request.Explain,
                WordsOnly: request.Mode == PassageResults.Lexical,
                PostgresOnly: request.Engine == SearchEngines.Postgres,
                Rerank: rerank
            )
            {
                Reader = principal.Reader,
            },
            cancellationToken
        );
        var before = QueryEndpoints.Then(logged, titles);
        var changes = Compare(before, found.Passages);
        return TypedResults.Ok(
            new Response(
                logged.View,
                before,
                new Replayed(
                    found.Mode,
                    found.Engine,
                    found.Note,
                    found.Rerank,
                    wish,
                    found.StageMilliseconds,
                    time.GetElapsedTime(started).TotalMilliseconds,
                    found.Passages
                ),
                changes,
                changes.Count(change => change.Moved is not null)
            )
        );
    }

    internal static IReadOnlyList<RankChange> Compare(IReadOnlyList<FoundThen> before, IReadOnlyList<Passage> after)
    {
        var ranks = before.ToDictionary(passage => passage.ChunkId, passage => passage.Rank);
        var now = after.Select(passage => passage.ChunkId).ToHashSet();
        return
        [
            .. after.Select(
                (passage, place) =>
                    ranks.TryGetValue(passage.ChunkId, out var rank)
                        ? new RankChange(
                            passage.ChunkId,
                            passage.DocumentId,
                            passage.Title,
                            rank,
                            place + 1,
                            rank - (place + 1)
                        )
                        : new RankChange(
                            passage.ChunkId,
                            passage.DocumentId,
                            passage.Title,
                            Before: null,
                            place + 1,
                            Moved: null
                        )
            ),
            .. before
                .Where(passage => !now.Contains(passage.ChunkId))
                .Select(passage => new RankChange(
                    passage.ChunkId,
                    passage.DocumentId,
                    passage.Title,
                    passage.Rank,
                    After: null,
                    Moved: null
                )),
        ];
    }
}
