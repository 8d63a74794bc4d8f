using System.Numerics;

namespace Chancery.Search.Engine.Segments;

/// <summary>One bit for each row of a segment. Not to be changed any more once a generation holds it.</summary>
internal sealed class Bitmap
{
    private Bitmap(ulong[] words, int length)
    {
        Words = words;
        Length = length;
    }

    /// <summary>Bits beyond <see cref="Length"/> are zero.</summary>
    public ulong[] Words { get; }

    public int Length { get; }

    public bool this[int row] => (Words[row >> 6] >> (row & 63) & 1) != 0;

    public static Bitmap None(int length) => new(new ulong[(length + 63) / 64], length);

    public static Bitmap All(int length)
    {
        var all = None(length);
        all.Words.AsSpan().Fill(ulong.MaxValue);
        if ((length & 63) != 0)
            all.Words[^1] = (1UL << (length & 63)) - 1;
        return all;
    }

    /// <summary>The bits as they were written; those beyond the length are cleared.</summary>
    public static Bitmap Of(ReadOnlySpan<ulong> words, int length)
    {
        var bitmap = new Bitmap(words[..((length + 63) / 64)].ToArray(), length);
        bitmap.And(All(length));
        return bitmap;
    }

    public Bitmap Clone() => new([.. Words], Length);

    public void Set(int row) => Words[row >> 6] |= 1UL << (row & 63);

    public void Clear(int row) => Words[row >> 6] &= ~(1UL << (row & 63));

    public void And(Bitmap other)
    {
        for (var i = 0; i < Words.Length; i++)
            Words[i] &= other.Words[i];
    }

    public void AndNot(Bitmap other)
    {
        for (var i = 0; i < Words.Length; i++)
            Words[i] &= ~other.Words[i];
    }

    public int Count()
    {
        var count = 0;
        foreach (var word in Words)
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>The first row from <paramref name="row"/> on whose bit is set; <see cref="Length"/> when there is none.</summary>
    public int Next(int row)
    {
        if (row >= Length)
            return Length;
        var i = row >> 6;
        var word = Words[i] & (ulong.MaxValue << (row & 63));
        while (word == 0)
        {
            if (++i == Words.Length)
                return Length;
            word = Words[i];
        }

        return (i << 6) + BitOperations.TrailingZeroCount(word);
    }
}
