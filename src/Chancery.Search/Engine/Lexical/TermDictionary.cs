using System.Runtime.InteropServices;
using System.Text;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Where a term's postings lie.</summary>
/// <param name="DocumentFrequency">Rows that hold it, alive or not.</param>
/// <param name="FirstBlock">In the block table; unused for a list of one block, which has no entry there.</param>
/// <param name="Postings">First byte of its postings.</param>
/// <param name="Positions">First byte of its positions.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct TermEntry(int DocumentFrequency, int FirstBlock, uint Postings, uint Positions);

/// <summary>The terms of a segment, sorted by their UTF-8 bytes.</summary>
internal sealed class TermDictionary(Section<uint> offsets, Section<byte> bytes, Section<TermEntry> entries)
{
    /// <summary>One more than there are terms.</summary>
    public Section<uint> Offsets { get; } = offsets;

    public Section<byte> Bytes { get; } = bytes;

    public Section<TermEntry> Entries { get; } = entries;

    public int Count { get; } = entries.Span.Length;

    public long Size => Offsets.Bytes.Length + (long)Bytes.Bytes.Length + Entries.Bytes.Length;

    public ReadOnlySpan<byte> this[int term]
    {
        get
        {
            var offsets = Offsets.Span;
            return Bytes.Span[(int)offsets[term]..(int)offsets[term + 1]];
        }
    }

    /// <summary>Negative when no row ever held it. Logarithmic.</summary>
    public int Find(string term)
    {
        Span<byte> buffer = stackalloc byte[IndexTerm.MaxBytes];
        var wanted = buffer[..Encoding.UTF8.GetBytes(IndexTerm.Of(term), buffer)];
        var offsets = Offsets.Span;
        var bytes = Bytes.Span;
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = bytes[(int)offsets[middle]..(int)offsets[middle + 1]].SequenceCompareTo(wanted);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return -1;
    }
}
