using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Embeddings from one model over <c>POST embeddings</c>: unit vectors, in the order of the texts. Long lists go in
/// batches, one after the other. One attempt per batch. Safe for concurrent use.
/// </summary>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="dimensions">
/// The length every vector must have; <see langword="null"/> takes the length of the first, for all of one call.
/// </param>
/// <param name="maxBatchTexts">Most texts in one request, 1 to 2048.</param>
/// <param name="maxBatchBytes">Most UTF-8 bytes of text in one request; a single longer text goes alone.</param>
/// <param name="isChancery">
/// Whether the endpoint is another Chancery: it is told what the texts are, to cut off what is too long as a model in this
/// process would, and to ask nobody else.
/// </param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
public sealed class OpenAICompatibleEmbeddingGenerator(
    HttpClient http,
    ModelEndpoint endpoint,
    int? dimensions = null,
    int maxBatchTexts = 2048,
    int maxBatchBytes = 512 * 1024,
    bool isChancery = false,
    TimeProvider? time = null
) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly ModelTransport _transport = new(http, endpoint, time ?? TimeProvider.System);
    private readonly EmbeddingGeneratorMetadata _metadata = new(
        "openai",
        endpoint.BaseAddress,
        endpoint.Model,
        dimensions
    );

    /// <exception cref="ModelException">
    /// The endpoint failed, left a text out, or sent vectors of another length or without a direction.
    /// </exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBatchTexts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxBatchTexts, 2048);

        var model = options?.ModelId ?? endpoint.Model;
        var length = options?.Dimensions ?? dimensions;
        var all = new GeneratedEmbeddings<Embedding<float>>();
        long? tokens = null;

        foreach (var batch in Batches(values))
        {
            var request = new EmbeddingRequest(model, batch)
            {
                Dimensions = options?.Dimensions,
                InputType = isChancery ? InputTypeOf(options) : null,
                Truncate = isChancery ? true : null,
                InProcess = isChancery ? true : null,
            };
            var answer = await PostAsync(request, cancellationToken);
            foreach (var vector in InOrder(answer, batch.Count, model))
            {
                length ??= vector.Length;
                if (vector.Length != length || !Normalise(vector))
                    throw new ModelException(ModelFailure.Client, null, null, model);
                all.Add(new Embedding<float>(vector) { ModelId = model });
            }

            if (answer.Usage?.PromptTokens is { } used)
                tokens = (tokens ?? 0) + used;
        }

        if (tokens is not null)
            all.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return all;
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType == typeof(ModelEndpoint) ? endpoint
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the <see cref="HttpClient"/> is the caller's.</summary>
    public void Dispose() { }

    private static string InputTypeOf(EmbeddingGenerationOptions? options) =>
        options?.AdditionalProperties?.TryGetValue(LocalEncoder.IsQuery, out bool isQuery) is true && isQuery
            ? "query"
            : "passage";

    private IEnumerable<List<string>> Batches(IEnumerable<string> texts)
    {
        var batch = new List<string>();
        var bytes = 0;
        foreach (var text in texts)
        {
            var size = Encoding.UTF8.GetByteCount(text);
            if (batch.Count > 0 && (batch.Count == maxBatchTexts || bytes + size > maxBatchBytes))
            {
                yield return batch;
                batch = [];
                bytes = 0;
            }

            batch.Add(text);
            bytes += size;
        }

        if (batch.Count > 0)
            yield return batch;
    }

    private async Task<EmbeddingAnswer> PostAsync(EmbeddingRequest request, CancellationToken cancellationToken)
    {
        using var response = await _transport.PostAsync(
            "embeddings",
            request,
            OpenAIWire.Default.EmbeddingRequest,
            request.Model,
            cancellationToken
        );
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var answer =
                await JsonSerializer.DeserializeAsync(body, OpenAIWire.Default.EmbeddingAnswer, cancellationToken)
                ?? throw ModelTransport.Broken(request.Model);
            return answer.Error is { ValueKind: JsonValueKind.Object or JsonValueKind.String } error
                ? throw ModelTransport.Reported(error, request.Model)
                : answer;
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw ModelTransport.Broken(request.Model, exception);
        }
    }

    /// <summary>Endpoints may answer in any order; each row says which text it is of.</summary>
    private static float[][] InOrder(EmbeddingAnswer answer, int count, string model)
    {
        var vectors = new float[count][];
        foreach (var row in answer.Data ?? [])
        {
            if (row.Index < 0 || row.Index >= count || row.Embedding is not { Length: > 0 } vector)
                throw ModelTransport.Broken(model);
            vectors[row.Index] = vector;
        }

        return Array.IndexOf(vectors, null) < 0 ? vectors : throw ModelTransport.Broken(model);
    }

    /// <summary>Brings the vector to length one; false where it has no direction.</summary>
    private static bool Normalise(float[] vector)
    {
        var squares = 0d;
        foreach (var part in vector)
            squares += (double)part * part;
        if (!double.IsFinite(squares) || squares <= 0)
            return false;

        var factor = (float)(1 / Math.Sqrt(squares));
        var span = vector.AsSpan();
        var wide = MemoryMarshal.Cast<float, Vector<float>>(span);
        for (var i = 0; i < wide.Length; i++)
            wide[i] *= factor;
        foreach (ref var part in span[(wide.Length * Vector<float>.Count)..])
            part *= factor;
        return true;
    }
}
