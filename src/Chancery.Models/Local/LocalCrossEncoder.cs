namespace Chancery.Models;

/// <summary>
/// A cross-encoder in this process: a model of the BERT family as ONNX that reads a query and a passage together and answers one
/// number, more where they belong together. Each pair runs alone, several at once on threads, so that a score depends on nothing
/// but its pair, as with <see cref="LocalEncoder"/>. Safe for concurrent use.
/// </summary>
public sealed class LocalCrossEncoder : IDisposable
{
    private readonly LocalCrossEncoderOptions _options;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly OnnxSession _session;
    private readonly SemaphoreSlim _running;

    /// <summary>Loads library, model and tokenizer, and asks it once.</summary>
    /// <exception cref="LocalModelException">One of them is missing or is not what it should be.</exception>
    public LocalCrossEncoder(LocalCrossEncoderOptions options)
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
            _session = OnnxSession.Open(OnnxRuntimeApi.Load(options.LibraryPath), options.ModelPath, threads: 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalModelException($"The cross-encoder's files cannot be read: {exception.Message}", exception);
        }

        _running = new SemaphoreSlim(options.Threads);
        try
        {
            // Once before it is needed: a model that was made for something else is told from the first.
            Score("warm", "warm");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A number for each passage, in their order.</summary>
    /// <exception cref="LocalModelException">The model answered something else than a number.</exception>
    /// <exception cref="OperationCanceledException">Between two pairs.</exception>
    public async Task<double[]> ScoreAsync(
        string query,
        IReadOnlyList<string> passages,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(passages);

        var scores = new double[passages.Count];
        await Parallel.ForAsync(
            0,
            passages.Count,
            new ParallelOptions { MaxDegreeOfParallelism = _options.Threads, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                // The bound is the process's, not the call's.
                await _running.WaitAsync(token);
                try
                {
                    scores[i] = Score(query, passages[i]);
                }
                finally
                {
                    _running.Release();
                }
            }
        );
        return scores;
    }

    public void Dispose()
    {
        _session.Dispose();
        _running.Dispose();
    }

    private double Score(string query, string passage)
    {
        var ids = new int[_options.MaxTokens];
        var count = _tokenizer.EncodePair(query, passage, ids, out var second);
        return _session.Run(
            ids.AsSpan(0, count),
            (answer, _) =>
                answer.Length != 1
                    ? throw new LocalModelException(
                        $"{_options.ModelPath} answers {answer.Length} numbers to a pair: a cross-encoder answers one."
                    )
                : float.IsFinite(answer[0]) ? answer[0]
                : throw new LocalModelException($"{_options.ModelPath} answered what is no number."),
            second
        );
    }
}
