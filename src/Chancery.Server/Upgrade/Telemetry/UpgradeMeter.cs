using System.Diagnostics.Metrics;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Upgrade.Storing;

namespace Chancery.Server.Upgrade.Telemetry;

/// <summary>How long upgrades of prompts take, and what goes wrong with them. Safe for concurrent use.</summary>
internal sealed class UpgradeMeter
{
    public const string MeterName = "Chancery.Upgrade";

    private readonly Histogram<double> _latency;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _ratings;
    private readonly Counter<long> _upgrades;
    private readonly Histogram<double> _componentTime;
    private readonly Counter<long> _componentTokens;
    private readonly Counter<double> _componentCost;

    public UpgradeMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _latency = meter.CreateHistogram(
            "orchestrator_upgrade_latency_seconds",
            "s",
            "How long upgrades of prompts took, from the request to the result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2, 5, 10] }
        );
        _errors = meter.CreateCounter<long>(
            "orchestrator_upgrade_errors_total",
            description: "Parts of upgrades that failed, by what went wrong; something simpler took their place where it could."
        );
        _ratings = meter.CreateCounter<long>(
            "chancery_upgrade_ratings_total",
            description: "Upgrades that somebody gave thumbs up or down."
        );
        _upgrades = meter.CreateCounter<long>(
            "chancery_upgrades_total",
            description: "Upgrades that were answered, by what the answer is."
        );
        _componentTime = meter.CreateHistogram(
            "chancery_upgrade_component_duration_seconds",
            "s",
            "How long the parts of upgrades took, by how they ended; those that were passed over are not told.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = GenAI.SecondBounds }
        );
        _componentTokens = meter.CreateCounter<long>(
            "chancery_upgrade_component_tokens_total",
            "{token}",
            "Tokens that the parts of upgrades took."
        );
        _componentCost = meter.CreateCounter<double>(
            "chancery_upgrade_component_cost_dollars_total",
            description: "What the parts of upgrades cost, in dollars."
        );
    }

    public void Took(TimeSpan time) => _latency.Record(time.TotalSeconds);

    /// <summary>An upgrade came to its end, with what its parts did.</summary>
    /// <param name="outcome">One of <see cref="UpgradeOutcome"/>.</param>
    public void Ended(string outcome, IEnumerable<UpgradeComponent> components)
    {
        _upgrades.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        foreach (var part in components.Where(part => part.State != StageState.Skipped))
        {
            _componentTime.Record(
                part.LatencyMs / 1000,
                new("component", part.Component),
                new KeyValuePair<string, object?>("state", part.State)
            );
            Tokens(part.Component, GenAI.InputTokenType, part.TokensIn);
            Tokens(part.Component, GenAI.OutputTokenType, part.TokensOut);
            if (part.CostUsd > 0)
            {
                _componentCost.Add(
                    (double)part.CostUsd,
                    new KeyValuePair<string, object?>("component", part.Component)
                );
            }
        }

        void Tokens(string component, string type, long tokens)
        {
            if (tokens > 0)
            {
                _componentTokens.Add(
                    tokens,
                    new("component", component),
                    new KeyValuePair<string, object?>(GenAI.TokenType, type)
                );
            }
        }
    }

    /// <param name="type">The code of a problem.</param>
    public void Failed(string type) => _errors.Add(1, new KeyValuePair<string, object?>("error_type", type));

    public void Rated(bool isGood) =>
        _ratings.Add(1, new KeyValuePair<string, object?>("rating", isGood ? "up" : "down"));
}
