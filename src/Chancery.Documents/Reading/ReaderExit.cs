namespace Chancery.Documents;

/// <summary>What a child's end means, where it is the same for every reader.</summary>
internal static class ReaderExit
{
    private const int SignalBase = 128;
    private const int HangUp = SignalBase + 1;
    private const int Interrupt = SignalBase + 2;
    private const int Kill = SignalBase + 9;
    private const int Terminate = SignalBase + 15;
    private const int CpuTimeExceeded = SignalBase + 24;

    /// <summary>Null where the exit code does not tell.</summary>
    public static DocumentUnreadableException? FailureOf(int exitCode, string errors, int page)
    {
        if (
            errors.Contains("Out of memory", StringComparison.OrdinalIgnoreCase)
            || errors.Contains("bad_alloc", StringComparison.Ordinal)
            || errors.Contains("OutOfMemoryException", StringComparison.Ordinal)
        )
        {
            return Failures.OutOfMemory(page);
        }

        return exitCode switch
        {
            CpuTimeExceeded => Failures.TimedOut(page),
            // The tools of the sandbox, like a shell, say that they could not start the reader.
            126 or 127 => Failures.ReaderUnavailable("its reader cannot be started"),
            // Nobody here ends a reader whose exit code is looked at: it was the operator (Ctrl-C reaches all of a terminal's
            // processes, a service manager's stop all of a unit's), or the system short of memory.
            HangUp or Interrupt or Kill or Terminate => Failures.ReaderUnavailable("its reader was ended from outside"),
            _ => null,
        };
    }
}
