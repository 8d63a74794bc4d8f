namespace Chancery.Server.Commands.Remote;

/// <summary>A command cannot go on. The message says what to do next.</summary>
internal sealed class RemoteException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
