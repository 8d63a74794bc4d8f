using Chancery.Search.Engine.Dense;

namespace Chancery.Search;

/// <summary>A vector of each token of a passage, in 8 bits a number: what late interaction keeps of it.</summary>
public sealed class PassageTokens
{
    private const int Overhead = 80;

    private readonly sbyte[] _rows;
    private readonly float[] _steps;

    private PassageTokens(int width, sbyte[] rows, float[] steps)
    {
        (Width, _rows, _steps) = (width, rows, steps);
    }

    /// <summary>Numbers in a vector.</summary>
    public int Width { get; }

    /// <summary>How many tokens have a vector.</summary>
    public int Count => _steps.Length;

    /// <summary>What it takes in memory.</summary>
    public int Bytes => _rows.Length + (_steps.Length * sizeof(float)) + Overhead;

    /// <param name="vectors">One after the other, of any length; one without a direction is like nothing.</param>
    /// <exception cref="ArgumentException">They are not a whole number of vectors of that width.</exception>
    public static PassageTokens Of(ReadOnlySpan<float> vectors, int width)
    {
        var layout = TokenLayout.Of(vectors, width);
        var count = vectors.Length / width;
        var rows = new sbyte[count * layout.Stride];
        var steps = new float[count];
        var unit = new float[width];
        for (var i = 0; i < count; i++)
        {
            if (VectorLayout.TryNormalise(vectors.Slice(i * width, width), unit))
                steps[i] = Quantisation.ToInt8(unit, rows.AsSpan(i * layout.Stride, width));
        }

        return new PassageTokens(width, rows, steps);
    }

    /// <summary>The cosine of the token that is nearest to one of a query; -1 where there is none.</summary>
    internal float Nearest(ReadOnlySpan<short> query, float queryStep)
    {
        var nearest = -1f;
        for (var i = 0; i < _steps.Length; i++)
        {
            var product = Int8Dot.Best(_rows.AsSpan(i * query.Length, query.Length), query);
            nearest = Math.Max(nearest, product * _steps[i] * queryStep);
        }

        return nearest;
    }
}
