using Chancery.Models;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>
/// The cross-encoder that an operator supplies, loaded by the first search that wants it. A failure is told again for half a minute,
/// then it is tried anew. Safe for concurrent use.
/// </summary>
internal sealed class CrossModel(
    CrossEncoderFiles files,
    LocalModelDirectory directory,
    int maxTokens,
    int threads,
    TimeProvider time
) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private LocalCrossEncoder? _encoder;
    private LocalModelException? _failure;
    private long _failedAt;
    private bool _disposed;

    /// <exception cref="LocalModelException">It cannot be loaded.</exception>
    /// <exception cref="ObjectDisposedException">The server stops.</exception>
    public LocalCrossEncoder Load()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_encoder is not null)
            {
                return _encoder;
            }

            if (_failure is not null && time.GetElapsedTime(_failedAt) < Rest)
            {
                throw _failure;
            }

            try
            {
                _failure = null;
                return _encoder = new LocalCrossEncoder(
                    new LocalCrossEncoderOptions
                    {
                        LibraryPath =
                            directory.FindRuntime(LocalModelCatalogue.Shipped)
                            ?? throw new LocalModelException(
                                "ONNX Runtime is not installed: chancery models pull installs it."
                            ),
                        ModelPath = files.Model,
                        TokenizerPath = files.Tokenizer,
                        MaxTokens = maxTokens,
                        Threads = threads,
                    }
                );
            }
            catch (LocalModelException exception)
            {
                (_failure, _failedAt) = (exception, time.GetTimestamp());
                throw;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _encoder?.Dispose();
        }
    }
}

/// <summary>Where the operator's cross-encoder lies.</summary>
internal sealed record CrossEncoderFiles(string Model, string Tokenizer)
{
    public const string Wanted =
        "CROSS_ENCODER must name a directory with model.onnx and tokenizer.json or vocab.txt, an .onnx file with one of them beside "
        + "it, or such a directory in MODELS_DIR.";

    private static readonly string[] Tokenizers = ["tokenizer.json", "vocab.txt"];

    /// <summary>Null where the model, or a tokenizer beside it, is not there.</summary>
    /// <param name="given">A directory with <c>model.onnx</c>, a file that ends in <c>.onnx</c>, or a directory's name below <paramref name="models"/>.</param>
    public static CrossEncoderFiles? Find(string given, string models)
    {
        foreach (var path in new[] { Path.GetFullPath(given), Path.Combine(models, given) })
        {
            var model = Directory.Exists(path) ? Path.Combine(path, "model.onnx") : path;
            if (!model.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) || !File.Exists(model))
            {
                continue;
            }

            var tokenizer = Tokenizers
                .Select(name => Path.Combine(Path.GetDirectoryName(model)!, name))
                .FirstOrDefault(File.Exists);
            if (tokenizer is not null)
            {
                return new CrossEncoderFiles(model, tokenizer);
            }
        }

        return null;
    }
}
