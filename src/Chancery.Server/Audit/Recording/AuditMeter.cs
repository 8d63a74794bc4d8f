using System.Diagnostics.Metrics;

namespace Chancery.Server.Audit.Recording;

/// <summary>How much is recorded, and what waits because the database is away. Safe for concurrent use.</summary>
internal sealed class AuditMeter
{
    private readonly Counter<long> _entries;
    private readonly Counter<long> _deferred;
    private readonly Counter<long> _lost;

    public AuditMeter(IMeterFactory meters)
    {
        var meter = meters.Create("Chancery.Audit");
        _entries = meter.CreateCounter<long>(
            "audit_entries_total",
            description: "Entries of the audit record, by outcome."
        );
        _deferred = meter.CreateCounter<long>(
            "audit_entries_deferred_total",
            description: "Entries that the database could not take at once; they are kept and tried again."
        );
        _lost = meter.CreateCounter<long>(
            "audit_entries_lost_total",
            description: "Entries that were given up: too many waited, or the server ended first."
        );
        meter.CreateObservableGauge(
            "audit_entries_waiting",
            () => Waiting?.Invoke() ?? 0,
            description: "Entries that wait in this process for the database."
        );
    }

    /// <summary>Asked when somebody looks.</summary>
    public Func<long>? Waiting { get; set; }

    public void Recorded(string outcome) => _entries.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Deferred() => _deferred.Add(1);

    public void Lost(long count) => _lost.Add(count);
}
