namespace Chancery.Search.Tests;

public sealed class RankingTests
{
    [Fact]
    public void A_rare_term_tells_more_than_a_common_one()
    {
        var ranked = Bm25Reranker.Rank(
            "rent of the greenhouse",
            [new("The rent is due."), new("A greenhouse is built."), new("The rent rises."), new("Pay the rent.")]
        );

        Assert.Equal(1, ranked[0].Index);
    }

    [Fact]
    public void A_term_in_the_heading_or_the_title_counts_more_than_one_in_the_text()
    {
        var ranked = Bm25Reranker.Rank(
            "termination",
            [
                new("The termination of this agreement is regulated here."),
                new("Thirty days of notice are to be given in writing.", Heading: "Termination"),
                new("Nothing to see here at all, whatever one may look for."),
            ]
        );

        Assert.Equal([1, 0, 2], ranked.Select(candidate => candidate.Index));
        Assert.Equal(0, ranked[2].Score);
    }

    [Fact]
    public void The_collections_statistics_decide_where_they_are_given()
    {
        var statistics = new CorpusStatistics(
            1000,
            5,
            new Dictionary<string, int> { ["rent"] = 3, ["greenhous"] = 900 }
        );

        var ranked = Bm25Reranker.Rank("rent greenhouse", [new("A greenhouse."), new("A rent.")], statistics);

        Assert.Equal(1, ranked[0].Index);
    }

    [Fact]
    public void A_short_passage_beats_a_long_one_with_the_same_match()
    {
        var filler = string.Concat(Enumerable.Repeat("other words follow here ", 50));

        var ranked = Bm25Reranker.Rank("deposit", [new($"deposit {filler}"), new("deposit paid")]);

        Assert.Equal(1, ranked[0].Index);
    }

    [Fact]
    public void Any_query_ranks_any_candidates_without_losing_one()
    {
        Properties.HoldForAnyTexts(
            (query, text) =>
            {
                var ranked = Bm25Reranker.Rank(query, [new(text), new(query, text), new("", null, text)]);

                Assert.Equal([0, 1, 2], ranked.Select(candidate => candidate.Index).Order());
                Assert.All(ranked, candidate => Assert.True(double.IsFinite(candidate.Score) && candidate.Score >= 0));
            }
        );
    }
}
