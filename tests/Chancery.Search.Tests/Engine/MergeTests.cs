using Chancery.Search.Engine;

namespace Chancery.Search.Tests.Engine;

public sealed class MergeTests
{
    [Fact]
    public void Many_small_batches_end_in_few_segments_and_removed_rows_go()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        for (var i = 0; i < 300; i++)
        {
            index.Change(Made.Adding(Made.Passage(i, "rent") with { Vector = new float[] { 1, i } }));
            while (index.Tidy()) { }
        }

        Assert.InRange(index.Statistics.TextSegments, 1, 7);
        Assert.InRange(index.Statistics.VectorSegments, 1, 7);

        index.Change(
            new IndexChanges(Made.Revision(2)) { RemovedPassages = [.. Enumerable.Range(0, 299).Select(Made.Id)] }
        );
        while (index.Tidy()) { }

        Assert.Equal((1, 0), (index.Statistics.Passages, index.Statistics.RemovedRows));
        Assert.Equal([299], index.Search(new SearchRequest { Text = "rent" }).Ids());
    }

    [Fact]
    public void Merging_everything_leaves_one_segment_and_then_nothing_to_do()
    {
        var index = Made.Index([.. Enumerable.Range(0, 100).Select(i => Made.Passage(i, "rent"))]);
        index.Change(Made.Adding(Made.Passage(200, "roof")));
        index.Change(new IndexChanges(Made.Revision(2)) { RemovedPassages = [Made.Id(7)] });

        Assert.True(index.Tidy(everything: true));

        Assert.Equal(
            (1, 100, 0),
            (index.Statistics.TextSegments, index.Statistics.Passages, index.Statistics.RemovedRows)
        );
        Assert.False(index.Tidy(everything: true));
        Assert.Equal(Made.Revision(2), index.Revision);
    }

    [Fact]
    public async Task What_is_removed_replaced_or_described_while_segments_are_merged_stays_so()
    {
        var random = new Random(4);
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 4 });
        for (var i = 0; i < 6; i++)
        {
            var part = i;
            index.Change(
                Made.Adding([.. Enumerable.Range(0, 300).Select(n => Made.Passage(random, (n * 6) + part, 4))])
            );
        }

        var removed = new IndexChanges(Made.Revision(9))
        {
            RemovedPassages = [.. Enumerable.Range(0, 900).Select(n => Made.Id(n * 2))],
            Passages = [Made.Passage(1, "heating") with { Vector = new float[] { 1, 0, 0, 0 } }],
            Documents = [Made.Document(3) with { Tags = ["during"] }],
            Places = [new(Made.Id(3), 77)],
        };
        var merging = Task.Run(() => index.Tidy(everything: true), Made.Cancel);
        index.Change(removed);
        await merging;

        var outcome = index.Search(new SearchRequest { Text = "heating", Limit = 1000 });
        Assert.Contains(outcome.Hits, hit => hit.PassageId == Made.Id(1));
        Assert.All(outcome.Hits, hit => Assert.Equal(1, Made.Number(hit.PassageId) % 2));
        Assert.Equal(900, index.Statistics.Passages);
        var during = new SearchFilter { Tags = ["during"] };
        Assert.All(
            index.Search(new SearchRequest { Text = "rent", Filter = during }).Hits,
            hit => Assert.Equal(Made.Document(3).Id, hit.DocumentId)
        );
        Assert.NotEmpty(index.Search(new SearchRequest { Text = "rent tenant notice", Filter = during }).Hits);
    }

    [Fact]
    public void A_merge_that_is_cancelled_changes_nothing()
    {
        var index = Made.Index(Made.Passage(1, "rent"));
        index.Change(Made.Adding(Made.Passage(2, "rent")));
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => index.Merge(everything: true, source.Token));

        Assert.Equal(2, index.Statistics.TextSegments);
        Assert.Equal([1, 2], index.Search(new SearchRequest { Text = "rent" }).Ids());
    }
}
