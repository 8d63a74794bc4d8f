using Chancery.Server.Platform.Streams;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>How slowly an archive may be read: whoever reads it holds a seat, a connection and a snapshot of the database.</summary>
internal sealed record ArchivePace
{
    /// <summary>What has to be read on average.</summary>
    public long BytesPerSecond { get; init; } = 256 * 1024;

    /// <summary>How far behind that the reader may fall: a pause, or a slow stretch.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>From the first byte to the last, at whatever pace.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(6);
}

/// <summary>Whoever reads an archive was slower than may be.</summary>
internal sealed class ReaderTooSlowException() : IOException("The archive was read more slowly than may be.");

/// <summary>
/// Hands on what is written, and gives up on a reader who is too slow. Only what the reader takes counts, not what it takes to find the
/// rows.
/// </summary>
internal sealed class PacedStream(Stream target, ArchivePace pace, TimeProvider time) : WriteOnceStream
{
    private TimeSpan _behind;
    private long? _begun;

    /// <exception cref="ReaderTooSlowException">The reader fell too far behind, or all of it took too long.</exception>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        var from = time.GetTimestamp();
        _begun ??= from;
        var left = Shorter(pace.Patience - _behind, pace.Longest - time.GetElapsedTime(_begun.Value));
        if (left <= TimeSpan.Zero)
        {
            throw new ReaderTooSlowException();
        }

        using var limit = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await target.WriteAsync(buffer, either.Token);
        }
        catch (OperationCanceledException)
            when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ReaderTooSlowException();
        }

        var lost = time.GetElapsedTime(from) - TimeSpan.FromSeconds((double)buffer.Length / pace.BytesPerSecond);
        _behind = _behind + lost is { Ticks: > 0 } behind ? behind : TimeSpan.Zero;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => target.FlushAsync(cancellationToken);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
