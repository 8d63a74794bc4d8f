using System.Runtime.InteropServices;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.TextVectors;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Gateway.Embeddings;

/// <summary><c>POST /v1/embeddings</c>: OpenAI's embeddings, by the model that this installation searches with.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/embeddings"/>
internal static class EmbeddingsEndpoint
{
    // 2,048 texts of a page each, and as JSON writes them.
    private const int MostBytes = 16_000_000;
    private const int MostDimensions = 65_536;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/embeddings", HandleAsync)
            .WithCost(RouteCost.Embedding)
            .NotAudited("it costs and changes nothing; the ledger has it")
            .ForOpenAIClients("CreateGatewayEmbeddings")
            .TakesIdempotencyKey()
            .WithMetadata(new RequestSizeLimitAttribute(MostBytes))
            .WithExample(new RouteExample { Body = """{"input":"The notice period is thirty days."}""" });

    private static async Task HandleAsync(
        HttpContext http,
        Principal principal,
        MeteredEncoder encoder,
        EncodingModel model
    )
    {
        var body = await ChatCompletionsEndpoint.ReadAsync(http.Request, http.RequestAborted);
        var (asked, error) = Read(body, model);
        if (asked is null)
        {
            await error!.WriteAsync(http);
            return;
        }

        var outcome = await encoder.EncodeAsync(
            principal,
            asked.Texts,
            new EncodingWish(Dimensions: model.ToAskFor(asked.Dimensions)),
            http.RequestAborted
        );
        if (outcome is not EncodingOutcome.Done { Failed.Count: 0 } done)
        {
            // It sets Retry-After by itself.
            await OpenAIError.Of(EncodingProblem.Of(http, outcome, asked.Texts.Count).ProblemDetails).WriteAsync(http);
            return;
        }

        http.Response.Headers[CallHeaders.Model] = done.Model;
        CacheHeader.Tell(http.Response, CacheOutcome.Off);
        await WriteAsync(http, done, asked.AsBase64, model.Name ?? done.Model);
    }

    private sealed record Asked(IReadOnlyList<string> Texts, bool AsBase64, int? Dimensions);

    private static (Asked? Asked, OpenAIError? Error) Read(ReadOnlyMemory<byte> body, EncodingModel model)
    {
        try
        {
            var root = RequestJson.Parse(body);
            var name = root.Text("model");
            if (name is not "default" && model.Refuse(name) is { } refusal)
            {
                return (null, OpenAIError.NoSuchModel(OpenAIError.Of(refusal.ProblemDetails).Message));
            }

            var asBase64 = root.Text("encoding_format") switch
            {
                null or "float" => false,
                "base64" => true,
                _ => throw root.Wrong("encoding_format", "must be float or base64"),
            };
            var dimensions = (int?)root.Count("dimensions");
            if (dimensions > MostDimensions)
            {
                throw root.Wrong("dimensions", $"must be at most {MostDimensions}");
            }

            var (texts, wrong) = EmbeddingInput.Read(root.Find("input"));
            return (wrong ?? model.Refuse(dimensions)) is { } problem
                ? (null, OpenAIError.Of(problem.ProblemDetails))
                : (new Asked(texts, asBase64, dimensions), null);
        }
        catch (RequestFault fault)
        {
            return (null, fault.Error);
        }
        catch (InvalidOperationException)
        {
            return (null, OpenAIError.Malformed("A text in the body is not Unicode."));
        }
    }

    private static async Task WriteAsync(HttpContext http, EncodingOutcome.Done done, bool asBase64, string model)
    {
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var (index, vector) in done.Vectors.Index())
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", index);
            json.WritePropertyName("embedding");
            WriteVector(json, vector!.Value.Span, asBase64);
            json.WriteEndObject();
            await json.FlushAsync(http.RequestAborted);
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", done.Tokens);
        json.WriteNumber("total_tokens", done.Tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Base64 of 32-bit floats, little-endian, is a third of the size, and what OpenAI's clients ask for by themselves.</summary>
    private static void WriteVector(Utf8JsonWriter json, ReadOnlySpan<float> vector, bool asBase64)
    {
        if (asBase64)
        {
            json.WriteBase64StringValue(MemoryMarshal.AsBytes(vector));
            return;
        }

        json.WriteStartArray();
        foreach (var number in vector)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
