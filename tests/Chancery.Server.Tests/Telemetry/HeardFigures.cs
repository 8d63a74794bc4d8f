using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>What one server's meter of a name counted since: each figure's name and labels.</summary>
internal sealed class HeardFigures : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentBag<(string Name, string Tags)> _heard = [];

    public HeardFigures(IServiceProvider services, string meter)
    {
        var meters = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == meter && instrument.Meter.Scope == meters)
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Hear(instrument, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Hear(instrument, tags));
        _listener.Start();
    }

    /// <summary>Each as "name label=value label=value".</summary>
    public IReadOnlyCollection<string> All => [.. _heard.Select(one => $"{one.Name} {one.Tags}")];

    /// <summary>All of them once one is there, which is told after its caller has an answer.</summary>
    public async Task<IReadOnlyCollection<string>> WithAsync(string figure)
    {
        for (var tries = 0; !All.Contains(figure); tries++)
        {
            Assert.True(tries < 200, $"No {figure} in\n{string.Join('\n', All)}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        return All;
    }

    public void Dispose() => _listener.Dispose();

    private void Hear(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _heard.Add((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
}
