namespace Chancery.Search.Engine.Lexical;

/// <summary>Non-negative integers in one to five bytes, seven bits each, the lowest first.</summary>
internal static class VarInt
{
    public static void Write(List<byte> bytes, uint value)
    {
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }

    public static uint Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        uint value = bytes[at++];
        if (value < 0x80)
            return value;

        value &= 0x7F;
        for (var shift = 7; shift < 35; shift += 7)
        {
            uint next = bytes[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
                break;
        }

        return value;
    }

    /// <summary>Passes over <paramref name="count"/> integers.</summary>
    public static void Skip(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        while (count > 0)
            count -= bytes[at++] < 0x80 ? 1 : 0;
    }
}
