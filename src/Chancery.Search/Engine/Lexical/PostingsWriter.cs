using System.Runtime.InteropServices;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Writes the terms of a segment, in their order, and the rows that hold each, in theirs.</summary>
/// <param name="lengths">Of each row, in tokens.</param>
internal sealed class PostingsWriter(int[] lengths, FieldWeights weights)
{
    private readonly List<uint> _termOffsets = [0];
    private readonly List<byte> _termBytes = [];
    private readonly List<TermEntry> _entries = [];
    private readonly List<BlockEntry> _blocks = [];
    private readonly List<byte> _postings = [];
    private readonly List<byte> _positions = [];

    private readonly uint[] _deltas = new uint[BlockCodec.Length];
    private readonly uint[][] _frequencies =
    [
        new uint[BlockCodec.Length],
        new uint[BlockCodec.Length],
        new uint[BlockCodec.Length],
    ];
    private readonly Impact[] _impacts = new Impact[BlockCodec.Length];
    private int _count;
    private int _held;
    private int _lastRow;
    private int _firstBlock;
    private uint _termPostings;
    private uint _termPositions;
    private uint _blockPositions;

    /// <summary>Bytes so far; a segment must stay below 2 GB.</summary>
    public long Size => _postings.Count + (long)_positions.Count + _termBytes.Count;

    public void BeginTerm(ReadOnlySpan<byte> term)
    {
        _termBytes.AddRange(term);
        _termOffsets.Add((uint)_termBytes.Count);
        _count = _held = 0;
        _lastRow = -1;
        _firstBlock = _blocks.Count;
        _termPostings = (uint)_postings.Count;
        _termPositions = _blockPositions = (uint)_positions.Count;
    }

    /// <param name="row">Greater than the one before.</param>
    /// <param name="frequencies">By field.</param>
    /// <param name="positions">Ascending within a field, field after field.</param>
    public void Add(int row, ReadOnlySpan<int> frequencies, ReadOnlySpan<int> positions)
    {
        if (_held == BlockCodec.Length)
            EndBlock();

        _deltas[_held] = (uint)(row - _lastRow - 1);
        var at = 0;
        for (var field = 0; field < frequencies.Length; field++)
        {
            _frequencies[field][_held] = (uint)frequencies[field];
            var previous = 0;
            for (var i = 0; i < frequencies[field]; i++)
            {
                VarInt.Write(_positions, (uint)(positions[at] - previous));
                previous = positions[at++];
            }
        }

        _impacts[_held] = new Impact(weights.Weigh(frequencies[0], frequencies[1], frequencies[2]), lengths[row]);
        _lastRow = row;
        _held++;
        _count++;
    }

    /// <summary>A term without rows leaves no trace.</summary>
    public void EndTerm()
    {
        if (_count == 0)
        {
            _termOffsets.RemoveAt(_termOffsets.Count - 1);
            _termBytes.RemoveRange((int)_termOffsets[^1], _termBytes.Count - (int)_termOffsets[^1]);
            return;
        }

        EndBlock();
        if (_count <= BlockCodec.Length)
            _blocks.RemoveRange(_firstBlock, _blocks.Count - _firstBlock);
        _entries.Add(new TermEntry(_count, _firstBlock, _termPostings, _termPositions));
    }

    public Postings Finish() =>
        new(
            new TermDictionary(
                Section<uint>.Of(CollectionsMarshal.AsSpan(_termOffsets)),
                Section<byte>.Of(CollectionsMarshal.AsSpan(_termBytes)),
                Section<TermEntry>.Of(CollectionsMarshal.AsSpan(_entries))
            ),
            Section<BlockEntry>.Of(CollectionsMarshal.AsSpan(_blocks)),
            Section<byte>.Of(CollectionsMarshal.AsSpan(_postings)),
            Section<byte>.Of(CollectionsMarshal.AsSpan(_positions))
        );

    private void EndBlock()
    {
        var start = (uint)_postings.Count;
        if (_held == BlockCodec.Length)
            WritePacked();
        else
            WriteRest();

        var (first, second, third) = Impacts.Of(_impacts.AsSpan(0, _held));
        _blocks.Add(new BlockEntry(_lastRow, start, _blockPositions, first, second, third));
        _blockPositions = (uint)_positions.Count;
        _held = 0;
    }

    private void WritePacked()
    {
        ReadOnlySpan<uint[]> columns = [_deltas, .. _frequencies];
        Span<byte> packed = stackalloc byte[BlockCodec.SizeOf(32)];
        foreach (var column in columns)
            _postings.Add((byte)BlockCodec.WidthOf(column));
        foreach (var column in columns)
        {
            var width = BlockCodec.WidthOf(column);
            packed.Clear();
            BlockCodec.Pack(column, width, packed);
            _postings.AddRange(packed[..BlockCodec.SizeOf(width)]);
        }
    }

    /// <summary>Most occurrences are in the body alone: those cost one integer, the others three.</summary>
    private void WriteRest()
    {
        for (var i = 0; i < _held; i++)
        {
            var (title, heading, body) = (_frequencies[0][i], _frequencies[1][i], _frequencies[2][i]);
            var onlyBody = title == 0 && heading == 0;
            VarInt.Write(_postings, _deltas[i]);
            VarInt.Write(_postings, (body << 1) | (onlyBody ? 0u : 1));
            if (onlyBody)
                continue;
            VarInt.Write(_postings, title);
            VarInt.Write(_postings, heading);
        }
    }
}
