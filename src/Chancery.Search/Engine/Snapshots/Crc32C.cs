using System.Numerics;
using System.Runtime.InteropServices;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>The Castagnoli checksum, which processors compute themselves. Finds accidents, not forgery.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    /// <summary>Continues a checksum over bytes; pieces must be a multiple of 8 long, but for the last.</summary>
    public static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            checksum = BitOperations.Crc32C(checksum, word);
        foreach (var single in bytes[(bytes.Length & ~7)..])
            checksum = BitOperations.Crc32C(checksum, single);
        return checksum;
    }

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Add(Start, bytes);
}
