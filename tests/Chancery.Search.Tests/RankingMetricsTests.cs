using Chancery.Bench.Retrieval;

namespace Chancery.Search.Tests;

/// <summary>What the <c>ranking</c> benchmark measures with, against cases computed by hand.</summary>
public sealed class RankingMetricsTests
{
    private static readonly Dictionary<string, int> Grades = new()
    {
        ["a"] = 3,
        ["b"] = 1,
        ["c"] = 0,
        ["d"] = -1,
        ["e"] = 2,
    };

    [Fact]
    public void Gain_is_discounted_by_rank_and_normalised_by_the_best_that_was_possible()
    {
        // 1 / log2(2) + 3 / log2(4) beside 3 / log2(2) + 2 / log2(3) + 1 / log2(4).
        var gain = RankingMetrics.Ndcg(["b", "x", "a"], Grades, 3);

        Assert.Equal((1 + (3 / 2.0)) / (3 + (2 / 1.584962500721156) + (1 / 2.0)), gain, 1e-12);
        Assert.Equal(1, RankingMetrics.Ndcg(["a", "e", "b", "c"], Grades, 10), 1e-12);
    }

    [Fact]
    public void Only_the_first_ones_count_and_what_is_not_relevant_takes_nothing_away()
    {
        Assert.Equal(0, RankingMetrics.Ndcg(["c", "d", "x", "a"], Grades, 3));
        Assert.Equal(1, RankingMetrics.Ndcg(["a", "d"], Grades, 1), 1e-12);
        Assert.Equal(0, RankingMetrics.Ndcg(["a"], new Dictionary<string, int> { ["a"] = 0 }, 10));
        Assert.Equal(0, RankingMetrics.Ndcg([], Grades, 10));
    }

    [Fact]
    public void Recall_is_the_share_of_what_is_relevant()
    {
        Assert.Equal(2 / 3.0, RankingMetrics.Recall(["c", "a", "b", "e"], Grades, 3), 1e-12);
        Assert.Equal(1, RankingMetrics.Recall(["e", "a", "b"], Grades, 100), 1e-12);
        Assert.Equal(0, RankingMetrics.Recall(["d"], Grades, 100));
        Assert.Equal(0, RankingMetrics.Recall(["a"], new Dictionary<string, int>(), 100));
    }

    [Fact]
    public void The_reciprocal_rank_is_that_of_the_first_relevant_one()
    {
        Assert.Equal(1 / 3.0, RankingMetrics.ReciprocalRank(["c", "x", "b", "a"], Grades), 1e-12);
        Assert.Equal(1, RankingMetrics.ReciprocalRank(["a"], Grades));
        Assert.Equal(0, RankingMetrics.ReciprocalRank(["c", "d"], Grades));
    }

    [Fact]
    public void Fusion_rewards_agreement_and_tells_each_lists_rank()
    {
        var fused = ReciprocalRankFusion.Fuse<string>([
            ["a", "b", "c"],
            ["b", "d"],
        ]);

        Assert.Equal(["b", "a", "d", "c"], fused.Select(item => item.Item));
        Assert.Equal([2, 1], fused[0].Ranks);
        Assert.Equal([1, null], fused[1].Ranks);
        Assert.Equal((1.0 / 62) + (1.0 / 61), fused[0].Score, 1e-12);
    }

    [Fact]
    public void Fusion_keeps_the_order_of_equals_and_counts_a_repeated_item_once()
    {
        var fused = ReciprocalRankFusion.Fuse<string>([
            ["a", "a"],
            ["b"],
        ]);

        Assert.Equal(["a", "b"], fused.Select(item => item.Item));
        Assert.Equal(fused[0].Score, fused[1].Score);
    }

    [Fact]
    public void Fusion_weighs_lists()
    {
        var fused = ReciprocalRankFusion.Fuse<string>(
            [
                ["a"],
                ["b"],
            ],
            weights: [1, 2]
        );

        Assert.Equal(["b", "a"], fused.Select(item => item.Item));
    }
}
