using System.Diagnostics.Metrics;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Evaluation.Telemetry;

/// <summary>How evaluations and attacks end, what answers score, what they cost. Safe for concurrent use.</summary>
/// <remarks>No label names an organisation, a dataset or a question.</remarks>
internal sealed class EvalMeter
{
    public const string MeterName = "Chancery.Evaluation";

    /// <summary>What the target of a run of attacks is called, beside the kinds of targets that datasets are asked of.</summary>
    public const string RedTeam = "red_team";

    private static readonly double[] Tenths = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    private readonly Counter<long> _runs;
    private readonly Counter<long> _questions;
    private readonly Histogram<double> _scores;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _attacks;
    private readonly Counter<double> _cost;

    public EvalMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _runs = meter.CreateCounter<long>(
            "chancery_eval_runs_total",
            description: "Evaluations and runs of attacks that ended, by how."
        );
        _questions = meter.CreateCounter<long>(
            "chancery_eval_questions_total",
            description: "Questions of datasets that were asked, by what came of it."
        );
        _scores = meter.CreateHistogram(
            "chancery_eval_score",
            description: "Scores of answers to questions of datasets, 0 to 1.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Tenths }
        );
        _failed = meter.CreateCounter<long>(
            "chancery_eval_scores_failed_total",
            description: "Scores that there are none of because an answer or a judge failed."
        );
        _attacks = meter.CreateCounter<long>(
            "chancery_red_team_attacks_total",
            description: "Attacks that were tried, by what became of them."
        );
        _cost = meter.CreateCounter<double>(
            "chancery_eval_cost_dollars_total",
            description: "What evaluations, their judges and attacks cost, in dollars."
        );
    }

    /// <param name="target">A kind of target, or <see cref="RedTeam"/>.</param>
    /// <param name="origin">What started it: one of <c>RunOrigin</c>.</param>
    /// <param name="state">How it ended: one of <c>RunState</c>.</param>
    public void Ended(string target, string origin, string state) =>
        _runs.Add(1, new("target", target), new("origin", origin), new("state", state));

    /// <summary>A question was answered and scored.</summary>
    /// <param name="target">A kind of target.</param>
    /// <param name="outcome">Of the answer.</param>
    /// <param name="scores">By the names that the API has for them; what is not applicable is not told.</param>
    public void Scored(string target, string outcome, IEnumerable<KeyValuePair<string, Score>> scores, NanoDollars cost)
    {
        _questions.Add(1, new("target", target), new KeyValuePair<string, object?>("outcome", outcome));
        Cost(target, cost);
        foreach (var (name, score) in scores)
        {
            if (score is Score.Failed)
            {
                _failed.Add(
                    1,
                    new("score", name),
                    new KeyValuePair<string, object?>("judge", IsJudged(name) ? "yes" : "no")
                );
            }
            else if (score.Value is { } value)
            {
                _scores.Record(value, new("score", name), new KeyValuePair<string, object?>("target", target));
            }
        }
    }

    /// <param name="kind">Of the attack.</param>
    /// <param name="outcome">What became of it.</param>
    public void Attacked(string kind, string outcome, NanoDollars cost)
    {
        _attacks.Add(1, new("kind", kind), new KeyValuePair<string, object?>("outcome", outcome));
        Cost(RedTeam, cost);
    }

    private void Cost(string target, NanoDollars cost)
    {
        if (cost.Value > 0)
        {
            _cost.Add((double)cost.Dollars, new KeyValuePair<string, object?>("target", target));
        }
    }

    private static bool IsJudged(string score) => ScoreName.Judged.Contains(score, StringComparer.Ordinal);
}
