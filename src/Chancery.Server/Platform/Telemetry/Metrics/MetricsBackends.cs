using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Starts the backends that METRICS_BACKEND names: one, several with commas, <c>auto</c> or <c>noop</c>.</summary>
internal sealed class MetricsBackends : IHostedService
{
    private const string Setting = "METRICS_BACKEND";

    private readonly List<IMetricsBackend> _chosen;

    /// <exception cref="SettingException">A name that no backend has.</exception>
    public MetricsBackends(IConfiguration configuration, IEnumerable<IMetricsBackend> backends)
    {
        var all = backends.ToList();
        var asked = (configuration[Setting] ?? "")
            .ToLowerInvariant()
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        _chosen = asked switch
        {
            [] or ["auto"] => [.. all.Where(backend => backend.IsConfigured)],
            ["noop"] or ["none"] => [],
            _ => [.. asked.Select(name => all.Find(backend => backend.Name == name) ?? throw Unknown(all))],
        };
        if (Chooses(PrometheusBackend.BackendName) && !PrometheusBackend.IsEnabled(configuration))
        {
            throw new SettingException("PROMETHEUS_ENABLED", $"is false, and {Setting} asks for prometheus: drop one.");
        }
    }

    public IEnumerable<string> Names => _chosen.Select(backend => backend.Name);

    public bool Chooses(string name) => _chosen.Exists(backend => backend.Name == name);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _chosen.ForEach(backend => backend.Start());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_chosen.Select(backend => backend.StopAsync()));

    private static SettingException Unknown(List<IMetricsBackend> all) =>
        new(
            Setting,
            $"takes auto, noop, {string.Join(", ", all.Select(backend => backend.Name))}; several with commas."
        );
}

/// <summary>Figures are added up in this process, and told to whoever fetches <c>/metrics</c>.</summary>
internal sealed class PrometheusBackend(IConfiguration configuration, MetricsCollector collector) : IMetricsBackend
{
    public const string BackendName = "prometheus";

    public string Name => BackendName;

    public bool IsConfigured => IsEnabled(configuration);

    public static bool IsEnabled(IConfiguration configuration) =>
        Numbers.Flag(configuration, "PROMETHEUS_ENABLED") ?? true;

    public void Start() => collector.Start();

    public Task StopAsync() => Task.CompletedTask;
}
