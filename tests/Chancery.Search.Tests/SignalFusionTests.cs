using FsCheck;
using FsCheck.Fluent;

namespace Chancery.Search.Tests;

public sealed class SignalFusionTests
{
    private const double WholeScore = 10;

    // Twelve passages that have a little of the query each.
    private static readonly FusionCandidate[] Alike =
    [
        .. Enumerable.Range(0, 12).Select(i => new FusionCandidate(3 - (i * 0.01), 0.1 + (i * 0.05))),
    ];

    [Fact]
    public void Where_words_have_no_winner_meaning_decides()
    {
        var fused = SignalFusion.Fuse(Alike, WholeScore, familiarity: 0.95);

        Assert.Equal(11, fused.Ranked[0].Index);
        Assert.InRange(fused.MeaningWeight, 0.7, 0.8);
    }

    [Fact]
    public void A_clear_winner_of_the_words_stays_the_winner()
    {
        // An order number that stands in one passage only, whose vector says nothing.
        FusionCandidate[] candidates = [new(WholeScore, 0.05), .. Alike.Select(one => one with { Lexical = 0 })];

        Assert.Equal(0, SignalFusion.Fuse(candidates, WholeScore, familiarity: 0.95).Ranked[0].Index);
    }

    [Fact]
    public void The_only_passage_with_one_poor_word_of_many_is_no_winner()
    {
        FusionCandidate[] candidates = [new(0.5, 0.1), new(0, 0.6), new(0, 0.2)];

        Assert.Equal(1, SignalFusion.Fuse(candidates, WholeScore, familiarity: 0.95).Ranked[0].Index);
    }

    [Fact]
    public void A_model_that_is_lost_in_the_language_weighs_less_and_one_that_knows_no_word_nothing()
    {
        double[] weights =
        [
            .. new double?[] { 0.95, null, 0.45, 0.1 }.Select(share =>
                SignalFusion.Fuse(Alike, WholeScore, share).MeaningWeight
            ),
        ];
        var lost = SignalFusion.Fuse(
            Alike,
            WholeScore,
            0.2,
            weights: new FusionWeights(0.8, 0.6, Lost: 0.2, AtHome: 0.7)
        );

        Assert.Equal(weights.OrderDescending(), weights);
        Assert.Equal(4, weights.Distinct().Count());
        Assert.Equal(0, lost.MeaningWeight);
        Assert.Equal(Enumerable.Range(0, 12), lost.Ranked.Select(ranked => ranked.Index));
    }

    [Fact]
    public void A_passage_without_a_vector_keeps_the_place_that_words_give_it()
    {
        FusionCandidate[] candidates = [new(9, null), new(8, 0.9), new(7, 0.1), new(1, null)];

        Assert.Equal(
            [0, 1],
            SignalFusion.Fuse(candidates, WholeScore, 0.95).Ranked.Take(2).Select(ranked => ranked.Index)
        );
        Assert.Equal(
            [0, 1, 2],
            SignalFusion
                .Fuse([new(9, null), new(8, null), new(1, null)], WholeScore, 0.95)
                .Ranked.Select(one => one.Index)
        );
    }

    [Theory]
    [InlineData("Item 5-7")]
    [InlineData("What does Item 5-7 weigh?")]
    [InlineData("Item 5-7 costs")]
    [InlineData("How heavy is 5‑7?")]
    public void The_passage_with_the_name_that_was_asked_for_comes_first_among_hundreds_alike(string query)
    {
        // The figures of one model with such lines: all are like the question, and which is more so tells nothing.
        string[] passages =
        [
            .. from shelf in Enumerable.Range(1, 21)
            from place in Enumerable.Range(1, 20)
            select $"Item {shelf}-{place} costs {(shelf * 977) + (place * 13)} crowns and weighs {1 + (shelf * place % 9)} stones.",
        ];

        var first = FuseOf(query, passages, place => 0.47 + (place * 7 % 420 / 420.0 * 0.03)).Ranked[0].Index;

        Assert.StartsWith("Item 5-7 ", passages[first], StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_passage_with_the_name_precedes_a_short_one_with_all_other_words()
    {
        string[] passages =
        [
            "The valve, its purpose and its parts, in the order in which they are made: "
                + string.Join(", ", Enumerable.Range(1, 60).Select(i => $"part {(char)('a' + (i % 26))}"))
                + ", and KX-4410.",
            "Valve pressure: the pressure of the valve.",
            "Valve pressure of KX-4411.",
        ];

        Assert.Equal(0, FuseOf("valve pressure KX-4410", passages, place => place * 0.4).Ranked[0].Index);
    }

    [Fact]
    public void A_name_that_all_or_none_have_changes_nothing()
    {
        var plain = SignalFusion.Fuse(Alike, WholeScore, 0.95).Ranked;
        var named = SignalFusion.Fuse([.. Alike.Select(one => one with { Identifiers = 5 })], WholeScore, 0.95).Ranked;

        Assert.Equal(plain, named);
    }

    [Fact]
    public void A_few_passages_with_a_vector_do_not_pass_those_that_have_none_yet()
    {
        FusionCandidate[] candidates =
        [
            .. Enumerable.Range(0, 12).Select(i => new FusionCandidate(9 - (i * 0.3), null)),
            new(4, 0.4),
        ];

        Assert.Equal(
            Enumerable.Range(0, 13),
            SignalFusion.Fuse(candidates, WholeScore, 0.95).Ranked.Select(one => one.Index)
        );
    }

    [Fact]
    public void Where_words_find_nothing_meaning_ranks_alone()
    {
        var fused = SignalFusion.Fuse([new(0, 0.2), new(0, 0.7)], 0, familiarity: 0.3);

        Assert.Equal(1, fused.MeaningWeight);
        Assert.Equal([1, 0], fused.Ranked.Select(ranked => ranked.Index));
    }

    [Fact]
    public void Any_numbers_give_every_candidate_once_with_scores_from_0_to_1_that_fall()
    {
        var candidates =
            from lexical in Gen.Choose(0, 2000)
            from cosine in Gen.Choose(-1000, 1000)
            from isBlind in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
            from identifiers in Gen.Choose(0, 7)
            select new FusionCandidate(lexical / 100.0, isBlind ? null : cosine / 1000.0, (uint)identifiers);
        var cases =
            from list in candidates.ListOf()
            from whole in Gen.Choose(0, 3000)
            from share in Gen.Choose(-1, 10)
            select (List: list.ToArray(), Whole: whole / 100.0, Share: share < 0 ? (double?)null : share / 10.0);

        Prop.ForAll(
                cases.ToArbitrary(),
                one =>
                {
                    var fused = SignalFusion.Fuse(one.List, one.Whole, one.Share);
                    var scores = fused.Ranked.Select(ranked => ranked.Score).ToArray();
                    return fused.MeaningWeight is >= 0 and <= 1
                        && scores.All(score => score is >= 0 and <= 1 + 1e-9)
                        && scores.OrderDescending().SequenceEqual(scores)
                        && fused
                            .Ranked.Select(ranked => ranked.Index)
                            .Order()
                            .SequenceEqual(Enumerable.Range(0, one.List.Length));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    private static FusedRanking FuseOf(string query, string[] passages, Func<int, double> cosine)
    {
        var identifiers = QueryIdentifiers.Parse(query);
        var words = Bm25Reranker.Rank(query, [.. passages.Select(passage => new RankingCandidate(passage))]);
        var scores = words.ToDictionary(one => one.Index, one => one.Score);
        return SignalFusion.Fuse(
            [
                .. passages.Select(
                    (passage, i) => new FusionCandidate(scores[i], cosine(i), identifiers.HeldBy(passage))
                ),
            ],
            WholeScore,
            familiarity: 0.95,
            identifiers.Share
        );
    }
}
