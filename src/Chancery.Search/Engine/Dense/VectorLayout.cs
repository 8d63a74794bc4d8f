namespace Chancery.Search.Engine.Dense;

/// <summary>How rows of vectors lie in memory.</summary>
/// <param name="Dimensions">From 1.</param>
internal readonly record struct VectorLayout(int Dimensions)
{
    public const int MostDimensions = 8192;

    /// <summary>Bytes of an int8 row: whole vectors of the widest kind, the rest zero.</summary>
    public int Stride => (Dimensions + 63) & ~63;

    /// <summary>64-bit words of a row of bits.</summary>
    public int Words => (Dimensions + 63) / 64;

    /// <summary>No column of a segment may have 2 GB.</summary>
    public int MostRows => 1_900_000_000 / Math.Max(64, Math.Max(Stride, Dimensions * 2));

    public bool CanUse(ReadOnlySpan<float> vector) => vector.Length == Dimensions && Length(vector) > 0;

    /// <summary>False, and nothing useful written, for a vector that has no direction.</summary>
    public static bool TryNormalise(ReadOnlySpan<float> vector, Span<float> unit)
    {
        var length = Length(vector);
        if (length <= 0)
            return false;
        for (var i = 0; i < vector.Length; i++)
            unit[i] = (float)(vector[i] / length);
        return true;
    }

    /// <summary>0 also where a component is infinite or not a number.</summary>
    private static double Length(ReadOnlySpan<float> vector)
    {
        var sum = 0.0;
        foreach (var component in vector)
            sum += (double)component * component;
        return double.IsFinite(sum) ? Math.Sqrt(sum) : 0;
    }
}
