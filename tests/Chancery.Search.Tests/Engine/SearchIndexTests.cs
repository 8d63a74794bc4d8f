using Chancery.Search.Engine;

namespace Chancery.Search.Tests.Engine;

public sealed class SearchIndexTests
{
    [Fact]
    public void A_passage_is_found_by_its_words_and_a_word_of_the_title_counts_more()
    {
        var index = Made.Index(
            Made.Passage(1, "The notice period is three months."),
            Made.Passage(2, "Payment is due in three months.") with
            {
                Title = "Notices",
            },
            Made.Passage(3, "The garden is shared.")
        );

        var outcome = index.Search(new SearchRequest { Text = "notice" });

        Assert.Equal([2, 1], outcome.Ids());
        Assert.Equal(SearchMode.Words, outcome.Mode);
        Assert.Equal(1, outcome.Hits[0].Words!.Value.Rank);
        Assert.Equal(Made.Revision(1), outcome.Revision);
    }

    [Fact]
    public void What_is_near_by_vectors_kept_elsewhere_is_fused_with_words_and_held_against_filter_and_exclusions()
    {
        var index = Made.Index(
            Made.Passage(1, "notice period", document: 1),
            Made.Passage(2, "garden", document: 1),
            Made.Passage(3, "roof and notice", document: 2),
            Made.Passage(4, "heating", document: 2)
        );
        ScoredPassage[] nearest =
        [
            new(Made.Id(2), 0.9),
            new(Made.Id(99), 0.8),
            new(Made.Id(4), 0.7),
            new(Made.Id(3), 0.6),
        ];

        var alone = index.Search(new SearchRequest { Nearest = nearest });
        var fused = index.Search(new SearchRequest { Text = "notice", Nearest = nearest });
        var filtered = index.Search(
            new SearchRequest
            {
                Nearest = nearest,
                Filter = new SearchFilter { Documents = [Made.Document(2).Id] },
            }
        );
        var excluding = index.Search(new SearchRequest { Text = "notice -garden", Nearest = nearest });
        var nothing = index.Search(new SearchRequest { Text = "notice", Nearest = [] });

        Assert.Equal(SearchMode.Vectors, alone.Mode);
        Assert.Equal([2, 4, 3], alone.Ids());
        Assert.Equal(SearchMode.Hybrid, fused.Mode);
        Assert.Equal(3, fused.Ids()[0]);
        Assert.Equal([1, 2, 3, 4], fused.Ids().Order());
        Assert.Equal([4, 3], filtered.Ids());
        Assert.Equal([1, 3, 4], excluding.Ids().Order());
        Assert.Equal((SearchMode.Hybrid, 2), (nothing.Mode, nothing.Hits.Count));
    }

    [Fact]
    public void The_same_id_replaces_and_of_two_in_a_batch_the_last_counts()
    {
        var index = Made.Index(Made.Passage(1, "roof"), Made.Passage(1, "garden"));

        Assert.Equal([], index.Search(new SearchRequest { Text = "roof" }).Ids());
        Assert.Equal([1], index.Search(new SearchRequest { Text = "garden" }).Ids());

        index.Change(new IndexChanges(Made.Revision(2)) { Passages = [Made.Passage(1, "heating")] });

        Assert.Equal([], index.Search(new SearchRequest { Text = "garden" }).Ids());
        Assert.Equal([1], index.Search(new SearchRequest { Text = "heating" }).Ids());
        Assert.Equal(Made.Revision(2), index.Revision);
        Assert.Equal(1, index.Statistics.Passages);
    }

    [Fact]
    public void What_is_removed_is_not_found_and_not_counted()
    {
        var index = Made.Index(
            Made.Passage(1, "rent rent", document: 1),
            Made.Passage(2, "rent", document: 1),
            Made.Passage(3, "rent and garden", document: 2),
            Made.Passage(4, "garden", document: 2)
        );
        var applied = index.Change(
            new IndexChanges(Made.Revision(2))
            {
                RemovedDocuments = [Made.Document(1).Id, Made.Document(9).Id],
                RemovedPassages = [Made.Id(4), Made.Id(4), Made.Id(99)],
            }
        );

        Assert.Equal(new AppliedChanges(0, 3, 0), applied);
        var left = index.Search(new SearchRequest { Text = "rent garden" }).Hits.Single();
        var alone = Made.Index(Made.Passage(3, "rent and garden", document: 2));
        Assert.Equal(alone.Search(new SearchRequest { Text = "rent garden" }).Hits.Single().Score, left.Score);
    }

    [Fact]
    public void A_document_can_be_removed_and_come_back_in_one_batch()
    {
        var index = Made.Index(Made.Passage(1, "rent", document: 1), Made.Passage(2, "roof", document: 1));

        index.Change(
            new IndexChanges(Made.Revision(2))
            {
                RemovedDocuments = [Made.Document(1).Id],
                Passages = [Made.Passage(2, "roof and garden", document: 1)],
            }
        );

        Assert.Equal([2], index.Search(new SearchRequest { Text = "rent roof garden" }).Ids());
    }

    [Fact]
    public void Attributes_of_a_document_change_for_all_its_passages_and_the_last_given_count()
    {
        var index = Made.Index(
            Made.Passage(1, "rent", document: 1),
            Made.Passage(2, "rent", document: 1) with
            {
                Document = Made.Document(1) with { Tags = ["lease"] },
            },
            Made.Passage(3, "rent", document: 2)
        );
        var tagged = new SearchRequest
        {
            Text = "rent",
            Filter = new SearchFilter { Tags = ["lease"] },
        };
        Assert.Equal([1, 2], index.Search(tagged).Ids());

        index.Change(
            new IndexChanges(Made.Revision(2))
            {
                Documents = [Made.Document(1), Made.Document(2) with { Tags = ["lease"] }, Made.Document(77)],
            }
        );

        Assert.Equal([3], index.Search(tagged).Ids());
    }

    [Fact]
    public void Vectors_can_come_later_be_replaced_and_be_dropped()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(Made.Adding(Made.Passage(1, "rent"), Made.Passage(2, "roof")));
        var request = new SearchRequest { Vector = new float[] { 0, 2 } };
        Assert.Empty(index.Search(request).Hits);

        index.Change(
            new IndexChanges(Made.Revision(2))
            {
                Vectors =
                [
                    new(Made.Id(1), new float[] { 0, 1 }),
                    new(Made.Id(2), new float[] { 1, 0 }),
                    new(Made.Id(3), new float[] { 1, 1 }),
                ],
            }
        );
        var outcome = index.Search(request);
        Assert.Equal([1, 2], outcome.Ids());
        Assert.Equal(SearchMode.Vectors, outcome.Mode);
        Assert.Equal(1, outcome.Hits[0].Vectors!.Value.Score, 1e-3);
        Assert.Equal(2, index.Statistics.Vectors);

        index.Change(new IndexChanges(Made.Revision(3)) { Vectors = [new(Made.Id(1), new float[] { 1, -1 })] });
        Assert.Equal([2, 1], index.Search(request).Ids());

        index.Change(new IndexChanges(Made.Revision(4)) { Passages = [Made.Passage(2, "another roof")] });
        Assert.Equal([1], index.Search(request).Ids());

        index.Change(new IndexChanges(Made.Revision(5)) { DropVectors = true });
        Assert.Empty(index.Search(request).Hits);
        Assert.Equal([2], index.Search(request with { Text = "roof" }).Ids());
    }

    [Fact]
    public void Vectors_that_have_no_direction_are_counted_and_their_passages_found_by_words()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });

        var applied = index.Change(
            Made.Adding(
                Made.Passage(1, "rent") with
                {
                    Vector = new float[] { 0, 0 },
                },
                Made.Passage(2, "rent") with
                {
                    Vector = new float[] { 1, float.NaN },
                },
                Made.Passage(3, "rent") with
                {
                    Vector = new float[] { float.PositiveInfinity, 1 },
                },
                Made.Passage(4, "rent") with
                {
                    Vector = new float[] { 1 },
                },
                Made.Passage(5, "rent") with
                {
                    Vector = new float[] { float.MaxValue, float.MaxValue },
                },
                Made.Passage(6, "rent") with
                {
                    Vector = new float[] { float.Epsilon, 0 },
                }
            )
        );

        Assert.Equal(4, applied.RefusedVectors);
        Assert.Equal(2, index.Statistics.Vectors);
        Assert.Equal(6, index.Search(new SearchRequest { Text = "rent" }).Hits.Count);
        foreach (float[] vector in new[] { [0, 0], [float.NaN, 1], new float[] { 1 }, new float[3] })
        {
            var outcome = index.Search(new SearchRequest { Text = "rent", Vector = vector });
            Assert.Equal(SearchMode.Words, outcome.Mode);
            Assert.Equal(6, outcome.Hits.Count);
        }
    }

    [Fact]
    public void A_batch_that_is_cancelled_has_not_happened()
    {
        var index = Made.Index(Made.Passage(1, "rent"));
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() =>
            index.Apply(
                new IndexChanges(Made.Revision(2))
                {
                    RemovedPassages = [Made.Id(1)],
                    Passages = [Made.Passage(2, "x")],
                },
                source.Token
            )
        );

        Assert.Equal(Made.Revision(1), index.Revision);
        Assert.Equal([1], index.Search(new SearchRequest { Text = "rent" }).Ids());
    }

    [Fact]
    public async Task Readers_see_all_of_a_batch_or_nothing_of_it()
    {
        var index = new SearchIndex(new SearchIndexOptions());
        using var done = new CancellationTokenSource();
        var reader = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    var outcome = index.Search(new SearchRequest { Text = "rent", Limit = 100 });
                    Assert.Equal(outcome.Revision.Number == 0 ? 0 : 7, outcome.Hits.Count);
                    Assert.All(outcome.Hits, hit => Assert.Equal(outcome.Revision.Number % 5, hit.Ordinal));
                }
            },
            Made.Cancel
        );
        var merger = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                    index.Tidy();
            },
            Made.Cancel
        );
        for (var revision = 1; revision <= 300; revision++)
        {
            index.Change(
                new IndexChanges(Made.Revision(revision))
                {
                    Passages =
                    [
                        .. Enumerable
                            .Range(0, 7)
                            .Select(i => Made.Passage(i + (7 * (revision % 2)), "rent", ordinal: revision % 5)),
                    ],
                    RemovedPassages = [.. Enumerable.Range(0, 14).Select(Made.Id)],
                }
            );
        }

        await done.CancelAsync();
        await reader;
        await merger;
    }

    [Fact]
    public void Dimensions_that_no_vector_has_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SearchIndex(new SearchIndexOptions { Dimensions = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SearchIndex(new SearchIndexOptions { Dimensions = 8193 }));
    }
}
