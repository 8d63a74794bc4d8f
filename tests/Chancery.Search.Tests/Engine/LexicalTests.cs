using Chancery.Search.Engine;
using Chancery.Search.Engine.Lexical;

namespace Chancery.Search.Tests.Engine;

public sealed class LexicalTests
{
    [Fact]
    public void Integers_of_every_width_are_packed_and_unpacked()
    {
        var random = new Random(1);
        var packed = new byte[BlockCodec.SizeOf(32)];
        var unpacked = new uint[BlockCodec.Length];
        for (var width = 0; width <= 32; width++)
        {
            var values = new uint[BlockCodec.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = width == 0 ? 0 : (uint)random.NextInt64(1L << width);
            if (width > 0)
                values[random.Next(values.Length)] = (uint)((1L << width) - 1);
            packed.AsSpan().Clear();

            Assert.Equal(width, BlockCodec.WidthOf(values));
            BlockCodec.Pack(values, width, packed);
            BlockCodec.Unpack(packed, width, unpacked);

            Assert.Equal(values, unpacked);
        }
    }

    [Fact]
    public void Variable_length_integers_are_read_as_written()
    {
        uint[] values = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, int.MaxValue, uint.MaxValue];
        var bytes = new List<byte>();
        foreach (var value in values)
            VarInt.Write(bytes, value);

        var at = 0;
        Assert.Equal(values, values.Select(_ => VarInt.Read([.. bytes], ref at)));
        Assert.Equal(bytes.Count, at);
        at = 0;
        VarInt.Skip([.. bytes], ref at, values.Length);
        Assert.Equal(bytes.Count, at);
    }

    [Fact]
    public void Three_impacts_bound_every_posting_whatever_the_settings()
    {
        var random = new Random(2);
        for (var round = 0; round < 300; round++)
        {
            var postings = new Impact[1 + random.Next(128)];
            for (var i = 0; i < postings.Length; i++)
                postings[i] = new Impact(1 + random.Next(12), 1 + random.Next(400));
            var (first, second, third) = Impacts.Of([.. postings]);
            var bm25 = new Bm25(new(random.NextDouble() * 3, random.NextDouble()), 1000, 1 + random.Next(300), 30);
            var block = new BlockEntry(0, 0, 0, first, second, third);

            Assert.All(postings, p => Assert.True(bm25.Score(p.Frequency, p.Length) <= bm25.Bound(block)));
        }
    }

    [Fact]
    public void Pruned_search_finds_what_scoring_every_passage_finds()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            // Some of several blocks and windows, some of a few rows; ties everywhere.
            var count = seed % 20 == 0 ? 5000 : random.Next(400);
            IndexedPassage[] passages =
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => Made.Passage(random, random.Next(count * 2)) with { Ordinal = i }),
            ];
            var index = new SearchIndex(new SearchIndexOptions());
            foreach (var part in passages.Chunk(1 + random.Next(Math.Max(1, count))))
                index.Change(Made.Adding(part));

            var reference = new ReferenceSearch(passages);
            for (var query = 0; query < 8; query++)
            {
                var request = new SearchRequest
                {
                    Text = Made.Query(random),
                    Filter = Made.Filter(random),
                    Limit = 1 + random.Next(20),
                    Candidates = 1,
                    Bm25 = random.Next(2) == 0 ? null : new(random.NextDouble() * 2, random.NextDouble()),
                };

                var found = index.Search(request).Hits.Select(hit => (hit.PassageId, hit.Score));

                Assert.True(reference.Words(request).SequenceEqual(found), $"Seed {seed}: {request}");
            }
        }
    }

    [Fact]
    public void Scores_are_those_of_the_formula()
    {
        var index = Made.Index(
            Made.Passage(1, "rent rent garden") with
            {
                Title = "rent",
            },
            Made.Passage(2, "garden roof"),
            Made.Passage(3, "roof")
        );

        var hit = index.Search(new SearchRequest { Text = "rent" }).Hits.Single();

        const double averageLength = (4 + 2 + 1) / 3.0;
        const double weighted = 2 + 1.5;
        var idf = Math.Log(1 + ((3 - 1 + 0.5) / (1 + 0.5)));
        var norm = 1.2 * (1 - 0.85 + (0.85 * 4 / averageLength));
        Assert.Equal(idf * weighted * 2.2 / (weighted + norm), hit.Score, 1e-8);
    }

    [Fact]
    public void What_a_query_says_again_counts_more_and_less_each_time()
    {
        var index = Made.Index(Made.Passage(1, "rent"), Made.Passage(2, "roof"));
        double ScoreOf(string text, double k3 = 6) =>
            index.Search(new SearchRequest { Text = text, Bm25 = Bm25Settings.Default with { K3 = k3 } }).Hits[0].Score;

        Assert.Equal(ScoreOf("rent") * 7 * 3 / (6 + 3), ScoreOf("rent rents Rent"), 1e-6);
        Assert.Equal(ScoreOf("rent"), ScoreOf("rent rent", k3: 0), 1e-6);
    }

    [Theory]
    [InlineData("\"notice period\"", new[] { 1, 3 })]
    [InlineData("\"period notice\"", new int[0])]
    [InlineData("notice -period", new[] { 2 })]
    [InlineData("notice -\"the notice period\"", new[] { 2, 3 })]
    [InlineData("title:notice", new[] { 3 })]
    [InlineData("title:\"notice period\"", new[] { 3 })]
    [InlineData("body:period", new[] { 1, 4 })]
    [InlineData("heading:period", new int[0])]
    [InlineData("Title:notice", new[] { 3 })]
    [InlineData("notice -title:notice", new[] { 1, 2 })]
    [InlineData("\"of the notice period\"", new[] { 1 })]
    [InlineData("\"§ 12.3(b)\"", new[] { 2 })]
    [InlineData("\"tenant's 12.3\"", new[] { 2 })]
    [InlineData("\"open quote", new int[0])]
    [InlineData("title: notice", new[] { 1, 2, 3 })]
    [InlineData("-", new int[0])]
    [InlineData("\"\"", new int[0])]
    public void Phrases_exclusions_and_fields_choose_passages(string query, int[] found)
    {
        var index = Made.Index(
            Made.Passage(1, "The end of the notice period."),
            Made.Passage(2, "Notice of a tenant's § 12.3(b)."),
            Made.Passage(3, "Unrelated.") with
            {
                Title = "Notice period",
            },
            Made.Passage(4, "A long period.")
        );

        Assert.Equal(found, index.Search(new SearchRequest { Text = query }).Ids().Order());
    }

    [Fact]
    public void Supporting_terms_count_by_their_weight_and_choose_nothing()
    {
        var index = Made.Index(
            Made.Passage(1, "rent of the roof"),
            Made.Passage(2, "lease of the roof"),
            Made.Passage(3, "rent of the garden")
        );
        var alone = index.Search(new SearchRequest { Text = "rent" }).Hits;
        SupportingTerm[] supporting =
        [
            new("leas", 0.25),
            new("rent", 0.5),
            new("leas", 1),
            new("roof", double.NaN),
            new("x", 1),
        ];

        var hits = index.Search(new SearchRequest { Text = "rent", Supporting = supporting }).Hits;

        Assert.Equal([1, 3, 2], hits.Select(hit => Made.Number(hit.PassageId)));
        Assert.Equal(alone[0].Score, hits[0].Score);
        var whole = index.Search(new SearchRequest { Text = "lease" }).Hits.Single().Score;
        Assert.Equal(whole / 4, hits[2].Score, 1e-8);
        Assert.Equal([2], index.Search(new SearchRequest { Supporting = [new("leas", 0.5)] }).Ids());
    }

    [Fact]
    public void Statistics_are_those_of_the_passages_that_can_be_found()
    {
        var index = Made.Index(
            Made.Passage(1, "rent roof"),
            Made.Passage(2, "rent"),
            Made.Passage(3, "rent rent garden")
        );
        index.Change(new IndexChanges(Made.Revision(2)) { RemovedPassages = [Made.Id(2)] });

        var statistics = index.StatisticsOf(["rent", "roof", "none", "rent"]);

        Assert.Equal((2, 2.5), (statistics.PassageCount, statistics.AverageLength));
        Assert.Equal([2, 1, 0], new[] { "rent", "roof", "none" }.Select(term => statistics.DocumentFrequencies[term]));
    }

    [Fact]
    public void A_phrase_does_not_run_from_one_field_into_the_next()
    {
        var index = Made.Index(Made.Passage(1, "period") with { Heading = "notice", Title = "the" });

        Assert.Empty(index.Search(new SearchRequest { Text = "\"notice period\"" }).Hits);
        Assert.Empty(index.Search(new SearchRequest { Text = "\"the notice\"" }).Hits);
    }

    [Fact]
    public void Phrases_and_exclusions_hold_for_vectors_too()
    {
        var index = new SearchIndex(new SearchIndexOptions { Dimensions = 2 });
        index.Change(
            Made.Adding(
                Made.Passage(1, "notice period") with
                {
                    Vector = new float[] { 1, 1 },
                },
                Made.Passage(2, "period notice") with
                {
                    Vector = new float[] { 1, 0 },
                },
                Made.Passage(3, "garden") with
                {
                    Vector = new float[] { 1, 0 },
                }
            )
        );
        var request = new SearchRequest { Vector = new float[] { 1, 0 } };

        Assert.Equal([1], index.Search(request with { Text = "\"notice period\"" }).Ids());
        Assert.Equal([3], index.Search(request with { Text = "garden -notice" }).Ids());
        Assert.Equal([2], index.Search(request with { Text = "notice -\"notice period\" -garden" }).Ids());
    }

    [Fact]
    public void Of_very_many_words_the_rarest_count()
    {
        var index = Made.Index(
            Made.Passage(1, string.Join(' ', Enumerable.Range(0, 3000).Select(i => $"w{i}"))),
            Made.Passage(2, "needle")
        );
        var text = string.Join(' ', Enumerable.Range(0, 500).Select(i => $"w{i}")) + " needle";

        Assert.Equal([1, 2], index.Search(new SearchRequest { Text = text }).Ids().Order());
    }

    [Fact]
    public void Long_words_are_found_and_told_apart()
    {
        var first = new string('x', 1_000_000) + "a";
        var second = new string('x', 1_000_000) + "b";
        var index = Made.Index(Made.Passage(1, first), Made.Passage(2, second));

        Assert.Equal([1], index.Search(new SearchRequest { Text = first }).Ids());
        Assert.Equal([2], index.Search(new SearchRequest { Text = second }).Ids());
        Assert.True(index.Statistics.Bytes < 10_000);
    }

    [Fact]
    public void No_text_and_no_query_makes_it_fail()
    {
        var index = Made.Index();
        var number = 0;
        Properties.HoldForAnyTexts(
            (text, query) =>
            {
                index.Change(Made.Adding(Made.Passage(number++ % 50, text) with { Title = query, Heading = text }));
                index.Search(new SearchRequest { Text = query, Explain = true });
                index.Search(new SearchRequest { Text = $"\"{text}\" -{query} title:{query}" });
                if (number % 40 == 0)
                    index.Tidy();
            }
        );
    }
}
