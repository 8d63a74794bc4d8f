using System.Text;

namespace Chancery.Documents;

/// <summary>Reads what a program says in lines, of each its beginning only: a document can make one as long as it likes.</summary>
internal sealed class ShortLines(Stream source)
{
    public const int MaxBytes = 4096;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line, or null at the end.</summary>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        for (var isBegun = false; ; isBegun = true)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, await source.ReadAsync(_buffer, cancellationToken));
                if (_end == 0)
                {
                    return isBegun ? Text(line) : null;
                }
            }

            if (Take(line))
            {
                return Text(line);
            }
        }
    }

    /// <summary>Whether the line's end was reached.</summary>
    private bool Take(MemoryStream line)
    {
        var unread = _buffer.AsSpan(_start, _end - _start);
        var length = unread.IndexOf((byte)'\n');
        var piece = length < 0 ? unread : unread[..length];
        line.Write(piece[..Math.Min(piece.Length, MaxBytes - (int)line.Length)]);
        _start += piece.Length + (length < 0 ? 0 : 1);
        return length >= 0;
    }

    private static string Text(MemoryStream line) => Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
}
