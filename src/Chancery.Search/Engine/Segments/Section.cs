using System.Runtime.InteropServices;

namespace Chancery.Search.Engine.Segments;

/// <summary>A column of a segment: values in an array, or in a mapped file. Little-endian, at most 2 GB.</summary>
internal readonly struct Section<T>(ReadOnlyMemory<byte> bytes)
    where T : unmanaged
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public ReadOnlySpan<T> Span => MemoryMarshal.Cast<byte, T>(Bytes.Span);

    public static Section<T> Of(ReadOnlySpan<T> values) => new(MemoryMarshal.AsBytes(values).ToArray());
}
