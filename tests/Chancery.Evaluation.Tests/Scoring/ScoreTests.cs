using System.Text.Json;
using Chancery.Evaluation.Scoring;

namespace Chancery.Evaluation.Tests.Scoring;

public sealed class ScoreTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.001)]
    [InlineData(1.001)]
    [InlineData(double.PositiveInfinity)]
    public void A_score_is_never_outside_its_range_nor_not_a_number(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Score.Of(value));

    [Fact]
    public void Each_state_is_an_object_in_JSON_and_comes_back()
    {
        (Score Score, string Json)[] all =
        [
            (Score.Of(0.5), """{"state":"number","value":0.5}"""),
            (Score.None, """{"state":"notApplicable"}"""),
            (new Score.Failed("No evidence."), """{"state":"failed","Reason":"No evidence."}"""),
        ];

        Assert.All(
            all,
            one =>
            {
                Assert.Equal(one.Json, JsonSerializer.Serialize(one.Score));
                Assert.Equal(one.Score, JsonSerializer.Deserialize<Score>(one.Json));
            }
        );
    }

    [Fact]
    public void Coverage_stands_beside_the_mean_and_failures_are_not_zeros()
    {
        var summary = ScoreSummary.Of([Score.Of(1), Score.Of(0.5), new Score.Failed("x"), Score.None, Score.Of(0)]);

        Assert.Equal(0.5, summary.Mean!.Value, 1e-12);
        Assert.Equal((3, 1, 1, 0.75), (summary.Count, summary.NotApplicable, summary.Failed, summary.Coverage));
        Assert.True(summary.Interval!.Value.Contains(0.5));
    }

    [Fact]
    public void A_summary_of_failures_has_no_mean_and_no_coverage_and_of_nothing_misses_nothing()
    {
        var failed = ScoreSummary.Of([new Score.Failed("x")]);
        var nothing = ScoreSummary.Of([Score.None]);

        Assert.Equal((null, null, 0.0), (failed.Mean, failed.Interval, failed.Coverage));
        Assert.Equal((null, null, 1.0), (nothing.Mean, nothing.Interval, nothing.Coverage));
    }

    [Fact]
    public void All_right_is_not_certain()
    {
        var summary = ScoreSummary.Of(Enumerable.Repeat(Score.Of(true), 20));

        Assert.Equal(1, summary.Mean);
        Assert.InRange(summary.Interval!.Value.Low, 0.8, 0.9);
    }

    [Fact]
    public void A_comparison_pairs_questions_and_counts_those_without_a_pair()
    {
        List<Score> first = [Score.Of(0), Score.Of(0), Score.Of(1), new Score.Failed("x"), Score.None];
        List<Score> second = [Score.Of(1), Score.Of(1), Score.Of(0.5), Score.Of(1), Score.None];

        var comparison = ScoreComparison.Between(first, second);

        Assert.Equal(0.5, comparison.Difference!.Value, 1e-12);
        Assert.Equal((2, 1, 3, 1), (comparison.Better, comparison.Worse, comparison.Pairs, comparison.Unpaired));
        Assert.Equal(1, comparison.PValue);
        Assert.True(comparison.MayBeWorseBy(0.1));
    }

    [Fact]
    public void A_gate_opens_only_for_what_is_surely_no_worse()
    {
        var before = Enumerable.Repeat(Score.Of(0.5), 100).ToList();
        var after = Enumerable.Range(0, 100).Select(i => Score.Of(i % 2 == 0 ? 0.5 : 0.51)).ToList();

        Assert.False(ScoreComparison.Between(before, after).MayBeWorseBy(0));
        Assert.True(ScoreComparison.Between(after, before).MayBeWorseBy(0));
        Assert.False(ScoreComparison.Between(after, before).MayBeWorseBy(0.02));
        Assert.True(ScoreComparison.Between([], []).MayBeWorseBy(1));
    }

    [Fact]
    public void Gain_is_that_of_the_worked_example()
    {
        // Grades 3, 2, 3, 0, 1, 2 in the order ranked; linear gains: 6.861 of 7.141.
        string[] ranked = ["a", "b", "c", "d", "e", "f"];
        var grades = new Dictionary<string, int>
        {
            ["a"] = 3,
            ["b"] = 2,
            ["c"] = 3,
            ["d"] = 0,
            ["e"] = 1,
            ["f"] = 2,
        };

        Assert.Equal(0.961, RetrievalScores.Ndcg(ranked, grades, 6).Value!.Value, 1e-3);
        Assert.Equal(1, RetrievalScores.Ndcg(["c", "a", "b", "f", "e"], grades, 6).Value);
    }

    [Fact]
    public void Recall_and_reciprocal_rank_look_as_deep_as_they_are_told()
    {
        var grades = new Dictionary<string, int>
        {
            ["x"] = 1,
            ["y"] = 1,
            ["z"] = 0,
        };

        Assert.Equal(0.5, RetrievalScores.Recall(["z", "x", "y"], grades, 2).Value);
        Assert.Equal(0.5, RetrievalScores.ReciprocalRank(["z", "x", "y"], grades, 2).Value);
        Assert.Equal(0, RetrievalScores.ReciprocalRank(["z", "x"], grades, 1).Value);
        Assert.Equal(0, RetrievalScores.Recall([], grades, 5).Value);
        Assert.Equal(0.5, RetrievalScores.Recall(["x", "x"], grades, 2).Value);
    }

    [Fact]
    public void Where_nothing_is_relevant_rankings_are_not_scored()
    {
        var grades = new Dictionary<string, int> { ["x"] = 0 };

        Assert.Equal(Score.None, RetrievalScores.Ndcg(["x"], grades, 1));
        Assert.Equal(Score.None, RetrievalScores.Recall(["x"], grades, 1));
        Assert.Equal(Score.None, RetrievalScores.ReciprocalRank(["x"], grades, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrievalScores.Ndcg(["x"], grades, 0));
    }

    [Fact]
    public void Citations_are_scored_where_somebody_said_what_to_expect()
    {
        Assert.Equal(0.5, CitationScores.Precision([1, 2, 2], [2, 3]).Value);
        Assert.Equal(0.5, CitationScores.Recall([1, 2], [2, 3]).Value);
        Assert.Equal(0, CitationScores.Recall([], [2]).Value);
        Assert.Equal(0, CitationScores.Precision([1], []).Value);
        Assert.Equal(Score.None, CitationScores.Precision([], [2]));
        Assert.Equal(Score.None, CitationScores.Precision([1], null));
        Assert.Equal(Score.None, CitationScores.Recall([1], []));
    }

    [Fact]
    public void Refusals_are_counted_both_ways()
    {
        var scores = RefusalScores.Of([(true, true), (true, false), (false, false), (false, false), (false, true)]);

        Assert.Equal(new RefusalScores(2, 1, 1, 1), scores);
        Assert.Equal(2 / 3.0, scores.AnswerRate.Value!.Value, 1e-12);
        Assert.Equal(0.5, scores.FalseAnswerRate.Value);
        Assert.Equal(Score.None, RefusalScores.Of([]).AnswerRate);
        Assert.Equal(
            (1.0, 0.0),
            (RefusalScores.Correctness(true, true).Value, RefusalScores.Correctness(true, false).Value)
        );
    }
}
