using Chancery.Search.Engine;

namespace Chancery.Search.Tests.Engine;

public sealed class ArrangementTests
{
    [Fact]
    public void Words_and_vectors_are_fused_by_rank()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "rent") with
                {
                    Vector = new float[] { 0, 1 },
                },
                Made.Passage(2, "rent rent") with
                {
                    Vector = new float[] { 1, 0.1f },
                },
                Made.Passage(3, "roof") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(4, "rent and much more of other words")
            )
        );
        var request = new SearchRequest { Text = "rent", Vector = new float[] { 1, 0 } };

        var outcome = index.Search(request);

        Assert.Equal(SearchMode.Hybrid, outcome.Mode);
        Assert.Equal([2, 1, 3, 4], outcome.Ids());
        Assert.Equal((1.0 / 61) + (1.0 / 62), outcome.Hits[0].Score, 1e-12);
        Assert.Equal((1, 2), (outcome.Hits[0].Words!.Value.Rank, outcome.Hits[0].Vectors!.Value.Rank));
        Assert.Null(outcome.Hits[2].Words);
        Assert.Null(outcome.Hits[3].Vectors);
    }

    [Fact]
    public void A_fusion_of_the_callers_sees_what_both_signals_say_of_each_passage()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "rent of the roof") with
                {
                    Vector = new float[] { 0, 1 },
                },
                Made.Passage(2, "rent") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(3, "garden") with
                {
                    Vector = new float[] { 1, 1 },
                },
                Made.Passage(4, "rent rent")
            )
        );
        FusionInput? seen = null;

        var outcome = index.Search(
            new SearchRequest
            {
                Text = "rent roof",
                Vector = new float[] { 1, 0 },
                Candidates = 1,
                Limit = 1,
                Fusion = input =>
                {
                    seen = input;
                    return [.. input.Passages.Select(passage => new ScoredPassage(passage.PassageId, 7)).Reverse()];
                },
            }
        );

        var idf = Math.Log(1 + (1.5 / 3.5)) + Math.Log(1 + (3.5 / 1.5));
        Assert.Equal(idf, seen!.WholeScore, 1e-12);
        Assert.Equal([Made.Id(1), Made.Id(2)], seen.Passages.Select(passage => passage.PassageId));
        Assert.Equal((1, null), (seen.Passages[0].WordsRank, seen.Passages[0].VectorsRank));
        Assert.Equal(0, seen.Passages[0].Cosine!.Value, 1e-4);
        Assert.Equal((null, 1), (seen.Passages[1].WordsRank, seen.Passages[1].VectorsRank));
        var alone = index.Search(new SearchRequest { Text = "rent roof", Limit = 3 });
        Assert.Equal(alone.Hits.Single(hit => hit.PassageId == Made.Id(2)).Score, seen.Passages[1].Words);
        Assert.Equal([2], outcome.Ids());
        Assert.Equal(7, outcome.Hits[0].Score);
    }

    [Fact]
    public void Signal_fusion_can_be_what_joins_both_rankings()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "rent") with
                {
                    Vector = new float[] { 0, 1 },
                },
                Made.Passage(2, "roof") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(3, "rent garden") with
                {
                    Vector = new float[] { 1, 0.2f },
                }
            )
        );
        var request = new SearchRequest { Text = "rent", Vector = new float[] { 1, 0 } };

        Assert.Equal([3, 1, 2], index.Search(request with { Fusion = Join(familiarity: 1) }).Ids());
        // The model is lost in this language: words decide.
        Assert.Equal([1, 3, 2], index.Search(request with { Fusion = Join(familiarity: 0) }).Ids());

        static PassageFusion Join(double familiarity) =>
            input =>
                [
                    .. SignalFusion
                        .Fuse(
                            [.. input.Passages.Select(passage => new FusionCandidate(passage.Words, passage.Cosine))],
                            input.WholeScore,
                            familiarity
                        )
                        .Ranked.Select(ranked => new ScoredPassage(
                            input.Passages[ranked.Index].PassageId,
                            ranked.Score
                        )),
                ];
    }

    [Fact]
    public void A_minimum_of_similarity_holds_for_what_words_found_too()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "rent") with
                {
                    Vector = new float[] { 0, 1 },
                },
                Made.Passage(2, "rent") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(3, "rent"),
                Made.Passage(4, "roof") with
                {
                    Vector = new float[] { 1, 1 },
                }
            )
        );
        var request = new SearchRequest
        {
            Text = "rent",
            Vector = new float[] { 1, 0 },
            MinimumCosine = 0.8,
        };

        // A passage without a vector has no similarity to be held against it.
        Assert.Equal([2, 3], index.Search(request).Ids());
        Assert.Equal([2, 3, 4], index.Search(request with { MinimumCosine = 0.5 }).Ids().Order());
        Assert.Equal(3, index.Search(request with { Vector = default }).Hits.Count);
    }

    [Fact]
    public void A_document_gives_no_more_hits_than_asked_for()
    {
        var index = Made.Index(
            Made.Passage(1, "rent rent rent", document: 1),
            Made.Passage(2, "rent rent", document: 1),
            Made.Passage(3, "rent and", document: 2),
            Made.Passage(4, "rent and garden", document: 1)
        );

        Assert.Equal([1, 3], index.Search(new SearchRequest { Text = "rent", MostPerDocument = 1 }).Ids());
        Assert.Equal(
            [1, 2],
            index
                .Search(
                    new SearchRequest
                    {
                        Text = "rent",
                        MostPerDocument = 2,
                        Limit = 2,
                    }
                )
                .Ids()
        );
    }

    [Fact]
    public void Neighbours_become_one_hit_in_the_order_of_the_document()
    {
        var index = Made.Index(
            Made.Passage(1, "rent rent rent", document: 1, ordinal: 5),
            Made.Passage(2, "rent rent and", document: 2, ordinal: 6),
            Made.Passage(3, "rent rent is due", document: 1, ordinal: 4),
            Made.Passage(4, "rent", document: 1, ordinal: 8),
            Made.Passage(5, "rent is due on many days", document: 1, ordinal: 6)
        );

        var hits = index.Search(new SearchRequest { Text = "rent", JoinNeighbours = true }).Hits;

        Assert.Equal(3, hits.Count);
        var joined = hits.Single(hit => hit.PassageId == Made.Id(1));
        Assert.Equal([Made.Id(3), Made.Id(5)], joined.Neighbours);
        Assert.Equal(5, joined.Ordinal);
        Assert.Empty(hits.Single(hit => hit.PassageId == Made.Id(2)).Neighbours);
    }

    [Fact]
    public void Places_that_moved_decide_who_is_a_neighbour()
    {
        var index = Made.Index(
            Made.Passage(1, "rent", document: 1, ordinal: 1),
            Made.Passage(2, "rent", document: 1, ordinal: 3)
        );
        var request = new SearchRequest { Text = "rent", JoinNeighbours = true };
        Assert.Equal(2, index.Search(request).Hits.Count);

        index.Change(new IndexChanges(Made.Revision(2)) { Places = [new(Made.Id(2), 2), new(Made.Id(9), 1)] });

        Assert.Single(index.Search(request).Hits);
    }

    [Fact]
    public void The_explanation_holds_each_stages_candidates_scores_and_time()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "rent is due") with
                {
                    Vector = new float[] { 0, 1 },
                },
                Made.Passage(2, "roof") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(3, "rent") with
                {
                    Document = Made.Document(1) with { Tags = ["x"] },
                }
            )
        );

        var explanation = index
            .Search(
                new SearchRequest
                {
                    Text = "rent \"is due\" -roof",
                    Vector = new float[] { 1, 1 },
                    Explain = true,
                }
            )
            .Explanation!;

        Assert.Equal(3, explanation.Passages);
        Assert.Equal(
            ["filter", "words", "vectors", "fusion", "arrangement"],
            explanation.Stages.Select(stage => stage.Stage)
        );
        Assert.Equal("1 of 3 passages, with \"is due\", without \"roof\".", explanation.Stages[0].Note);
        Assert.Contains("rent (2)", explanation.Stages[1].Note, StringComparison.Ordinal);
        Assert.Equal([Made.Id(1)], explanation.Stages[1].Candidates.Select(candidate => candidate.PassageId));
        Assert.Equal(Math.Sqrt(0.5), explanation.Stages[2].Candidates.Single().Score, 1e-3);
        Assert.All(explanation.Stages, stage => Assert.True(stage.Elapsed >= TimeSpan.Zero));
        Assert.Null(index.Search(new SearchRequest { Text = "rent" }).Explanation);
    }

    [Fact]
    public void A_reader_finds_what_is_for_everybody_and_for_the_readers_groups()
    {
        var index = Made.Index(
            Made.Passage(1, "rent"),
            Made.Passage(2, "rent") with
            {
                Document = Made.Document(2) with { Readers = [Made.Id(71), Made.Id(72)] },
            },
            Made.Passage(3, "rent") with
            {
                Document = Made.Document(3) with { Readers = [] },
            }
        );

        Assert.Equal([1, 2], Found(Made.Id(70), Made.Id(72)));
        Assert.Equal([1], Found(Made.Id(70)));
        Assert.Equal([1], Found());

        int[] Found(params Guid[] readers) =>
            index
                .Search(
                    new SearchRequest
                    {
                        Text = "rent",
                        Filter = new SearchFilter { Readers = readers },
                    }
                )
                .Ids();
    }

    [Fact]
    public void Requests_out_of_range_are_brought_into_it()
    {
        var index = Made.Index([.. Enumerable.Range(0, 1200).Select(i => Made.Passage(i, "rent"))]);

        Assert.Single(index.Search(new SearchRequest { Text = "rent", Limit = -5 }).Hits);
        Assert.Equal(
            1000,
            index
                .Search(
                    new SearchRequest
                    {
                        Text = "rent",
                        Limit = int.MaxValue,
                        Candidates = -1,
                    }
                )
                .Hits.Count
        );
        Assert.Single(
            index
                .Search(
                    new SearchRequest
                    {
                        Text = "rent",
                        Limit = 1,
                        Bm25 = new(double.NaN, -7),
                    }
                )
                .Hits
        );
        Assert.Empty(index.Search(new SearchRequest { Text = null! }).Hits);
        Assert.Equal(
            SearchMode.Nothing,
            index
                .Search(
                    new SearchRequest
                    {
                        Text = "  ",
                        Vector = new float[] { 1 },
                        Limit = 1,
                    }
                )
                .Mode
        );
    }

    [Fact]
    public void A_filter_of_a_million_values_takes_time_in_proportion()
    {
        var index = Made.Index(Made.Passage(1, "rent", document: 5), Made.Passage(2, "rent", document: 2_000_000));

        var found = index.Search(
            new SearchRequest
            {
                Text = "rent",
                Filter = new SearchFilter
                {
                    Documents = [.. Enumerable.Range(0, 1_000_000).Select(i => Made.Document(i).Id)],
                    Tags = null,
                },
            }
        );

        Assert.Equal([1], found.Ids());
    }
}
