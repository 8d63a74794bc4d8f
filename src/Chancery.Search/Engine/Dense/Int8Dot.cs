using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chancery.Search.Engine.Dense;

/// <summary>
/// The product of a row of int8 with a query of 12-bit integers, once for each width of vector registers. All give the same
/// integer. Both are a multiple of 64 long, and the sum of 8,192 products stays within 32 bits.
/// </summary>
internal static class Int8Dot
{
    public delegate int Product(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query);

    /// <summary>Bits of the widest registers that this machine has for it; 0 for none.</summary>
    public static int Width { get; } =
        Vector512.IsHardwareAccelerated ? 512
        : Vector256.IsHardwareAccelerated ? 256
        : Vector128.IsHardwareAccelerated ? 128
        : 0;

    public static int Best(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query) =>
        Vector512.IsHardwareAccelerated ? With512(row, query)
        : Vector256.IsHardwareAccelerated ? With256(row, query)
        : Vector128.IsHardwareAccelerated ? With128(row, query)
        : WithScalars(row, query);

    public static int WithScalars(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query)
    {
        var sum = 0;
        for (var i = 0; i < row.Length; i++)
            sum += row[i] * query[i];
        return sum;
    }

    public static int With128(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query)
    {
        Check(row, query);
        ref var r = ref MemoryMarshal.GetReference(row);
        ref var q = ref MemoryMarshal.GetReference(query);
        var sum = Vector128<int>.Zero;
        for (nuint i = 0; i < (nuint)row.Length; i += 16)
        {
            var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref r, i));
            sum += Pairs(low, Vector128.LoadUnsafe(ref q, i));
            sum += Pairs(high, Vector128.LoadUnsafe(ref q, i + 8));
        }

        return Vector128.Sum(sum);

        static Vector128<int> Pairs(Vector128<short> a, Vector128<short> b)
        {
            if (Sse2.IsSupported)
                return Sse2.MultiplyAddAdjacent(a, b);
            var (aLow, aHigh) = Vector128.Widen(a);
            var (bLow, bHigh) = Vector128.Widen(b);
            return (aLow * bLow) + (aHigh * bHigh);
        }
    }

    public static int With256(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query)
    {
        Check(row, query);
        ref var r = ref MemoryMarshal.GetReference(row);
        ref var q = ref MemoryMarshal.GetReference(query);
        var (sum, more) = (Vector256<int>.Zero, Vector256<int>.Zero);
        for (nuint i = 0; i < (nuint)row.Length; i += 32)
        {
            sum += Pairs(Widen(Vector128.LoadUnsafe(ref r, i)), Vector256.LoadUnsafe(ref q, i));
            more += Pairs(Widen(Vector128.LoadUnsafe(ref r, i + 16)), Vector256.LoadUnsafe(ref q, i + 16));
        }

        return Vector256.Sum(sum + more);

        static Vector256<short> Widen(Vector128<sbyte> v)
        {
            if (Avx2.IsSupported)
                return Avx2.ConvertToVector256Int16(v);
            var (low, high) = Vector128.Widen(v);
            return Vector256.Create(low, high);
        }

        static Vector256<int> Pairs(Vector256<short> a, Vector256<short> b)
        {
            if (Avx2.IsSupported)
                return Avx2.MultiplyAddAdjacent(a, b);
            var (aLow, aHigh) = Vector256.Widen(a);
            var (bLow, bHigh) = Vector256.Widen(b);
            return (aLow * bLow) + (aHigh * bHigh);
        }
    }

    public static int With512(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query)
    {
        Check(row, query);
        ref var r = ref MemoryMarshal.GetReference(row);
        ref var q = ref MemoryMarshal.GetReference(query);
        var (sum, more) = (Vector512<int>.Zero, Vector512<int>.Zero);
        for (nuint i = 0; i < (nuint)row.Length; i += 64)
        {
            sum += Pairs(Widen(Vector256.LoadUnsafe(ref r, i)), Vector512.LoadUnsafe(ref q, i));
            more += Pairs(Widen(Vector256.LoadUnsafe(ref r, i + 32)), Vector512.LoadUnsafe(ref q, i + 32));
        }

        return Vector512.Sum(sum + more);

        static Vector512<short> Widen(Vector256<sbyte> v)
        {
            if (Avx512BW.IsSupported)
                return Avx512BW.ConvertToVector512Int16(v);
            var (low, high) = Vector256.Widen(v);
            return Vector512.Create(low, high);
        }

        static Vector512<int> Pairs(Vector512<short> a, Vector512<short> b)
        {
            if (Avx512BW.IsSupported)
                return Avx512BW.MultiplyAddAdjacent(a, b);
            var (aLow, aHigh) = Vector512.Widen(a);
            var (bLow, bHigh) = Vector512.Widen(b);
            return (aLow * bLow) + (aHigh * bHigh);
        }
    }

    /// <summary>What is loaded without a look at bounds lies within them.</summary>
    private static void Check(ReadOnlySpan<sbyte> row, ReadOnlySpan<short> query)
    {
        if ((row.Length & 63) != 0 || query.Length != row.Length)
            throw new ArgumentException("Rows and queries are a multiple of 64 long, and both the same.");
    }
}
