using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>The embedding model of this installation, if there is one. Safe for concurrent use.</summary>
internal sealed class Embeddings : IDisposable
{
    private const int MostAttempts = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private static readonly EmbeddingGenerationOptions AsQuery = new()
    {
        AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = true },
    };

    private readonly Lazy<IEmbeddingGenerator<string, Embedding<float>>>? _generator;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public Embeddings(
        OperatorHttp http,
        IOptions<KnowledgeOptions> options,
        LocalModelDirectory models,
        TimeProvider time
    )
    {
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
        }
        catch (LocalModelException exception)
        {
            throw new ModelException(ModelFailure.Client, null, null, Model!, exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelException(ModelFailure.Transient, null, null, Model!, exception);
        }

        return [.. vectors.Select(vector => Write(vector.Vector.Span))];
    }

    /// <summary>The same for work that can wait: tries again while the failure may pass.</summary>
    public async Task<string[]> GeneratePatientlyAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await GenerateAsync(texts, cancellationToken);
            }
            catch (ModelException exception) when (exception.IsTransient && attempt < MostAttempts)
            {
                var pause = exception.RetryAfter ?? (FirstPause * Math.Pow(2, attempt - 1));
                await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, cancellationToken);
            }
        }
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
