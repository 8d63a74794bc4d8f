using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chancery.Search.Engine.Dense;

/// <summary>The product of a row of int16 with a query of 32-bit floats.</summary>
internal static class Int16Dot
{
    /// <summary>The same bits on every machine: eight sums, whatever the registers' width.</summary>
    public static float Of(ReadOnlySpan<short> row, ReadOnlySpan<float> query)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Length, row.Length);
        ref var r = ref MemoryMarshal.GetReference(row);
        ref var q = ref MemoryMarshal.GetReference(query);
        var sum = Vector256<float>.Zero;
        var i = 0;
        for (; i <= row.Length - 8; i += 8)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref r, (nuint)i));
            var eight = Vector256.ConvertToSingle(Vector256.Create(low, high));
            sum += eight * Vector256.LoadUnsafe(ref q, (nuint)i);
        }

        var rest = 0f;
        for (; i < row.Length; i++)
            rest += row[i] * query[i];
        var four = sum.GetLower() + sum.GetUpper();
        return four[0] + four[1] + (four[2] + four[3]) + rest;
    }
}
