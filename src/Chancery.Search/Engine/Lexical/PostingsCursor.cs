namespace Chancery.Search.Engine.Lexical;

/// <summary>Walks forward over one term's rows in one segment, a block at a time. Not for concurrent use; reused.</summary>
internal sealed class PostingsCursor
{
    [ThreadStatic]
    private static Stack<PostingsCursor>? s_free;

    private readonly uint[] _rows = new uint[BlockCodec.Length];
    private readonly uint[][] _frequencies =
    [
        new uint[BlockCodec.Length],
        new uint[BlockCodec.Length],
        new uint[BlockCodec.Length],
    ];
    private readonly bool[] _zero = new bool[3];

    private Postings _postings = null!;
    private TermEntry _entry;
    private int _decoded;
    private int _positionsIndex;
    private int _positionsAt;

    private PostingsCursor() { }

    public int Term { get; private set; }

    public int DocumentFrequency => _entry.DocumentFrequency;

    public int BlockCount { get; private set; }

    /// <summary>The block whose rows are at hand.</summary>
    public int Block => _decoded;

    /// <summary>Rows in this block.</summary>
    public int Count { get; private set; }

    /// <summary>The place in this block.</summary>
    public int Index { get; set; }

    public bool AtEnd => _decoded >= BlockCount;

    /// <summary>The row that it stands on; <see cref="int.MaxValue"/> at the end.</summary>
    public int Row => AtEnd ? int.MaxValue : (int)_rows[Index];

    /// <summary>Stands on the first row; hand it back with <see cref="Return"/>.</summary>
    public static PostingsCursor Rent(Postings postings, int term)
    {
        var free = s_free ??= new Stack<PostingsCursor>();
        var cursor = free.Count > 0 ? free.Pop() : new PostingsCursor();
        cursor.Open(postings, term);
        return cursor;
    }

    public static void Return(PostingsCursor cursor)
    {
        cursor._postings = null!;
        var free = s_free ??= new Stack<PostingsCursor>();
        if (free.Count < 256)
            free.Push(cursor);
    }

    /// <summary>Rows of this block, ascending.</summary>
    public ReadOnlySpan<uint> Rows => _rows.AsSpan(0, Count);

    public ReadOnlySpan<uint> FrequenciesIn(Field field) => _frequencies[(int)field].AsSpan(0, Count);

    /// <summary>Whether no row of this block has it outside of the body.</summary>
    public bool IsOnlyInBody => _zero[(int)Field.Title] && _zero[(int)Field.Heading];

    /// <summary>The weighted frequency in the current row.</summary>
    public float Weighted(FieldWeights weights) =>
        weights.Weigh(FrequencyIn(Field.Title), FrequencyIn(Field.Heading), FrequencyIn(Field.Body));

    public int FrequencyIn(Field field) => (int)_frequencies[(int)field][Index];

    /// <summary>The table entries of this list's blocks; empty for a list of one block.</summary>
    public ReadOnlySpan<BlockEntry> Entries =>
        BlockCount > 1 ? _postings.Blocks.Span.Slice(_entry.FirstBlock, BlockCount) : [];

    /// <summary>To the next row.</summary>
    public void MoveNext()
    {
        if (++Index >= Count)
            Decode(_decoded + 1);
    }

    /// <summary>To the first row that is not before <paramref name="row"/>; forward only.</summary>
    public void MoveTo(int row)
    {
        if (AtEnd || _rows[Index] >= row)
            return;
        if (_rows[Count - 1] < row)
        {
            var block = _decoded + 1;
            var entries = Entries;
            while (block < BlockCount && entries[block].LastRow < row)
                block++;
            Decode(block);
            if (AtEnd)
                return;
        }

        var rest = _rows.AsSpan(Index, Count - Index);
        var found = rest.BinarySearch((uint)row);
        Index += found >= 0 ? found : ~found;
    }

    /// <summary>Adds the positions of the current row in a field. Rows may be asked for in ascending order only.</summary>
    public void ReadPositions(Field field, List<int> positions)
    {
        var bytes = _postings.Positions.Span;
        for (; _positionsIndex < Index; _positionsIndex++)
        {
            var skipped = 0;
            foreach (var column in _frequencies)
                skipped += (int)column[_positionsIndex];
            VarInt.Skip(bytes, ref _positionsAt, skipped);
        }

        var at = _positionsAt;
        for (var before = Field.Title; before < field; before++)
            VarInt.Skip(bytes, ref at, FrequencyIn(before));
        var position = 0;
        for (var i = FrequencyIn(field); i > 0; i--)
            positions.Add(position += (int)VarInt.Read(bytes, ref at));
    }

    private void Open(Postings postings, int term)
    {
        _postings = postings;
        Term = term;
        _entry = postings.Terms.Entries.Span[term];
        BlockCount = (_entry.DocumentFrequency + BlockCodec.Length - 1) / BlockCodec.Length;
        Decode(0);
    }

    private void Decode(int block)
    {
        _decoded = block;
        Index = 0;
        Count = 0;
        if (block >= BlockCount)
            return;

        var entries = Entries;
        var at = (int)(entries.IsEmpty ? _entry.Postings : entries[block].Postings);
        var last = block == 0 ? -1 : entries[block - 1].LastRow;
        _positionsAt = (int)(entries.IsEmpty ? _entry.Positions : entries[block].Positions);
        _positionsIndex = 0;
        Count = Math.Min(BlockCodec.Length, _entry.DocumentFrequency - (block * BlockCodec.Length));
        if (Count == BlockCodec.Length)
            DecodePacked(at);
        else
            DecodeRest(at);

        var row = (uint)last;
        foreach (ref var delta in _rows.AsSpan(0, Count))
        {
            row += delta + 1;
            delta = row;
        }
    }

    private void DecodePacked(int at)
    {
        var bytes = _postings.Rows.Span;
        var widths = bytes.Slice(at, 4);
        at += widths.Length;
        BlockCodec.Unpack(bytes[at..], widths[0], _rows);
        at += BlockCodec.SizeOf(widths[0]);
        for (var field = 0; field < 3; field++)
        {
            var width = widths[field + 1];
            _zero[field] = width == 0;
            BlockCodec.Unpack(bytes[at..], width, _frequencies[field]);
            at += BlockCodec.SizeOf(width);
        }
    }

    private void DecodeRest(int at)
    {
        var bytes = _postings.Rows.Span;
        var onlyInBody = true;
        for (var i = 0; i < Count; i++)
        {
            _rows[i] = VarInt.Read(bytes, ref at);
            var body = VarInt.Read(bytes, ref at);
            var elsewhere = (body & 1) != 0;
            onlyInBody &= !elsewhere;
            _frequencies[(int)Field.Title][i] = elsewhere ? VarInt.Read(bytes, ref at) : 0;
            _frequencies[(int)Field.Heading][i] = elsewhere ? VarInt.Read(bytes, ref at) : 0;
            _frequencies[(int)Field.Body][i] = body >> 1;
        }

        _zero[(int)Field.Title] = _zero[(int)Field.Heading] = onlyInBody;
        _zero[(int)Field.Body] = false;
    }
}
