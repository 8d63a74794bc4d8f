using System.Diagnostics.Metrics;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Telemetry;

namespace Chancery.Server.Contracts.Telemetry;

/// <summary>What becomes of drafts, changes and proposals, how long they take and what they cost. Safe for concurrent use.</summary>
/// <remarks>No label names an organisation or a person: how much each of them drafts, the database tells (analytics.md).</remarks>
internal sealed class ContractMeter
{
    public const string MeterName = "Chancery.Contracts";

    private static readonly double[] SecondBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640];
    private static readonly double[] DollarBounds = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Counter<long> _revisions;
    private readonly Counter<long> _proposals;
    private readonly Histogram<double> _duration;
    private readonly Histogram<long> _tokens;
    private readonly Histogram<double> _cost;

    public ContractMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _revisions = meter.CreateCounter<long>(
            "chancery_contract_revisions_total",
            description: "Revisions that were stored, by how they came to be."
        );
        _proposals = meter.CreateCounter<long>(
            "chancery_contract_proposals_total",
            description: "Proposals that were made, and decisions on them."
        );
        _duration = meter.CreateHistogram(
            "chancery_contract_operation_duration_seconds",
            "s",
            "How long drafts and changes by instruction took, by how they ended.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = SecondBounds }
        );
        _tokens = meter.CreateHistogram(
            "chancery_contract_tokens",
            "{token}",
            "Tokens that models took for one draft or change.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = GenAI.TokenBounds }
        );
        _cost = meter.CreateHistogram(
            "chancery_contract_cost_dollars",
            description: "What models cost for one draft or change, in dollars.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DollarBounds }
        );
    }

    /// <param name="kind">draft or revision.</param>
    /// <param name="outcome">One of <c>OperationState</c>.</param>
    public void Ended(string kind, string outcome, TimeSpan took) =>
        _duration.Record(took.TotalSeconds, new("kind", kind), new("outcome", outcome));

    public void Stored(RevisionFacts facts)
    {
        _revisions.Add(1, new KeyValuePair<string, object?>("source", facts.Source));
        // What an accepted change cost was told when it was proposed.
        if (facts.Source != RevisionSource.Accepted)
        {
            Wrote(facts.Source, facts.Work);
        }
    }

    public void Proposed(RevisionFacts facts)
    {
        _proposals.Add(1, new KeyValuePair<string, object?>("outcome", "made"));
        Wrote("proposed", facts.Work);
    }

    public void Decided(bool isAccepted) =>
        _proposals.Add(1, new KeyValuePair<string, object?>("outcome", isAccepted ? "accepted" : "rejected"));

    private void Wrote(string source, ModelWork work)
    {
        if (work.Model is null)
        {
            return;
        }

        _tokens.Record(work.InputTokens, new("source", source), new(GenAI.TokenType, GenAI.InputTokenType));
        _tokens.Record(work.OutputTokens, new("source", source), new(GenAI.TokenType, GenAI.OutputTokenType));
        _cost.Record(
            (double)new NanoDollars(work.CostNanoDollars).Dollars,
            new KeyValuePair<string, object?>("source", source)
        );
    }
}
