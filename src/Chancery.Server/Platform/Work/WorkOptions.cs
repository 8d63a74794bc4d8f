using System.ComponentModel.DataAnnotations;

namespace Chancery.Server.Platform.Work;

/// <summary>How background work runs.</summary>
public sealed class WorkOptions
{
    /// <summary>Pieces of work at the same time in this process; 0 leaves the work to other replicas.</summary>
    [ConfigurationKeyName("WORKERS"), Range(0, 64)]
    public int Workers { get; set; } = 2;

    /// <summary>Pieces of work beside them that wait for servers of others; none where <see cref="Workers"/> is 0.</summary>
    [ConfigurationKeyName("WAITING_WORKERS"), Range(1, 64)]
    public int WaitingWorkers { get; set; } = 8;

    /// <summary>After how many seconds of silence a worker is taken for dead. Renewed at a third of it.</summary>
    [ConfigurationKeyName("WORK_LEASE_SECONDS"), Range(1, 3600)]
    public int LeaseSeconds { get; set; } = 30;

    /// <summary>Pause after the first unexpected fault, in milliseconds; doubles each time.</summary>
    [ConfigurationKeyName("WORK_RETRY_MILLISECONDS"), Range(1, 3_600_000)]
    public int RetryMilliseconds { get; set; } = 5000;

    /// <summary>Tries before work is given up.</summary>
    [ConfigurationKeyName("WORK_ATTEMPTS"), Range(1, 100)]
    public int Attempts { get; set; } = 5;

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);
}
