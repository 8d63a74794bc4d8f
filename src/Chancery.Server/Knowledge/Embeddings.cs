using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>The embedding model of this installation, if there is one. Safe for concurrent use.</summary>
internal sealed class Embeddings : IDisposable
{
    private static readonly EmbeddingGenerationOptions AsQuery = new()
    {
        AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = true },
    };

    private readonly Lazy<IEmbeddingGenerator<string, Embedding<float>>>? _generator;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    // Whoever has something else to do does not try again at once what has just failed.
    private readonly TimeSpan _rest;
    private long _failedAt;

    public Embeddings(
        OperatorHttp http,
        IOptions<KnowledgeOptions> options,
        IOptions<WorkOptions> work,
        LocalModelDirectory models,
        TimeProvider time
    )
    {
        _rest = 3 * TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
        _time = time;
        _timeout = TimeSpan.FromSeconds(options.Value.EmbeddingTimeoutSeconds);
        if (options.Value.HasEmbeddings)
        {
            Model = options.Value.EmbeddingModel!;
            _generator = new(() =>
                new OpenAICompatibleEmbeddingGenerator(
                    http.Client,
                    new ModelEndpoint(new Uri(options.Value.EmbeddingUrl!), Model, options.Value.ReadEmbeddingKey()),
                    time: time
                )
            );
        }
        else if (models.Find(LocalModelCatalogue.Shipped, options.Value.EmbeddingLocal) is { } local)
        {
            Model = local.Model;
            var threads = options.Value.EmbeddingThreads;
            // Loaded when it is first needed: a start takes no longer for it.
            _generator = new(() =>
                new LocalEncoder(
                    local with
                    {
                        Threads = threads > 0 ? threads : Math.Max(1, Environment.ProcessorCount / 2),
                    }
                )
            );
        }
    }

    /// <summary>Null when there is neither an endpoint nor a local model: search is then lexical.</summary>
    public string? Model { get; }

    /// <summary>Whether a call failed a moment ago, and none has succeeded since.</summary>
    public bool IsDown => Interlocked.Read(ref _failedAt) is var at and not 0 && _time.GetElapsedTime(at) < _rest;

    /// <summary>The vector of a question in the form of pgvector; one attempt.</summary>
    /// <exception cref="ModelException">The model failed, or took longer than the setting allows.</exception>
    public async Task<string> OfQueryAsync(string text, CancellationToken cancellationToken) =>
        (await GenerateAsync([text], AsQuery, cancellationToken))[0];

    /// <summary>Vectors of passages in the form of pgvector; one attempt.</summary>
    /// <exception cref="ModelException">The model failed, or took longer than the setting allows.</exception>
    public Task<string[]> GenerateAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        GenerateAsync(texts, null, cancellationToken);

    private async Task<string[]> GenerateAsync(
        IReadOnlyList<string> texts,
        EmbeddingGenerationOptions? options,
        CancellationToken cancellationToken
    )
    {
        var generator = _generator ?? throw new InvalidOperationException("There is no embedding model.");
        using var deadline = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        GeneratedEmbeddings<Embedding<float>> vectors;
        try
        {
            vectors = await generator.Value.GenerateAsync(texts, options, either.Token);
            Interlocked.Exchange(ref _failedAt, 0);
        }
        catch (LocalModelException exception)
        {
            throw new ModelException(ModelFailure.Client, null, null, Model!, exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _failedAt, _time.GetTimestamp());
            throw new ModelException(ModelFailure.Transient, null, null, Model!, exception);
        }
        catch (ModelException exception) when (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            Interlocked.Exchange(ref _failedAt, _time.GetTimestamp());
            throw;
        }

        return [.. vectors.Select(vector => Write(vector.Vector.Span))];
    }

    public void Dispose()
    {
        if (_generator is { IsValueCreated: true })
        {
            _generator.Value.Dispose();
        }
    }

    private static string Write(ReadOnlySpan<float> vector)
    {
        var text = new StringBuilder(vector.Length * 12);
        foreach (var part in vector)
        {
            text.Append(text.Length == 0 ? '[' : ',').Append(CultureInfo.InvariantCulture, $"{part}");
        }

        return text.Append(']').ToString();
    }
}
