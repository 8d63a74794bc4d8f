using Chancery.Server.Platform.Streams;

namespace Chancery.Server.Access.Idempotency;

/// <summary>
/// A response's body that is kept while it is written. A stream of events goes on to the caller at once, and goes on being
/// kept when the caller has left; everything else waits until it is remembered, so that nobody has an answer that is not.
/// </summary>
internal sealed class RecordingBody(HttpContext context, Stream caller) : WriteOnceStream
{
    private const string Events = "text/event-stream";

    private readonly MemoryStream _kept = new();
    private bool _callerLeft;

    public byte[] Kept => _kept.ToArray();

    private bool Streams =>
        context.Response.ContentType?.StartsWith(Events, StringComparison.OrdinalIgnoreCase) is true;

    /// <summary>Hands over what waited.</summary>
    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        if (!Streams && _kept.Length > 0)
        {
            await caller.WriteAsync(_kept.GetBuffer().AsMemory(0, (int)_kept.Length), cancellationToken);
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        _kept.Write(buffer.Span);
        if (Streams)
        {
            await TellAsync(() => caller.WriteAsync(buffer, cancellationToken).AsTask());
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        Streams ? TellAsync(() => caller.FlushAsync(cancellationToken)) : Task.CompletedTask;

    private async Task TellAsync(Func<Task> tell)
    {
        if (_callerLeft)
        {
            return;
        }

        try
        {
            await tell();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Whoever sent a key will ask again with it.
            _callerLeft = true;
        }
    }
}
