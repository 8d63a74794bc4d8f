using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>The embedding model of this installation, if there is one. Safe for concurrent use.</summary>
internal sealed class Embeddings : IDisposable
{
    private readonly OpenAICompatibleEmbeddingGenerator? _generator;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    // Whoever has something else to do does not try again at once what has just failed.
    private readonly TimeSpan _rest;
    private long _failedAt;

    public Embeddings(
        OperatorHttp http,
        IOptions<KnowledgeOptions> options,
        IOptions<WorkOptions> work,
        TimeProvider time
    )
    {
        _rest = 3 * TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
        _time = time;
        _timeout = TimeSpan.FromSeconds(options.Value.EmbeddingTimeoutSeconds);
        if (options.Value.HasEmbeddings)
        {
            Model = options.Value.EmbeddingModel!;
            _generator = new OpenAICompatibleEmbeddingGenerator(
                http.Client,
                new ModelEndpoint(new Uri(options.Value.EmbeddingUrl!), Model, options.Value.ReadEmbeddingKey()),
                time: time
            );
        }
    }

    /// <summary>Null when no endpoint is configured: search is then lexical.</summary>
    public string? Model { get; }

    /// <summary>Whether a call failed a moment ago, and none has succeeded since.</summary>
    public bool IsDown => Interlocked.Read(ref _failedAt) is var at and not 0 && _time.GetElapsedTime(at) < _rest;

    /// <summary>
    /// Whether somebody who can do without should ask: not while the model is down. Once it may be back one caller is told
    /// to find out, and the others do not wait with it.
    /// </summary>
    public bool TryTurn()
    {
        var at = Interlocked.Read(ref _failedAt);
        return at == 0
            || (
                _time.GetElapsedTime(at) >= _rest
                && Interlocked.CompareExchange(ref _failedAt, _time.GetTimestamp(), at) == at
            );
    }

    /// <summary>Vectors of <paramref name="texts"/> in the form of pgvector; one attempt.</summary>
    /// <exception cref="ModelException">The endpoint failed, or took longer than the setting allows.</exception>
    public Task<string[]> GenerateAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        GenerateAsync(texts, _timeout, cancellationToken);

    /// <param name="patience">How long the caller waits; an endpoint that takes longer counts as down.</param>
    /// <exception cref="ModelException">The endpoint failed, or took too long.</exception>
    public async Task<string[]> GenerateAsync(
        IReadOnlyList<string> texts,
        TimeSpan patience,
        CancellationToken cancellationToken
    )
    {
        var generator = _generator ?? throw new InvalidOperationException("No embedding endpoint is configured.");
        using var deadline = new CancellationTokenSource(patience < _timeout ? patience : _timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        GeneratedEmbeddings<Embedding<float>> vectors;
        try
        {
            vectors = await generator.GenerateAsync(texts, cancellationToken: either.Token);
            Interlocked.Exchange(ref _failedAt, 0);
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

    public void Dispose() => _generator?.Dispose();

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
