namespace Chancery.Documents;

/// <param name="AddressSpaceBytes">Everything mapped, which is more than what is used.</param>
/// <param name="CpuTime">Processor time over all threads; rounded up to seconds.</param>
/// <param name="Processes">Processes and threads together, 1 for a program that starts none.</param>
public sealed record SandboxLimits(long AddressSpaceBytes, TimeSpan CpuTime, int Processes)
{
    /// <summary>Open files, sockets and pipes.</summary>
    public int OpenFiles { get; init; } = 256;
}
