using Chancery.Server.Answers.Chat;

namespace Chancery.Server.Gateway;

/// <summary>
/// How long a program's call goes on: while the program is there, and while a server that stops gives it <c>SHUTDOWN_GRACE</c>.
/// </summary>
internal sealed class CallLife(HttpContext http, ShutdownGrace grace) : IDisposable
{
    private readonly CancellationTokenSource _both = CancellationTokenSource.CreateLinkedTokenSource(
        http.RequestAborted,
        grace.Expired
    );

    /// <summary>Cancelled when either is over.</summary>
    public CancellationToken Token => _both.Token;

    /// <summary>Whether the server's stopping ended it, so that its caller is there to be told.</summary>
    public bool IsStopped => grace.Expired.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested;

    public void Dispose() => _both.Dispose();
}
