using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Chancery.Server.Inference.Ledger;

/// <summary>An entry as bytes: length, checksum, body. What a version wrote, later ones read: the body begins with its version.</summary>
internal static class JournalRecord
{
    private const byte Version = 1;
    private const int HeaderBytes = 8;
    private const int FixedBytes = 256;
    private const int MostBytes = 16 * 1024;

    /// <summary>Room enough for the entry.</summary>
    public static int MostBytesOf(LedgerEntry entry) =>
        HeaderBytes
        + FixedBytes
        + 4
            * (
                entry.Component.Length
                + entry.Operation.Length
                + entry.Provider.Length
                + entry.Model.Length
                + (entry.Outcome?.Length ?? 0)
                + (entry.ErrorType?.Length ?? 0)
            );

    /// <returns>How many bytes it took.</returns>
    public static int Write(LedgerEntry entry, Span<byte> target)
    {
        var writer = new Writer(target[HeaderBytes..]);
        writer.Byte(Version);
        writer.Byte((byte)entry.Event);
        writer.Int32(entry.Attempt);
        writer.Id(entry.Tenant);
        writer.Id(entry.RequestId);
        writer.Int64(entry.At.UtcTicks);
        writer.Int32(entry.Day.DayNumber);
        writer.Id(entry.UserId);
        writer.Id(entry.KeyId ?? Guid.Empty);
        writer.Int64(entry.Tokens.Input);
        writer.Int64(entry.Tokens.CacheRead);
        writer.Int64(entry.Tokens.CacheWrite);
        writer.Int64(entry.Tokens.CacheWriteHour);
        writer.Int64(entry.Tokens.Output);
        writer.Int64(entry.Tokens.Reasoning);
        writer.Int64(entry.CostNano);
        writer.Byte((byte)((entry.Estimated ? 1 : 0) | (entry.Billed ? 2 : 0) | (entry.CacheHit ? 4 : 0)));
        writer.Int32(entry.LatencyMs ?? -1);
        writer.Int32(entry.FirstPartMs ?? -1);
        writer.Int64(entry.ExpiresAt?.UtcTicks ?? 0);
        writer.Text(entry.Component);
        writer.Text(entry.Operation);
        writer.Text(entry.Provider);
        writer.Text(entry.Model);
        writer.Text(entry.Outcome ?? "");
        writer.Text(entry.ErrorType ?? "");

        BinaryPrimitives.WriteInt32LittleEndian(target, writer.Position);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Checksum(target.Slice(HeaderBytes, writer.Position)));
        return HeaderBytes + writer.Position;
    }

    /// <summary>The entry at the beginning of <paramref name="source"/>, or null where no whole one stands: the end, or a torn one.</summary>
    public static LedgerEntry? Read(ReadOnlySpan<byte> source, out int bytes)
    {
        bytes = 0;
        if (source.Length < HeaderBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(source);
        if (length is <= 0 or > MostBytes || source.Length < HeaderBytes + length)
        {
            return null;
        }

        var body = source.Slice(HeaderBytes, length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) != Checksum(body) || body[0] != Version)
        {
            return null;
        }

        bytes = HeaderBytes + length;
        return Read(body);
    }

    private static LedgerEntry Read(ReadOnlySpan<byte> body)
    {
        var reader = new Reader(body[1..]);
        var what = (LedgerEvent)reader.Byte();
        var attempt = reader.Int32();
        var tenant = reader.Id();
        var request = reader.Id();
        var at = reader.Time();
        var day = DateOnly.FromDayNumber(reader.Int32());
        var user = reader.Id();
        var key = reader.Id();
        var tokens = new TokenCounts(
            reader.Int64(),
            reader.Int64(),
            reader.Int64(),
            reader.Int64(),
            reader.Int64(),
            reader.Int64()
        );
        var cost = reader.Int64();
        var flags = reader.Byte();
        var latency = reader.Int32();
        var first = reader.Int32();
        var expires = reader.Time();
        return new LedgerEntry
        {
            Tenant = tenant,
            RequestId = request,
            Event = what,
            Attempt = attempt,
            At = at,
            Day = day,
            UserId = user,
            KeyId = key == Guid.Empty ? null : key,
            Tokens = tokens,
            CostNano = cost,
            Estimated = (flags & 1) != 0,
            Billed = (flags & 2) != 0,
            CacheHit = (flags & 4) != 0,
            LatencyMs = latency < 0 ? null : latency,
            FirstPartMs = first < 0 ? null : first,
            ExpiresAt = expires == default ? null : expires,
            Component = reader.Text(),
            Operation = reader.Text(),
            Provider = reader.Text(),
            Model = reader.Text(),
            Outcome = reader.Text() is { Length: > 0 } outcome ? outcome : null,
            ErrorType = reader.Text() is { Length: > 0 } error ? error : null,
        };
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var one in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, one);
        }

        return ~checksum;
    }

    private ref struct Writer(Span<byte> target)
    {
        private readonly Span<byte> _target = target;

        public int Position { get; private set; }

        public void Byte(byte value) => _target[Position++] = value;

        public void Int32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_target[Position..], value);
            Position += 4;
        }

        public void Int64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_target[Position..], value);
            Position += 8;
        }

        public void Id(Guid value)
        {
            value.TryWriteBytes(_target[Position..]);
            Position += 16;
        }

        public void Text(string value)
        {
            var length = Encoding.UTF8.GetBytes(value, _target[(Position + 2)..]);
            BinaryPrimitives.WriteUInt16LittleEndian(_target[Position..], (ushort)length);
            Position += 2 + length;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> source)
    {
        private ReadOnlySpan<byte> _rest = source;

        public byte Byte() => Take(1)[0];

        public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

        public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

        public Guid Id() => new(Take(16));

        public DateTimeOffset Time() => new(Int64(), TimeSpan.Zero);

        public string Text() => Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))));

        private ReadOnlySpan<byte> Take(int count)
        {
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
