using Chancery.Search.Engine.Dense;

namespace Chancery.Search;

internal static class TokenLayout
{
    /// <exception cref="ArgumentException">They are not a whole number of vectors of that width.</exception>
    public static VectorLayout Of(ReadOnlySpan<float> vectors, int width)
    {
        if (width is < 1 or > VectorLayout.MostDimensions || vectors.Length % width != 0)
            throw new ArgumentException($"{vectors.Length} numbers are no vectors of {width}.", nameof(vectors));
        return new VectorLayout(width);
    }
}
