namespace Chancery.Search.Tests.Reranking;

public sealed class LateInteractionTests
{
    // 8 bits tell a component to a 254th of the greatest.
    private const double Precision = 0.005;

    [Fact]
    public void Each_token_of_the_query_counts_the_nearest_of_the_passage()
    {
        // Cosines of the first: 1 and 0.6, of the second: 0 and 0.8.
        var query = QueryTokens.Of([1, 0, 0, 1], width: 2);
        var passage = PassageTokens.Of([1, 0, 0.6f, 0.8f], width: 2);

        Assert.Equal((1 + 0.8) / 2, query.MaxSim(passage), Precision);
    }

    [Fact]
    public void The_order_of_tokens_and_how_long_their_vectors_are_do_not_matter()
    {
        var query = QueryTokens.Of([0, 7, 3, 0], width: 2);
        var passage = PassageTokens.Of([60, 80, 0.1f, 0], width: 2);

        Assert.Equal((1 + 0.8) / 2, query.MaxSim(passage), Precision);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(384)]
    public void It_is_that_of_32_bit_numbers_at_any_width(int width)
    {
        var random = new Random(width);
        float[] query = [.. Enumerable.Range(0, 7 * width).Select(_ => random.NextSingle() - 0.5f)];
        float[] passage = [.. Enumerable.Range(0, 50 * width).Select(_ => random.NextSingle() - 0.5f)];

        var expected = Enumerable
            .Range(0, 7)
            .Average(q => Enumerable.Range(0, 50).Max(p => Cosine(query[Row(q)], passage[Row(p)])));

        Assert.Equal(expected, QueryTokens.Of(query, width).MaxSim(PassageTokens.Of(passage, width)), Precision);

        Range Row(int row) => (row * width)..((row + 1) * width);
    }

    [Fact]
    public void What_has_no_direction_is_like_nothing_and_asks_for_nothing()
    {
        var query = QueryTokens.Of([1, 0, 0, 0, float.NaN, 1, float.PositiveInfinity, 0], width: 2);
        var passage = PassageTokens.Of([-1, 0, 0, 0, float.NaN, 1], width: 2);

        Assert.Equal(1, query.Count);
        // The vector of zeros is at a right angle to everything.
        Assert.Equal(0, query.MaxSim(passage), Precision);
    }

    [Fact]
    public void Without_tokens_on_either_side_there_is_no_likeness()
    {
        var some = QueryTokens.Of([1, 0], width: 2);

        Assert.Equal(0, QueryTokens.Of([], width: 2).MaxSim(PassageTokens.Of([1, 0], width: 2)));
        Assert.Equal(-1, some.MaxSim(PassageTokens.Of([], width: 2)));
    }

    [Fact]
    public void Vectors_of_another_model_are_refused()
    {
        Assert.Throws<ArgumentException>(() => QueryTokens.Of([1, 0, 0], width: 2));
        Assert.Throws<ArgumentException>(() => PassageTokens.Of([1], width: 0));
        Assert.Throws<ArgumentException>(() =>
            QueryTokens.Of([1, 0], width: 2).MaxSim(PassageTokens.Of([1, 0, 0], width: 3))
        );
    }

    private static double Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double product = 0,
            first = 0,
            second = 0;
        for (var i = 0; i < one.Length; i++)
        {
            product += one[i] * other[i];
            first += one[i] * one[i];
            second += other[i] * other[i];
        }

        return product / Math.Sqrt(first * second);
    }
}
