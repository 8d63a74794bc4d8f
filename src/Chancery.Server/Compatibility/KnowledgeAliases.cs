using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.TextVectors;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Compatibility;

/// <summary>
/// <c>/api/embeddings/generate</c>, <c>/api/rag/search</c> and <c>/api/rag/index-document</c> as older clients of a separate
/// service know them. Whose data it is about says the credential: ids in a body are taken only when they say the same. Errors
/// are problem documents, whose <c>detail</c> those clients read.
/// </summary>
internal static class KnowledgeAliases
{
    private const int MaxFileName = 1000;
    private const double UsualThreshold = 0.7;

    /// <param name="Model">The embedding model of this installation; left out, that one.</param>
    public sealed record TextToEmbed(
        [Required, StringLength(EmbeddingInput.MostCharacters, MinimumLength = 1)] string Text,
        [StringLength(200)] string? Model = null
    );

    public sealed record EmbeddedText(IReadOnlyList<float> Embedding, string Model, int Dimensions);

    /// <param name="CompanyId">Your own organisation's id, or left out.</param>
    /// <param name="Threshold">Cosine similarity, 0 to 1, that a result must exceed. 0 means 0.</param>
    public sealed record Question(
        [Required, StringLength(4096, MinimumLength = 1)] string Query,
        [StringLength(100)] string? CompanyId = null,
        [Range(1, 100)] int Limit = 5,
        [Range(0.0, 1.0)] double Threshold = UsualThreshold
    );

    /// <param name="Note">
    /// What the results do not show by themselves, such as that only words were searched: then <c>threshold</c> was not applied and
    /// no result has a similarity.
    /// </param>
    public sealed record Answer(string Query, IReadOnlyList<Result> Results, int TotalFound, string? Note);

    /// <param name="Id">Of the passage.</param>
    /// <param name="Filename">The name that its document was uploaded under.</param>
    /// <param name="Category">The document's first tag.</param>
    /// <param name="Similarity">Cosine similarity; left out where the passage has no vector.</param>
    public sealed record Result(Guid Id, string Content, string Filename, string? Category, double? Similarity);

    /// <param name="Status">indexed, or processing when it took longer than 30 seconds.</param>
    public sealed record IndexedDocument(
        Guid DocumentId,
        [property: OneOf("IndexingStatus", IndexedStatus, ProcessingStatus)] string Status
    );

    /// <summary>As a body; older clients send the same as parameters of the address.</summary>
    /// <param name="CompanyId">Your own organisation's id, or left out.</param>
    /// <param name="UserId">Your own id, or left out.</param>
    /// <param name="Content">The document's text.</param>
    /// <param name="Category">Becomes a tag.</param>
    public sealed record DocumentToIndex(
        string? Filename,
        string? Content,
        string? CompanyId = null,
        string? UserId = null,
        string? Category = null
    );

    private const string IndexedStatus = "indexed";
    private const string ProcessingStatus = "processing";

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/api").WithTags("Compatibility").WithMetadata(new ObsoleteAttribute());
        routes
            .MapPost("/embeddings/generate", EmbedAsync)
            .WithCost(RouteCost.Embedding)
            .NotAudited("it costs and changes nothing; the ledger has it")
            .WithName("LegacyEmbed")
            .WithDescription("A text that is too long for the model is cut off.")
            .WithSummary("Older form of POST /api/v1/embeddings: one text")
            .RequirePermission(Permission.Ask)
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = """{"text":"The notice period is thirty days."}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes
            .MapPost("/rag/search", SearchAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it changes nothing; the query log has it")
            .WithName("LegacySearch")
            .WithDescription(
                "The best by words and meaning, listed by similarity. Where only words were searched, `note` says so: the "
                    + "threshold is then not applied."
            )
            .WithSummary("Older form of POST /api/v1/search")
            .RequirePermission(Permission.DocumentsRead)
            .WithExample(
                new RouteExample
                {
                    Body = """{"query":"canary","company_id":"{tenant}","limit":5,"threshold":0}""",
                    ShowsContent = true,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/rag/index-document", IndexAsync)
            .WithCost(RouteCost.Costly)
            .Audited("document.processing_started")
            .WithName("LegacyIndex")
            .WithDescription("Waits up to 30 seconds until the document can be found.")
            .WithSummary("Older form of POST /api/v1/docs: a text")
            .RequirePermission(Permission.DocumentsWrite)
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body = """{"company_id":"{tenant}","filename":"{unique}.txt","content":"{unique}: a document."}""",
                }
            )
            .WithJsonBody<DocumentToIndex>()
            .Produces<IndexedDocument>()
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);
    }

    private static async Task<Results<Ok<EmbeddedText>, ProblemHttpResult>> EmbedAsync(
        TextToEmbed request,
        HttpContext http,
        Principal principal,
        MeteredEncoder encoder,
        EncodingModel model,
        CancellationToken cancellationToken
    )
    {
        if (string.IsNullOrWhiteSpace(request.Text))
        {
            return Problem.Invalid("text", "There is nothing in it.");
        }

        if (model.Refuse(request.Model) is { } refused)
        {
            return refused;
        }

        var outcome = await encoder.EncodeAsync(
            principal,
            [request.Text],
            new EncodingWish(Truncate: true),
            cancellationToken
        );
        return outcome is EncodingOutcome.Done { Failed.Count: 0, Vectors: [{ } vector] } done
            ? TypedResults.Ok(new EmbeddedText(vector.ToArray(), done.Model, vector.Length))
            : EncodingProblem.Of(http, outcome, texts: 1, field: "text");
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> SearchAsync(
        Question request,
        Principal principal,
        RecordedSearch search,
        CancellationToken cancellationToken
    )
    {
        if (OwnIds.Refuse(principal, request.CompanyId, userId: null) is { } refused)
        {
            return refused;
        }

        if (string.IsNullOrWhiteSpace(request.Query))
        {
            return Problem.Invalid("query", "Say what to look for.");
        }

        var query = new PassageQuery(request.Query, request.Limit, request.Threshold, Explain: true);
        var found = await search.SearchAsync(principal, QuerySource.Compatible, query, cancellationToken);
        Result[] results =
        [
            .. found
                .Passages.Select(passage => new Result(
                    passage.ChunkId,
                    passage.Text,
                    passage.Path,
                    passage.Tags.FirstOrDefault(),
                    passage.Explain?.Dense?.Score
                ))
                .OrderByDescending(result => result.Similarity ?? double.MinValue),
        ];
        return TypedResults.Ok(new Answer(request.Query, results, results.Length, found.Note));
    }

    private static async Task<IResult> IndexAsync(
        HttpRequest request,
        Principal principal,
        TextUpload upload,
        IOptions<KnowledgeOptions> options,
        CancellationToken cancellationToken
    )
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // A text as JSON takes up to six times its bytes.
            size.MaxRequestBodySize = 6 * options.Value.MaxUploadBytes;
        }

        if (await ReadAsync(request, cancellationToken) is not { } document)
        {
            return Problem.Malformed("Send JSON with filename and content, or both as parameters of the address.");
        }

        if (OwnIds.Refuse(principal, document.CompanyId, document.UserId) is { } refused)
        {
            return refused;
        }

        if (string.IsNullOrWhiteSpace(document.Filename) || document.Filename.Length > MaxFileName)
        {
            return Problem.Invalid("filename", $"1 to {MaxFileName} characters.");
        }

        if (string.IsNullOrWhiteSpace(document.Content))
        {
            return Problem.Invalid("content", "Send the document's text.");
        }

        var (state, problem) = await upload.SendAsync(
            principal,
            document.Filename,
            Encoding.UTF8.GetBytes(document.Content),
            string.IsNullOrWhiteSpace(document.Category) ? [] : [document.Category],
            cancellationToken
        );
        return problem is not null
            ? problem
            : TypedResults.Ok(
                new IndexedDocument(state!.Id, state.State == VersionState.Ready ? IndexedStatus : ProcessingStatus)
            );
    }

    private static async Task<DocumentToIndex?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Query is { Count: > 0 } query)
        {
            return new DocumentToIndex(
                query["filename"],
                query["content"],
                query["company_id"],
                query["user_id"],
                query["category"]
            );
        }

        try
        {
            return request.HasJsonContentType()
                ? await request.ReadFromJsonAsync<DocumentToIndex>(cancellationToken)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
