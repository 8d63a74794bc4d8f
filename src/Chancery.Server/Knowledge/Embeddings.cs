using System.Globalization;
using System.Text;
using Chancery.Models;
using Chancery.Server.Platform.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge;

/// <summary>The embedding model of this installation, if there is one. Safe for concurrent use.</summary>
internal sealed class Embeddings : IDisposable
{
    private const int MostAttempts = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly OpenAICompatibleEmbeddingGenerator? _generator;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public Embeddings(OperatorHttp http, IOptions<KnowledgeOptions> options, TimeProvider time)
    {
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

    /// <summary>Vectors of <paramref name="texts"/> in the form of pgvector; one attempt.</summary>
    /// <exception cref="ModelException">The endpoint failed, or took longer than the setting allows.</exception>
    public async Task<string[]> GenerateAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var generator = _generator ?? throw new InvalidOperationException("No embedding endpoint is configured.");
        using var deadline = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        GeneratedEmbeddings<Embedding<float>> vectors;
        try
        {
            vectors = await generator.GenerateAsync(texts, cancellationToken: either.Token);
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
