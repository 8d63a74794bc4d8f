using System.Diagnostics.Metrics;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>Counts what changes of the embedding model do.</summary>
internal sealed class ModelChangeMeter
{
    public const string MeterName = "Chancery.ModelChanges";

    private readonly Counter<long> _passages;
    private readonly Counter<long> _ended;

    public ModelChangeMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _passages = meter.CreateCounter<long>(
            "model_change_passages_total",
            description: "Passages that got a vector of the model that is changed to."
        );
        _ended = meter.CreateCounter<long>(
            "model_changes_total",
            description: "Changes of the model that ended, by how."
        );
    }

    public void Embedded(string model, int passages) =>
        _passages.Add(passages, new KeyValuePair<string, object?>("model", model));

    /// <param name="state">One of <see cref="ModelChangeState"/>.</param>
    public void Ended(string state) => _ended.Add(1, new KeyValuePair<string, object?>("end", state));
}
