using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Chancery.Documents;

/// <summary>Tells what kind of Office document an archive or an OLE container is, from its start, its end, or both.</summary>
internal static class OfficeDetection
{
    private const int LocalBytes = 30;
    private const int MaxNameLength = 300;
    private const int MaxContentTypesBytes = 1_000_000;
    private const int MaxDirectoryBytes = 4_000_000;
    private const int OleSectorBytes = 512;

    /// <summary>By the local headers in the first bytes of an archive; null where they do not tell.</summary>
    public static MediaType? InHead(ReadOnlySpan<byte> head)
    {
        var names = new List<string>();
        var isTold = false;
        for (var at = 0; ; )
        {
            var next = head[at..].IndexOf("PK\x03\x04"u8);
            if (next < 0 || head.Length - (at + next) < LocalBytes)
            {
                return OfficeTypes.OfNames(names);
            }

            at += next;
            var local = head[at..];
            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(local[26..]);
            var start = LocalBytes + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
            if (nameLength is > 0 and <= MaxNameLength && local.Length >= LocalBytes + nameLength)
            {
                var name = Encoding
                    .UTF8.GetString(local.Slice(LocalBytes, nameLength))
                    .Replace('\\', '/')
                    .TrimStart('/');
                // There is one; whoever writes hundreds wants them to be inflated.
                if (name == OfficeTypes.PartName && start < local.Length && !isTold)
                {
                    isTold = true;
                    var method = BinaryPrimitives.ReadUInt16LittleEndian(local[8..]);
                    if (OfficeTypes.Find(Inflate(local[start..], method)) is { } type)
                    {
                        return type;
                    }
                }

                names.Add(name);
            }

            at += 4;
        }
    }

    /// <summary>By the central directory of an archive, or the directory of an OLE container; null where neither tells.</summary>
    /// <param name="content">Seekable; read at places of its own choosing.</param>
    /// <param name="origin">Where in it the file begins.</param>
    public static async Task<MediaType?> InWholeAsync(Stream content, long origin, CancellationToken cancellationToken)
    {
        var length = content.Length - origin;
        var tailOffset = Math.Max(0, length - ZipDirectory.TailBytes);
        var tail = await ReadAsync(content, origin + tailOffset, (int)(length - tailOffset), cancellationToken);
        try
        {
            if (ZipDirectory.Find(tail, tailOffset) is not { Bytes: <= MaxDirectoryBytes } found)
            {
                return null;
            }

            var directory = await ReadAsync(content, origin + found.Offset, (int)found.Bytes, cancellationToken);
            var members = ZipDirectory.Members(directory, found.Shift);
            var types = members.Find(member => member.Name == OfficeTypes.PartName);
            if (types is { CompressedBytes: <= MaxContentTypesBytes } && types.Offset < length)
            {
                var bytes = (int)Math.Min(types.CompressedBytes + ushort.MaxValue, length - types.Offset);
                var member = await ReadAsync(content, origin + types.Offset, bytes, cancellationToken);
                if (InHead(member) is { } type)
                {
                    return type;
                }
            }

            return OfficeTypes.OfNames(members.Select(member => member.Name));
        }
        catch (DocumentUnreadableException)
        {
            // It is some archive: whoever reads it will say what is wrong with it.
            return null;
        }
    }

    /// <summary>By the names of streams in an OLE container's directory, where its head holds it; null where it does not.</summary>
    public static MediaType? InOle(ReadOnlySpan<byte> head) =>
        Has(head, "EncryptedPackage") ? MediaTypes.EncryptedOffice
        : Has(head, "WordDocument") ? MediaTypes.OldWord
        : Has(head, "Workbook") || Has(head, "Book") ? MediaTypes.OldExcel
        : Has(head, "PowerPoint Document") ? MediaTypes.OldPowerPoint
        : Has(head, "__nameid_version1.0") ? MediaTypes.OutlookMessage
        : null;

    /// <summary>The same, by the directory's first sector.</summary>
    public static async Task<MediaType?> InOleAsync(
        Stream content,
        long origin,
        ReadOnlyMemory<byte> head,
        CancellationToken cancellationToken
    )
    {
        if (head.Length < OleSectorBytes)
        {
            return null;
        }

        var shift = BinaryPrimitives.ReadUInt16LittleEndian(head.Span[30..]);
        var sector = BinaryPrimitives.ReadUInt32LittleEndian(head.Span[48..]);
        if (shift is not (9 or 12))
        {
            return null;
        }

        var offset = ((long)sector + 1) << shift;
        var length = content.Length - origin;
        return offset >= length
            ? null
            : InOle(await ReadAsync(content, origin + offset, (int)Math.Min(4096, length - offset), cancellationToken));
    }

    private static bool Has(ReadOnlySpan<byte> bytes, string name) =>
        bytes.IndexOf(Encoding.Unicode.GetBytes(name + '\0')) >= 0;

    private static string Inflate(ReadOnlySpan<byte> packed, int method)
    {
        try
        {
            var text = new byte[MaxContentTypesBytes];
            using Stream stream = new MemoryStream(packed.ToArray(), writable: false);
            using var inflated = method == 0 ? stream : new DeflateStream(stream, CompressionMode.Decompress);
            var length = inflated.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(text, 0, length);
        }
        catch (InvalidDataException)
        {
            return "";
        }
    }

    private static async Task<byte[]> ReadAsync(
        Stream content,
        long offset,
        int count,
        CancellationToken cancellationToken
    )
    {
        var bytes = new byte[count];
        content.Position = offset;
        var read = await content.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellationToken);
        return read == count ? bytes : bytes[..read];
    }
}
