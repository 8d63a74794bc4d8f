namespace Chancery.Server.Answers.Chat;

/// <summary>Gives running answers SHUTDOWN_GRACE to finish when the server stops, and ends them then.</summary>
public sealed class ShutdownGrace : IDisposable
{
    private readonly CancellationTokenSource _expired = new();
    private readonly CancellationTokenRegistration _stopping;

    public ShutdownGrace(IHostApplicationLifetime lifetime, AnswersOptions options) =>
        _stopping = lifetime.ApplicationStopping.Register(() => _expired.CancelAfter(options.ShutdownGrace));

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Expired => _expired.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _expired.Dispose();
    }
}
