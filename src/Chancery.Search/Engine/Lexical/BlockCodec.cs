using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chancery.Search.Engine.Lexical;

/// <summary>
/// Packs 128 integers in as many bits each as the largest needs, in four lanes: value 4i + l is the i-th of lane l, so that
/// four are unpacked at once (the layout of SIMD-BP128, Lemire and Boytsov 2015).
/// </summary>
internal static class BlockCodec
{
    public const int Length = 128;
    private const int Lanes = 4;

    public static int WidthOf(ReadOnlySpan<uint> values)
    {
        var all = 0u;
        foreach (var value in values)
            all |= value;
        return 32 - BitOperations.LeadingZeroCount(all);
    }

    public static int SizeOf(int width) => width * Lanes * sizeof(uint);

    /// <param name="values">128 values below 2^width.</param>
    /// <param name="packed"><see cref="SizeOf"/> bytes, zeroed.</param>
    public static void Pack(ReadOnlySpan<uint> values, int width, Span<byte> packed)
    {
        var words = MemoryMarshal.Cast<byte, uint>(packed);
        for (var i = 0; i < Length; i++)
        {
            var bit = (i / Lanes) * width;
            var word = ((bit >> 5) * Lanes) + (i % Lanes);
            var shift = bit & 31;
            if (width == 0)
                continue;
            words[word] |= values[i] << shift;
            if (shift + width > 32)
                words[word + Lanes] |= values[i] >> (32 - shift);
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">The bytes are too few, or no width has so many bits.</exception>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, Span<uint> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, 32);
        ArgumentOutOfRangeException.ThrowIfLessThan(packed.Length, SizeOf(width));
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, Length);
        if (width == 0)
        {
            values[..Length].Clear();
            return;
        }

        ref var source = ref MemoryMarshal.GetReference(packed);
        ref var target = ref MemoryMarshal.GetReference(values);
        var mask = Vector128.Create(width == 32 ? uint.MaxValue : (1u << width) - 1);
        for (var i = 0; i < Length / Lanes; i++)
        {
            var bit = i * width;
            var shift = bit & 31;
            var at = (nuint)((bit >> 5) * Lanes * sizeof(uint));
            var lanes = Vector128.LoadUnsafe(ref source, at).AsUInt32() >>> shift;
            if (shift + width > 32)
                lanes |= Vector128.LoadUnsafe(ref source, at + 16).AsUInt32() << (32 - shift);
            (lanes & mask).StoreUnsafe(ref target, (nuint)(i * Lanes));
        }
    }
}
