namespace Chancery.Search.Engine.Dense;

/// <summary>Unit vectors in fewer bits.</summary>
internal static class Quantisation
{
    /// <summary>The query's: fine enough not to add to the error of rows, small enough to sum 8,192 products in 32 bits.</summary>
    private const int QueryLevels = 2047;

    /// <summary>127 times as much stays below 32,768.</summary>
    public const int FineSteps = 258;

    /// <summary>Returns what a step is worth.</summary>
    public static float ToInt8(ReadOnlySpan<float> unit, Span<sbyte> row)
    {
        var step = Greatest(unit) / 127;
        for (var i = 0; i < unit.Length; i++)
            row[i] = (sbyte)MathF.Round(unit[i] / step);
        return step;
    }

    /// <summary>Returns what a step is worth.</summary>
    public static float ToQuery(ReadOnlySpan<float> unit, Span<short> query)
    {
        var step = Greatest(unit) / QueryLevels;
        for (var i = 0; i < unit.Length; i++)
            query[i] = (short)MathF.Round(unit[i] / step);
        return step;
    }

    /// <summary>Ten times as fine as 16-bit floats would be: the greatest component is known.</summary>
    /// <param name="step">Of the row in int8, whose 258th part is a step here.</param>
    public static void ToInt16(ReadOnlySpan<float> unit, float step, Span<short> row)
    {
        for (var i = 0; i < unit.Length; i++)
            row[i] = (short)MathF.Round(unit[i] / step * FineSteps);
    }

    public static void ToBits(ReadOnlySpan<float> unit, Span<ulong> row)
    {
        row.Clear();
        for (var i = 0; i < unit.Length; i++)
            row[i >> 6] |= unit[i] > 0 ? 1UL << (i & 63) : 0;
    }

    private static float Greatest(ReadOnlySpan<float> unit)
    {
        var greatest = 0f;
        foreach (var component in unit)
            greatest = Math.Max(greatest, Math.Abs(component));
        return greatest;
    }
}
