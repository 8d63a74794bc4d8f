using System.Buffers;
using System.Numerics.Tensors;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Embeddings in this process: an encoder of the BERT family as ONNX, its tokens' states pooled, brought to length one. Each
/// text runs alone, several at once on threads: a dynamically quantised model scales its activations over the whole batch, so a
/// text's vector would otherwise depend on its neighbours, and on CPUs batches are no faster. Safe for concurrent use.
/// </summary>
public sealed class LocalEncoder : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Set it to true in the options' additional properties when the texts are questions, not passages.</summary>
    public const string IsQuery = "is_query";

    /// <summary>Raised when the code makes another vector of the same text than before.</summary>
    public const int Revision = 1;

    private readonly LocalEncoderOptions _options;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly OnnxSession _session;
    private readonly SemaphoreSlim _running;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>Loads library, model and tokenizer: some 100 ms and twice the model's size for a moment.</summary>
    /// <exception cref="LocalModelException">One of them is missing or is not what it should be.</exception>
    public LocalEncoder(LocalEncoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTokens, 8, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxTokens, 8192, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, 256, nameof(options));

        _options = options;
        try
        {
            _tokenizer = WordPieceTokenizer.Load(options.TokenizerPath);
            var api = OnnxRuntimeApi.Load(options.LibraryPath);
            RuntimeVersion = api.Version;
            _session = OnnxSession.Open(api, options.ModelPath, threads: 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalModelException(
                $"The files of the model {options.Model} cannot be read: {exception.Message}",
                exception
            );
        }

        _running = new SemaphoreSlim(options.Threads);
        // Once before it is needed: tells the length of its vectors, and that the model runs at all.
        Dimensions = Encode("warm").Length;
        _metadata = new EmbeddingGeneratorMetadata("local", null, options.Model, Dimensions);
    }

    /// <summary>Of each vector.</summary>
    public int Dimensions { get; }

    /// <summary>See <see cref="LocalEncoderOptions.Unrelated"/>.</summary>
    public double Unrelated => _options.Unrelated;

    /// <summary>Of ONNX Runtime.</summary>
    public string RuntimeVersion { get; }

    /// <summary>Whether the model's activations are quantised as it runs.</summary>
    public bool IsDynamicallyQuantised => _session.IsDynamicallyQuantised;

    /// <summary>Longest text in tokens; what goes on is cut off.</summary>
    public int MaxTokens => _options.MaxTokens;

    /// <summary>How many tokens the model would see of a passage or a question, before it is cut off.</summary>
    public int CountTokens(string text, bool isQuery = false)
    {
        ArgumentNullException.ThrowIfNull(text);

        text = (isQuery ? _options.QueryPrefix : _options.PassagePrefix) + text;
        var ids = ArrayPool<int>.Shared.Rent(text.Length + 2);
        try
        {
            return _tokenizer.Encode(text, ids.AsSpan(0, text.Length + 2));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(ids);
        }
    }

    /// <summary>How the model's vocabulary gets on with a text; takes microseconds.</summary>
    public TokenFit Fit(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _tokenizer.Fit(text);
    }

    /// <summary>Vectors in the order of the texts.</summary>
    /// <exception cref="OperationCanceledException">Between two texts.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(values);

        var prefix =
            options?.AdditionalProperties?.TryGetValue(IsQuery, out bool isQuery) is true && isQuery
                ? _options.QueryPrefix
                : _options.PassagePrefix;
        var texts = values as IReadOnlyList<string> ?? [.. values];
        var vectors = new Embedding<float>[texts.Count];
        var tokens = 0L;
        await Parallel.ForAsync(
            0,
            texts.Count,
            new ParallelOptions { MaxDegreeOfParallelism = _options.Threads, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                // The bound is the process's, not the call's: many callers must not mean many threads.
                await _running.WaitAsync(token);
                try
                {
                    var vector = Encode(prefix.Length == 0 ? texts[i] : prefix + texts[i], out var read);
                    vectors[i] = new Embedding<float>(vector) { ModelId = _options.Model };
                    Interlocked.Add(ref tokens, read);
                }
                finally
                {
                    _running.Release();
                }
            }
        );
        return new GeneratedEmbeddings<Embedding<float>>(vectors)
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    /// <summary>
    /// The states of one text's tokens, each brought to length one: what late interaction compares. They depend on the text and on
    /// where it is cut off, never on what else is encoded.
    /// </summary>
    /// <param name="maxTokens">Where the text is cut off, the special tokens counted; at most <see cref="MaxTokens"/> count.</param>
    /// <exception cref="LocalModelException">The model pools by itself, or answered what has no direction.</exception>
    /// <exception cref="OperationCanceledException">Before the text's turn came; an encoding that has begun ends.</exception>
    public async Task<TokenStates> EncodeTokensAsync(
        string text,
        bool isQuery,
        int maxTokens,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 3);

        var prefix = isQuery ? _options.QueryPrefix : _options.PassagePrefix;
        await _running.WaitAsync(cancellationToken);
        try
        {
            // Off the caller's thread: it has a clock to look at.
            return await Task.Run(() => EncodeTokens(prefix + text, maxTokens), cancellationToken);
        }
        finally
        {
            _running.Release();
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        _session.Dispose();
        _running.Dispose();
    }

    private float[] Encode(string text) => Encode(text, out _);

    private float[] Encode(string text, out int tokens)
    {
        Span<int> ids = _options.MaxTokens <= 1024 ? stackalloc int[_options.MaxTokens] : new int[_options.MaxTokens];
        tokens = _tokenizer.Encode(text, ids);
        return _session.Run(ids[..tokens], Pool);
    }

    private TokenStates EncodeTokens(string text, int maxTokens)
    {
        var ids = new int[Math.Min(maxTokens, _options.MaxTokens)];
        ids = ids[.._tokenizer.Encode(text, ids)];
        return _session.Run(
            ids,
            (states, width) =>
            {
                if (states.Length != ids.Length * width)
                    throw new LocalModelException($"The model {_options.Model} does not answer its tokens' states.");

                var vectors = states.ToArray();
                for (var start = 0; start < vectors.Length; start += width)
                    Normalise(vectors.AsSpan(start, width));
                return new TokenStates(ids, vectors, width);
            }
        );
    }

    private float[] Pool(ReadOnlySpan<float> states, int width)
    {
        var vector = states[..width].ToArray();
        if (_options.Pooling is Pooling.Mean)
        {
            for (var start = width; start < states.Length; start += width)
                TensorPrimitives.Add(vector, states.Slice(start, width), vector);
        }

        // The mean's divisor falls out of the length.
        Normalise(vector);
        return vector;
    }

    private void Normalise(Span<float> vector)
    {
        var length = TensorPrimitives.Norm<float>(vector);
        if (!float.IsFinite(length) || length == 0)
            throw new LocalModelException($"The model {_options.Model} answered a vector without a direction.");

        TensorPrimitives.Divide(vector, length, vector);
    }
}
