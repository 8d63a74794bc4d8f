namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Somebody who takes this server's figures.</summary>
/// <remarks>
/// Registered as a service, a further one is chosen by its name in METRICS_BACKEND as those of the house are. What it does
/// must not throw and not wait: nobody but it cares whether its receiver is there.
/// </remarks>
public interface IMetricsBackend
{
    /// <summary>As METRICS_BACKEND spells it, in lower case.</summary>
    public string Name { get; }

    /// <summary>Whether the settings name a receiver, so that <c>auto</c> takes it.</summary>
    public bool IsConfigured { get; }

    public void Start();

    /// <summary>Tells what is left, briefly.</summary>
    public Task StopAsync();
}
