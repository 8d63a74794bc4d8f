using System.Runtime.Intrinsics;
using Chancery.Search.Engine;
using Chancery.Search.Engine.Dense;

namespace Chancery.Search.Tests.Engine;

public sealed class DenseTests
{
    [Fact]
    public void Every_width_of_registers_gives_the_same_product()
    {
        var random = new Random(1);
        foreach (var length in new[] { 0, 64, 128, 384, 768, 1536, 8192 })
        {
            var row = new sbyte[length];
            var query = new short[length];
            for (var i = 0; i < length; i++)
            {
                row[i] = (sbyte)random.Next(-127, 128);
                query[i] = (short)random.Next(-2047, 2048);
            }

            var product = row.Zip(query).Sum(pair => pair.First * pair.Second);
            Assert.Equal(product, Int8Dot.WithScalars(row, query));
            Assert.Equal(product, Int8Dot.With128(row, query));
            Assert.Equal(product, Int8Dot.With256(row, query));
            Assert.Equal(product, Int8Dot.With512(row, query));
            Assert.Equal(product, Int8Dot.Best(row, query));
        }

        Assert.Equal(Vector512.IsHardwareAccelerated, Int8Dot.Width == 512);
    }

    [Fact]
    public void The_greatest_product_stays_within_32_bits()
    {
        var row = new sbyte[8192];
        var query = new short[8192];
        row.AsSpan().Fill(-127);
        query.AsSpan().Fill(2047);

        const int product = -127 * 2047 * 8192;
        Assert.Equal(product, Int8Dot.WithScalars(row, query));
        Assert.Equal(product, Int8Dot.With128(row, query));
        Assert.Equal(product, Int8Dot.With256(row, query));
        Assert.Equal(product, Int8Dot.With512(row, query));
    }

    [Fact]
    public void Rows_that_are_no_multiple_of_the_widest_register_are_refused_not_overrun()
    {
        Assert.Throws<ArgumentException>(() => Int8Dot.With512(new sbyte[65], new short[65]));
        Assert.Throws<ArgumentException>(() => Int8Dot.With256(new sbyte[64], new short[63]));
        Assert.Throws<ArgumentException>(() => Int8Dot.With128(new sbyte[8], new short[8]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(384)]
    [InlineData(1000)]
    public void Cosines_are_those_of_the_vectors(int dimensions)
    {
        var random = new Random(dimensions);
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = dimensions });
        var vectors = Enumerable.Range(0, 50).Select(_ => Made.Vector(random, dimensions)).ToArray();
        index.Change(Made.Adding([.. vectors.Select((v, i) => Made.Passage(i, "") with { Vector = v })]));
        var query = Made.Vector(random, dimensions);

        var hits = index.Search(new SearchRequest { Vector = query, Limit = 50 }).Hits;

        Assert.Equal(50, hits.Count);
        Assert.All(hits, hit => Assert.Equal(Cosine(vectors[Made.Number(hit.PassageId)], query), hit.Score, 3e-5));
        Assert.Equal(hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.PassageId), hits);
    }

    [Fact]
    public void The_scan_finds_the_nearest_ten_of_float32()
    {
        Assert.InRange(Recall(rows: 3000, new SearchIndexOptions { Dimensions = 96 }), 0.999, 1);
    }

    [Fact]
    public void The_prefilter_finds_the_nearest_ten_of_float32()
    {
        var options = new SearchIndexOptions
        {
            Dimensions = 128,
            ExactScanRows = 1000,
            PrefilterShare = 0.1,
        };
        Assert.InRange(Recall(rows: 6000, options), 0.995, 1);
    }

    [Fact]
    public void The_explanation_says_which_way_was_taken()
    {
        var random = new Random(3);
        var index = new SearchIndex(
            new SearchIndexOptions
            {
                Dimensions = 16,
                ExactScanRows = 500,
                PrefilterShare = 0.2,
            }
        );
        index.Change(
            Made.Adding([
                .. Enumerable
                    .Range(0, 1000)
                    .Select(i => Made.Passage(i, "", i % 4) with { Vector = Made.Vector(random, 16, 3) }),
            ])
        );
        var request = new SearchRequest
        {
            Vector = Made.Vector(random, 16),
            Explain = true,
            Candidates = 10,
        };

        Assert.Contains("1-bit prefilter", Note(request), StringComparison.Ordinal);
        var filtered = request with { Filter = new SearchFilter { Documents = [Made.Document(1).Id] } };
        Assert.Contains("Exact scan of 250 of 250", Note(filtered), StringComparison.Ordinal);

        string Note(SearchRequest of) =>
            index.Search(of).Explanation!.Stages.Single(stage => stage.Stage == "vectors").Note;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(500)]
    public void Of_few_rows_among_many_the_same_are_found_as_of_an_index_that_has_only_those(int oneIn)
    {
        var random = new Random(oneIn);
        var options = new SearchIndexOptions { Dimensions = 70 };
        var passages = Enumerable
            .Range(0, 6000)
            .Select(i => Made.Passage(i, "", i % oneIn) with { Vector = Made.Vector(random, 70, 5) })
            .ToArray();
        var whole = new SearchIndex(options);
        foreach (var part in passages.Chunk(1999))
            whole.Change(Made.Adding(part));
        var wanted = Made.Document(oneIn - 1);
        var own = new SearchIndex(options);
        own.Change(Made.Adding([.. passages.Where(passage => passage.Document.Id == wanted.Id)]));

        for (var query = 0; query < 10; query++)
        {
            var request = new SearchRequest
            {
                Vector = Made.Vector(random, 70, 5),
                Candidates = 30,
                Limit = 30,
            };
            var filtered = whole.Search(request with { Filter = new SearchFilter { Documents = [wanted.Id] } });
            var alone = own.Search(request);

            Assert.NotEmpty(alone.Hits);
            Assert.Equal(alone.Ids(), filtered.Ids());
        }
    }

    [Fact]
    public void A_prefilter_that_cannot_tell_rows_apart_leaves_all_of_them()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 4, ExactScanRows = 0 });
        index.Change(
            Made.Adding([
                .. Enumerable
                    .Range(1, 500)
                    .Select(i => Made.Passage(i, "") with { Vector = new float[] { 500, i, 1, 1 } }),
            ])
        );

        Assert.Equal(
            [3, 2, 1],
            index
                .Search(
                    new SearchRequest
                    {
                        Vector = new float[] { 9, 0, 0, 0 },
                        Limit = 3,
                        Candidates = 3,
                    }
                )
                .Ids()
                .OrderDescending()
        );
    }

    private static double Recall(int rows, SearchIndexOptions options)
    {
        var random = new Random(7);
        var vectors = Enumerable.Range(0, rows).Select(_ => Made.Vector(random, options.Dimensions)).ToArray();
        var index = new SearchIndex(options);
        foreach (var part in vectors.Select((v, i) => Made.Passage(i, "") with { Vector = v }).Chunk(rows / 3))
            index.Change(Made.Adding(part));

        var (found, wanted) = (0, 0);
        for (var query = 0; query < 40; query++)
        {
            var vector = Made.Vector(random, options.Dimensions);
            var nearest = Enumerable
                .Range(0, rows)
                .OrderByDescending(i => Cosine(vectors[i], vector))
                .Take(10)
                .ToHashSet();
            found += index.Search(new SearchRequest { Vector = vector }).Ids().Count(nearest.Contains);
            wanted += 10;
        }

        return found / (double)wanted;
    }

    private static double Cosine(float[] a, float[] b) => Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double Dot(float[] a, float[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
