using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary><c>POST /api/v1/embeddings</c>: vectors of texts, in the shape that OpenAI's clients know.</summary>
internal static class EmbeddingsEndpoint
{
    // What is larger is not kept for an Idempotency-Key: the same texts give the same vectors.
    private const int MostKeptNumbers = 500_000;

    // 2,048 texts of a page each, and as JSON writes them.
    private const int MostBytes = 16_000_000;

    private const string Float = "float";
    private const string Base64 = "base64";
    private const string Passage = "passage";
    private const string Query = "query";

    /// <param name="Input">One text, or up to 2,048.</param>
    /// <param name="Model">The embedding model of this installation, by its name; left out, that one.</param>
    /// <param name="EncodingFormat">How vectors are written: as numbers, or as base64 of 32-bit floats, little-endian.</param>
    /// <param name="Dimensions">Their length. Taken where it is the model's own, or where an endpoint's model can be asked for it.</param>
    /// <param name="InputType">What the texts are; some models encode questions in another way than passages.</param>
    /// <param name="Truncate">Cut off what is too long for the model, instead of refusing it.</param>
    /// <param name="Partial">
    /// Answer with the vectors that there are when some texts failed; <c>failed</c> names the others. Else one failed text fails
    /// the call.
    /// </param>
    /// <param name="InProcess">Ask the model in the server only, not the one that <c>RAG_SERVICE_URL</c> names: so servers ask each other.</param>
    /// <param name="User">Taken and not used.</param>
    public sealed record Request(
        [property: TextOrList("string", Most = EmbeddingInput.MostTexts)] object? Input,
        [StringLength(200)] string? Model = null,
        [property: OneOf("EmbeddingFormat", Float, Base64)] string EncodingFormat = Float,
        [Range(1, 65_536)] int? Dimensions = null,
        [property: OneOf("EmbeddingInputType", Passage, Query)] string InputType = Passage,
        bool Truncate = false,
        bool Partial = false,
        bool InProcess = false,
        string? User = null
    );

    /// <param name="Data">In the order of the texts.</param>
    /// <param name="Model">The name under which the vectors belong together: those of different names are never to be compared.</param>
    /// <param name="Failed">Texts without a vector; only with <c>partial</c>.</param>
    public sealed record Response(
        string Object,
        IReadOnlyList<Item> Data,
        string Model,
        Cost Usage,
        IReadOnlyList<FailedText>? Failed
    );

    /// <param name="Index">Of the text, from 0.</param>
    /// <param name="Embedding">Of length one, by its Euclidean norm.</param>
    public sealed record Item(string Object, int Index, [property: TextOrList("number")] object Embedding);

    /// <param name="Index">From 0.</param>
    /// <param name="Detail">What happened, and what to do.</param>
    public sealed record FailedText(int Index, string Detail);

    public sealed record Cost(long PromptTokens, long TotalTokens);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/embeddings/usage", UsageAsync)
            .WithName("GetEmbeddingUsage")
            .WithDescription(
                "Of calls for vectors, by everybody in your organisation. Documents and questions are not counted."
            )
            .WithSummary("What your organisation had encoded this month (UTC)")
            .RequirePermission(Permission.Ask)
            .WithExample(new RouteExample());
        routes
            .MapPost("/embeddings", HandleAsync)
            .WithCost(RouteCost.Embedding)
            .NotAudited("it costs and changes nothing; the ledger has it")
            .WithName("CreateEmbeddings")
            .WithDescription(
                "By the embedding model that this installation searches with: the one in the server, or that of its endpoint. "
                    + "The body and the answer are those of OpenAI's `POST /v1/embeddings`, so that its clients work with "
                    + "this address. Texts are given to the model in pieces; each is tried again where that may help, and "
                    + "leaving ends the call. Answers of more than 500,000 numbers are not remembered for an "
                    + "`Idempotency-Key`: the same texts give the same vectors."
            )
            .WithSummary("Make vectors of texts")
            .RequirePermission(Permission.Ask)
            .TakesIdempotencyKey()
            .WithMetadata(new RequestSizeLimitAttribute(MostBytes))
            .WithExample(
                new RouteExample
                {
                    Body = """{"input":["The notice period is thirty days.","Notice ends a contract."]}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<EncodingUsage>> UsageAsync(
        Principal principal,
        MeteredEncoder encoder,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await encoder.OfMonthAsync(principal.Tenant, cancellationToken));

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> HandleAsync(
        Request request,
        Principal principal,
        HttpContext http,
        MeteredEncoder encoder,
        EncodingModel model,
        CancellationToken cancellationToken
    )
    {
        if (request.EncodingFormat is not (Float or Base64))
        {
            return Problem.Invalid("encoding_format", $"It is {Float} or {Base64}.");
        }

        if (request.InputType is not (Passage or Query))
        {
            return Problem.Invalid("input_type", $"It is {Passage} or {Query}.");
        }

        var (texts, wrong) = EmbeddingInput.Read(request.Input);
        if ((wrong ?? model.Refuse(request.Model) ?? model.Refuse(request.Dimensions)) is { } problem)
        {
            return problem;
        }

        var outcome = await encoder.EncodeAsync(
            principal,
            texts,
            new EncodingWish(
                request.InputType == Query,
                request.Truncate,
                model.ToAskFor(request.Dimensions),
                request.InProcess
            ),
            cancellationToken
        );
        if (outcome is not EncodingOutcome.Done done || (done.Failed.Count > 0 && !request.Partial))
        {
            return EncodingProblem.Of(http, outcome, texts.Count);
        }

        var items = done
            .Vectors.Index()
            .Where(one => one.Item is not null)
            .Select(one => new Item("embedding", one.Index, Written(one.Item!.Value, request.EncodingFormat)))
            .ToArray();
        if (http.Features.Get<IdempotentAttempt>() is { } attempt)
        {
            attempt.IsWorthKeeping =
                done.Failed.Count == 0 && done.Vectors.Sum(vector => (long)vector!.Value.Length) <= MostKeptNumbers;
        }

        return TypedResults.Ok(
            new Response(
                "list",
                items,
                done.Model,
                new Cost(done.Tokens, done.Tokens),
                request.Partial ? [.. done.Failed.Select(failed => new FailedText(failed.Index, failed.Detail))] : null
            )
        );
    }

    /// <summary>Numbers are written as they are; base64 is a third of their size.</summary>
    private static object Written(ReadOnlyMemory<float> vector, string format) =>
        format == Base64 ? Convert.ToBase64String(MemoryMarshal.AsBytes(vector.Span)) : vector;
}
