using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Gating;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>How much two runs say of each other.</summary>
public sealed class GateEvidenceTests
{
    private static readonly Guid[] Questions = [.. Enumerable.Range(0, 4).Select(_ => Guid.CreateVersion7())];

    [Fact]
    public void What_a_version_says_nothing_to_and_what_no_judge_could_score_lower_the_coverage()
    {
        var before = Judged(4, 4, 4, null);
        var silent = Judged(4, 4, null, null);
        var broken = Judged(4, 4, 4, null);
        broken[Questions[0]] = Scores(new Score.Failed("The judge broke off."));

        Assert.Equal(1, GateEvidence.CoverageOf(ScoreName.Relevance, before, before));
        Assert.Equal(2.0 / 3, GateEvidence.CoverageOf(ScoreName.Relevance, before, silent), 6);
        Assert.Equal(2.0 / 3, GateEvidence.CoverageOf(ScoreName.Relevance, before, broken), 6);
        Assert.Equal(0, GateEvidence.CoverageOf(ScoreName.Helpfulness, before, before));
    }

    [Fact]
    public void A_first_answer_and_a_right_refusal_do_not()
    {
        var before = Judged(4, 4, 4, null);
        var better = Judged(4, 4, null, 4);
        better[Questions[2]] = new Dictionary<string, Score> { [ScoreName.Refusal] = Score.Of(true) };
        var wrong = Judged(4, 4, null, 4);
        wrong[Questions[2]] = new Dictionary<string, Score> { [ScoreName.Refusal] = Score.Of(false) };

        Assert.Equal(1, GateEvidence.CoverageOf(ScoreName.Relevance, before, better));
        Assert.Equal(2.0 / 3, GateEvidence.CoverageOf(ScoreName.Relevance, before, wrong), 6);
    }

    [Fact]
    public void Costs_are_of_the_questions_that_both_answered()
    {
        var before = Costs(1, 3, null, null);
        var after = Costs(4, 4, 90, null);
        var free = Costs(0, 0, null, null);

        Assert.Equal(2, GateCost.Between(before, after).Ratio!.Value);
        Assert.Equal(4m, GateCost.Between(before, after).After);
        Assert.True(GateCost.Between(free, after) is { IsUntold: true, Ratio: null });
        Assert.True(GateCost.Between(free, free) is { IsUntold: false, Ratio: null });
        Assert.Equal(
            new GateCost(null, null),
            GateCost.Between(Costs(1, null, null, null), Costs(null, 1, null, null))
        );
    }

    private static Dictionary<Guid, IReadOnlyDictionary<string, Score>> Judged(params int?[] points) =>
        Questions
            .Zip(points)
            .ToDictionary(
                pair => pair.First,
                IReadOnlyDictionary<string, Score> (pair) =>
                    Scores(pair.Second is { } given ? Score.Of(given / 5.0) : Score.None)
            );

    private static Dictionary<string, Score> Scores(Score score) =>
        new Dictionary<string, Score> { [ScoreName.Relevance] = score };

    private static Dictionary<Guid, NanoDollars> Costs(params int?[] dollars) =>
        Questions
            .Zip(dollars)
            .Where(pair => pair.Second is not null)
            .ToDictionary(pair => pair.First, pair => NanoDollars.OfDollars(pair.Second!.Value));
}
