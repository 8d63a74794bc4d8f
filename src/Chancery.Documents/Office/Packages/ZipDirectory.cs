using System.Buffers.Binary;
using System.Text;

namespace Chancery.Documents;

/// <summary>
/// The central directory of an archive. It alone says what is in the archive: local headers, which a hostile archive may
/// have let differ from it, are only looked at for where a member's bytes begin.
/// </summary>
internal static class ZipDirectory
{
    /// <summary>The end record with the longest comment, and the two records of zip64 before it.</summary>
    public const int TailBytes = EndBytes + ushort.MaxValue + LocatorBytes + End64Bytes;

    private const int EndBytes = 22;
    private const int LocatorBytes = 20;
    private const int End64Bytes = 56;
    private const int EntryBytes = 46;
    private const int MaxMembers = 20_000;
    private const ushort Zip64Field = 1;

    /// <summary>Where the directory stands, or null when the archive has no end.</summary>
    /// <param name="tail">The archive's last bytes, <see cref="TailBytes"/> or all.</param>
    /// <param name="tailOffset">Where they stand in it.</param>
    public static (long Offset, long Bytes, long Shift)? Find(ReadOnlySpan<byte> tail, long tailOffset)
    {
        for (var from = tail.Length; ; )
        {
            var end = tail[..from].LastIndexOf("PK\x05\x06"u8);
            if (end < 0)
            {
                return null;
            }

            if (end + EndBytes <= tail.Length && end + EndBytes + UInt16(tail, end + 20) <= tail.Length)
            {
                return Read(tail, tailOffset, end);
            }

            from = end + 3;
        }
    }

    /// <param name="directory">Its bytes.</param>
    /// <param name="shift">Of all offsets: what was put before the archive.</param>
    /// <exception cref="DocumentUnreadableException">It is damaged, or not as an Office program writes it.</exception>
    public static List<ZipMember> Members(ReadOnlySpan<byte> directory, long shift)
    {
        var members = new List<ZipMember>();
        for (var at = 0; at < directory.Length; )
        {
            var entry = directory[at..];
            if (entry.Length < EntryBytes || !entry.StartsWith("PK\x01\x02"u8))
            {
                throw Failures.DamagedOffice();
            }

            var nameBytes = UInt16(entry, 28);
            var extraBytes = UInt16(entry, 30);
            var length = EntryBytes + nameBytes + extraBytes + UInt16(entry, 32);
            if (length > entry.Length)
            {
                throw Failures.DamagedOffice();
            }

            if (members.Count == MaxMembers)
            {
                throw Failures.UnpacksTooLarge();
            }

            members.Add(
                Member(
                    entry,
                    entry.Slice(EntryBytes, nameBytes),
                    entry.Slice(EntryBytes + nameBytes, extraBytes),
                    shift
                )
            );
            at += length;
        }

        return members;
    }

    private static (long Offset, long Bytes, long Shift)? Read(ReadOnlySpan<byte> tail, long tailOffset, int end)
    {
        long bytes = UInt32(tail, end + 12);
        long offset = UInt32(tail, end + 16);
        var follows = tailOffset + end;
        if (
            (bytes == uint.MaxValue || offset == uint.MaxValue || UInt16(tail, end + 10) == ushort.MaxValue)
            && end >= LocatorBytes
            && tail[(end - LocatorBytes)..].StartsWith("PK\x06\x07"u8)
        )
        {
            var end64 = tail[..(end - LocatorBytes)].LastIndexOf("PK\x06\x06"u8);
            if (end64 < 0 || end64 + End64Bytes > tail.Length)
            {
                return null;
            }

            bytes = BinaryPrimitives.ReadInt64LittleEndian(tail[(end64 + 40)..]);
            offset = BinaryPrimitives.ReadInt64LittleEndian(tail[(end64 + 48)..]);
            follows = tailOffset + end64;
        }

        // The directory ends where its end record begins; what is missing before it was put before the archive.
        var shift = follows - bytes - offset;
        return bytes < 0 || offset < 0 || bytes > follows || shift < 0 || offset > follows - bytes
            ? null
            : (offset + shift, bytes, shift);
    }

    private static ZipMember Member(
        ReadOnlySpan<byte> entry,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> extra,
        long shift
    )
    {
        long compressed = UInt32(entry, 20);
        long inflated = UInt32(entry, 24);
        long offset = UInt32(entry, 42);
        while (extra.Length >= 4)
        {
            var size = UInt16(extra, 2);
            if (size > extra.Length - 4)
            {
                break;
            }

            if (UInt16(extra, 0) == Zip64Field)
            {
                var field = extra.Slice(4, size);
                Widen(ref inflated, ref field);
                Widen(ref compressed, ref field);
                Widen(ref offset, ref field);
            }

            extra = extra[(4 + size)..];
        }

        if (compressed < 0 || offset < 0 || offset > long.MaxValue - shift)
        {
            throw Failures.DamagedOffice();
        }

        return new ZipMember(
            Normalise(Encoding.UTF8.GetString(name)),
            UInt16(entry, 8),
            UInt16(entry, 10),
            UInt32(entry, 16),
            compressed,
            offset + shift
        );
    }

    private static void Widen(ref long value, ref ReadOnlySpan<byte> field)
    {
        if (value == uint.MaxValue && field.Length >= 8)
        {
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    /// <summary>Some programs write backslashes, or a slash at the start. Nothing is ever written under such a name.</summary>
    private static string Normalise(string name)
    {
        name = name.Replace('\\', '/').TrimStart('/');
        return name.Split('/').Contains("..")
            ? throw Failures.UnsafeOffice("holds parts that point outside of it")
            : name;
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
