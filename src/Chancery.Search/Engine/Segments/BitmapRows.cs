using System.Numerics;

namespace Chancery.Search.Engine.Segments;

/// <summary>Goes through the rows whose bits are set, in order.</summary>
internal ref struct BitmapRows(Bitmap bitmap)
{
    private readonly ReadOnlySpan<ulong> _words = bitmap.Words;
    private ulong _left;
    private int _taken;

    /// <summary>The next row; -1 when there is none, and from then on.</summary>
    public int Next()
    {
        while (_left == 0)
        {
            if (_taken == _words.Length)
                return -1;
            _left = _words[_taken++];
        }

        var row = ((_taken - 1) << 6) + BitOperations.TrailingZeroCount(_left);
        _left &= _left - 1;
        return row;
    }
}
