using Chancery.Search.Engine.Dense;

namespace Chancery.Search;

/// <summary>
/// Late interaction (MaxSim; Khattab &amp; Zaharia, 2020, "ColBERT"): a query's tokens, each with a vector, look for the nearest of a
/// passage's. Safe for concurrent use.
/// </summary>
public sealed class QueryTokens
{
    private readonly int _width;
    private readonly int _stride;
    private readonly short[] _rows;
    private readonly float[] _steps;

    private QueryTokens(int width, int stride, short[] rows, float[] steps)
    {
        (_width, _stride, _rows, _steps) = (width, stride, rows, steps);
    }

    /// <summary>Tokens that have a direction.</summary>
    public int Count => _steps.Length;

    /// <param name="vectors">One after the other; one without a direction is left out.</param>
    /// <exception cref="ArgumentException">They are not a whole number of vectors of that width.</exception>
    public static QueryTokens Of(ReadOnlySpan<float> vectors, int width)
    {
        var stride = TokenLayout.Of(vectors, width).Stride;
        var rows = new short[vectors.Length / width * stride];
        var steps = new List<float>();
        var unit = new float[width];
        for (var start = 0; start < vectors.Length; start += width)
        {
            if (VectorLayout.TryNormalise(vectors.Slice(start, width), unit))
                steps.Add(Quantisation.ToQuery(unit, rows.AsSpan(steps.Count * stride, width)));
        }

        return new QueryTokens(width, stride, rows, [.. steps]);
    }

    /// <summary>The mean over the query's tokens of the cosine with the passage's nearest one, from -1 to 1; 0 for a query without any.</summary>
    /// <exception cref="ArgumentException">The passage's vectors are of another width.</exception>
    public double MaxSim(PassageTokens passage)
    {
        ArgumentNullException.ThrowIfNull(passage);
        if (passage.Width != _width)
            throw new ArgumentException("The passage's vectors are of another model.", nameof(passage));

        var sum = 0.0;
        for (var i = 0; i < _steps.Length; i++)
            sum += passage.Nearest(_rows.AsSpan(i * _stride, _stride), _steps[i]);
        return _steps.Length == 0 ? 0 : sum / _steps.Length;
    }
}
