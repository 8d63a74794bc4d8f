using Chancery.Search.Engine;

namespace Chancery.Search.Tests.Engine;

/// <summary>A reader's results are those of an index that holds only what they may read: to the score, and to the count.</summary>
public sealed class ReaderTests
{
    private const int Dimensions = 24;

    private static readonly SearchIndexOptions Options = new() { Dimensions = Dimensions, ExactScanRows = 60 };

    [Fact]
    public void What_a_reader_may_not_read_changes_neither_ranks_nor_scores_nor_counts()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var passages = Enumerable.Range(0, 300).Select(id => Made.Passage(random, id, Dimensions)).ToArray();
            // Of one document all passages say the same of it.
            var documents = passages.ToLookup(passage => passage.Document.Id);
            passages = [.. passages.Select(one => one with { Document = documents[one.Document.Id].Last().Document })];
            Guid[] readers = [Made.Id(random.Next(3))];
            var whole = IndexOf(passages);
            var own = IndexOf([.. passages.Where(one => one.Document.Readers?.Intersect(readers).Any() is not false)]);

            for (var query = 0; query < 20; query++)
            {
                var request = new SearchRequest
                {
                    Text = Made.Query(random),
                    Vector = random.Next(2) == 0 ? Made.Vector(random, Dimensions) : default,
                    Limit = 1 + random.Next(20),
                    Candidates = 50,
                };
                var seen = whole.Search(request with { Filter = new SearchFilter { Readers = readers } });
                var expected = own.Search(request);

                Assert.Equal(expected.Hits.Select(hit => (hit.PassageId, hit.Score)), Told(seen));
                Assert.Equal(expected.Hits.Select(hit => hit.Words), seen.Hits.Select(hit => hit.Words));
            }

            string[] terms = ["rent", "notice", "iso-27001", "nowhere"];
            var statistics = whole.StatisticsOf(terms, readers);
            Assert.Equal(own.StatisticsOf(terms).PassageCount, statistics.PassageCount);
            Assert.Equal(own.StatisticsOf(terms).AverageLength, statistics.AverageLength);
            Assert.Equal(own.StatisticsOf(terms).DocumentFrequencies, statistics.DocumentFrequencies);
            Assert.Equal(own.WithoutVector(null), whole.WithoutVector(readers));
        }

        static IEnumerable<(Guid, double)> Told(SearchOutcome outcome) =>
            outcome.Hits.Select(hit => (hit.PassageId, hit.Score));
    }

    [Fact]
    public void A_reader_of_nothing_finds_and_counts_nothing()
    {
        var random = new Random(7);
        var index = IndexOf([
            .. Enumerable
                .Range(0, 50)
                .Select(id =>
                    Made.Passage(random, id, Dimensions) with
                    {
                        Document = Made.Document(id) with { Readers = [Made.Id(1)] },
                    }
                ),
        ]);
        var request = new SearchRequest
        {
            Text = "rent notice",
            Vector = Made.Vector(random, Dimensions),
            Filter = new SearchFilter { Readers = [] },
            Explain = true,
        };

        var found = index.Search(request);

        Assert.Empty(found.Hits);
        Assert.Equal(0, found.Explanation!.Passages);
        Assert.Equal(0, index.StatisticsOf(["rent"], []).PassageCount);
        Assert.Equal(0, index.WithoutVector([]));
    }

    [Fact]
    public void New_readers_of_a_document_count_with_the_change()
    {
        var index = Made.Index(
            Made.Passage(1, "the lapwing nests", 1) with
            {
                Document = Made.Document(1) with { Readers = [Made.Id(1)] },
            },
            Made.Passage(2, "the lapwing sleeps", 2)
        );
        var request = new SearchRequest
        {
            Text = "lapwing",
            Filter = new SearchFilter { Readers = [Made.Id(2)] },
        };
        var before = index.Search(request).Ids();

        index.Change(
            new IndexChanges(Made.Revision(2)) { Documents = [Made.Document(1) with { Readers = [Made.Id(2)] }] }
        );

        Assert.Equal([2], before);
        Assert.Equal([1, 2], index.Search(request).Ids().Order());
    }

    private static SearchIndex IndexOf(IndexedPassage[] passages)
    {
        var index = new SearchIndex(Options);
        foreach (var (place, part) in passages.Chunk(97).Index())
            index.Change(new IndexChanges(Made.Revision(place + 1)) { Passages = part });
        return index;
    }
}
