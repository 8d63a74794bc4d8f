using Chancery.Models;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Knowledge;

/// <summary>
/// The model that runs in this process. It is looked for until it is there, so that one which is installed while the server runs
/// is used, and loaded when the first text comes: a start takes no longer for it, and who never searches pays no memory. Safe for
/// concurrent use.
/// </summary>
/// <param name="name">As the catalogue names it.</param>
/// <param name="threads">Texts at once.</param>
internal sealed class LocalModel(LocalModelDirectory directory, string name, int threads, TimeProvider time)
    : IDisposable
{
    // Looking costs a few file statuses; loading what cannot be loaded costs a second of a processor.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private LocalEncoderOptions? _options;
    private LocalEncoder? _encoder;
    private LocalModelException? _failure;
    private long? _lookedAt;
    private long _failedAt;
    private bool _disposed;

    /// <summary>The name under which its vectors are kept; null while it is not installed.</summary>
    public string? Identity
    {
        get
        {
            lock (_lock)
            {
                return Find()?.Model;
            }
        }
    }

    /// <summary>See <see cref="LocalEncoderOptions.Unrelated"/>; null while it is not installed.</summary>
    public double? Unrelated
    {
        get
        {
            lock (_lock)
            {
                return Find()?.Unrelated;
            }
        }
    }

    /// <summary>The model, loaded. A failure is told again for half a minute, then it is tried anew.</summary>
    /// <exception cref="LocalModelException">It cannot be loaded.</exception>
    /// <exception cref="ObjectDisposedException">The server stops.</exception>
    public LocalEncoder Load()
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
                var options = Find() ?? throw new LocalModelException($"The model {name} is not installed.");
                _encoder = new LocalEncoder(options with { Threads = threads });
                _failure = null;
                return _encoder;
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

    private LocalEncoderOptions? Find()
    {
        if (_options is null && (_lookedAt is not { } at || time.GetElapsedTime(at) >= Rest))
        {
            _options = directory.Find(LocalModelCatalogue.Shipped, name);
            _lookedAt = time.GetTimestamp();
        }

        return _options;
    }
}
