using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Models;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>
/// Makes vectors of texts for callers: in pieces within a budget of tokens, each tried again where that may help, so that one
/// that fails does not cost the others. Safe for concurrent use.
/// </summary>
internal sealed class TextEncoder(
    Embeddings embeddings,
    IOptions<KnowledgeOptions> options,
    IOptions<WorkOptions> work,
    TimeProvider time,
    ILogger<TextEncoder> logger
)
{
    private const int Attempts = 3;
    private const int PiecesAtOnce = 4;

    // Somebody waits: an endpoint that asks for more is not waited for.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestFirstPause = TimeSpan.FromMilliseconds(500);

    public async Task<EncodingOutcome> EncodeAsync(
        IReadOnlyList<string> texts,
        EncodingWish wish,
        CancellationToken cancellationToken
    )
    {
        if (embeddings.Model is not { } model)
        {
            return new EncodingOutcome.NoModel();
        }

        // Loading the model and counting a long text take a while that no other request should wait for on this thread.
        await Task.Yield();
        var tokens = texts.Select(text => embeddings.CountTokens(text, wish.AreQueries)).ToArray();
        var longest = embeddings.MostTokens;
        var sum = tokens.Sum(count => (long)Math.Min(count, longest ?? int.MaxValue));
        if (sum > options.Value.EmbeddingCallTokens)
        {
            return new EncodingOutcome.OverBudget(sum, options.Value.EmbeddingCallTokens);
        }

        var run = new Run(texts, wish);
        var taken = new List<int>(texts.Count);
        for (var i = 0; i < texts.Count; i++)
        {
            if (!wish.Truncate && longest is { } most && tokens[i] > most)
            {
                run.Fail(
                    i,
                    true,
                    $"It has {tokens[i]} tokens, and the model reads {most}. Shorten it, or send truncate."
                );
            }
            else
            {
                taken.Add(i);
            }
        }

        var pieces = EncodingPiece.Cut(taken, tokens, options.Value.EmbeddingBatch, options.Value.EmbeddingBatchTokens);
        await Parallel.ForEachAsync(
            pieces,
            new ParallelOptions
            {
                // A model in this process runs as many texts at once as it may by itself.
                MaxDegreeOfParallelism = embeddings.IsLocal ? 1 : PiecesAtOnce,
                CancellationToken = cancellationToken,
            },
            async (piece, token) => await EncodeAsync(run, piece, tokens, token)
        );
        return new EncodingOutcome.Done(
            model,
            run.Vectors,
            [.. run.Failed.OrderBy(failed => failed.Index)],
            run.Tokens
        );
    }

    private async Task EncodeAsync(Run run, EncodingPiece piece, int[] tokens, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (run.Lost is { } lost)
                {
                    throw lost;
                }

                var vectors = await embeddings.EncodeAsync(
                    [.. piece.Indexes.Select(index => run.Texts[index])],
                    run.Wish.AreQueries,
                    run.Wish.Dimensions,
                    run.Wish.InProcess,
                    run.Wish.Payer,
                    cancellationToken
                );
                foreach (var (index, vector) in piece.Indexes.Zip(vectors))
                {
                    run.Vectors[index] = vector.Vector;
                }

                run.Count(vectors.Usage?.InputTokenCount ?? piece.Indexes.Sum(index => (long)tokens[index]));
                return;
            }
            catch (ModelException exception)
                when (exception.IsTransient
                    && attempt < Attempts
                    && run.Lost is null
                    && PauseOf(exception, attempt) is { } pause
                )
            {
                await Task.Delay(pause, time, cancellationToken);
            }
            catch (ModelException exception)
                when (piece.Indexes.Count > 1 && !exception.IsTransient && exception.Kind != ModelFailure.Key)
            {
                // One of them is what the model does not take; the others need not suffer for it.
                var (first, second) = piece.Halves;
                await EncodeAsync(run, first, tokens, cancellationToken);
                await EncodeAsync(run, second, tokens, cancellationToken);
                return;
            }
            catch (ModelException exception)
            {
                Give(run, piece, exception);
                return;
            }
        }
    }

    private void Give(Run run, EncodingPiece piece, ModelException exception)
    {
        var isOwn = !exception.IsTransient && exception.Kind != ModelFailure.Key;
        if (!isOwn && run.Lose(exception))
        {
            Log.TextsNotEncoded(logger, exception);
        }

        foreach (var index in piece.Indexes)
        {
            run.Fail(index, isOwn, DetailOf(exception), exception);
        }
    }

    private string DetailOf(ModelException exception) =>
        exception.Kind switch
        {
            ModelFailure.Context => "It is too long for the model. Shorten it.",
            ModelFailure.Policy => "The provider's content filter refuses it.",
            ModelFailure.Client => "The model does not take it.",
            ModelFailure.Key => "The embedding endpoint refuses the server's credential. Tell the operator.",
            ModelFailure.Rate => "The embedding endpoint is over its rate limit. Try again later.",
            _ when embeddings.HasService =>
                $"RAG service error: {exception.Status?.ToString(CultureInfo.InvariantCulture) ?? "no answer"}. Try again.",
            _ when exception.Status is { } status => $"The embedding endpoint failed ({status}). Try again.",
            _ => "The embedding model gave no answer. Try again.",
        };

    /// <summary>Null where it is not worth waiting.</summary>
    private TimeSpan? PauseOf(ModelException exception, int attempt)
    {
        var usual = TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
        var pause =
            exception.RetryAfter ?? (usual < LongestFirstPause ? usual : LongestFirstPause) * Math.Pow(2, attempt - 1);
        return pause <= LongestPause ? pause : null;
    }

    /// <summary>One call. Safe for concurrent use.</summary>
    private sealed class Run(IReadOnlyList<string> texts, EncodingWish wish)
    {
        private readonly ConcurrentBag<UnencodedText> _failed = [];
        private ModelException? _lost;
        private long _tokens;

        public IReadOnlyList<string> Texts { get; } = texts;

        public EncodingWish Wish { get; } = wish;

        public ReadOnlyMemory<float>?[] Vectors { get; } = new ReadOnlyMemory<float>?[texts.Count];

        public IEnumerable<UnencodedText> Failed => _failed;

        public long Tokens => Interlocked.Read(ref _tokens);

        /// <summary>Why nothing more is tried: a model that is silent, or refuses the key, is not asked again for each piece.</summary>
        public ModelException? Lost =>
            _lost is { } lost && (lost.Status is null || lost.Kind == ModelFailure.Key) ? lost : null;

        public void Count(long tokens) => Interlocked.Add(ref _tokens, tokens);

        /// <summary>Whether it is the first time.</summary>
        public bool Lose(ModelException exception) => Interlocked.CompareExchange(ref _lost, exception, null) is null;

        public void Fail(int index, bool isOwnFault, string detail, ModelException? failure = null) =>
            _failed.Add(new UnencodedText(index, isOwnFault, detail) { Failure = failure });
    }
}
