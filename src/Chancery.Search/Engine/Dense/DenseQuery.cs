namespace Chancery.Search.Engine.Dense;

/// <summary>A query's unit vector in every form that rows have.</summary>
internal sealed class DenseQuery
{
    private DenseQuery(VectorLayout layout)
    {
        Unit = new float[layout.Dimensions];
        Small = new short[layout.Stride];
        Bits = new ulong[layout.Words];
    }

    public float[] Unit { get; }

    public short[] Small { get; }

    public ulong[] Bits { get; }

    /// <summary><see langword="null"/> for a vector of another length, of zeros, or not finite.</summary>
    public static DenseQuery? Of(ReadOnlySpan<float> vector, VectorLayout layout)
    {
        if (vector.Length != layout.Dimensions)
            return null;
        var query = new DenseQuery(layout);
        if (!VectorLayout.TryNormalise(vector, query.Unit))
            return null;
        Quantisation.ToQuery(query.Unit, query.Small.AsSpan(0, layout.Dimensions));
        Quantisation.ToBits(query.Unit, query.Bits);
        return query;
    }
}
