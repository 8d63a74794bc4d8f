namespace Chancery.Documents;

/// <summary>Kinds of files that are recognised in order to say what they are.</summary>
internal static class FileSignatures
{
    private static ReadOnlySpan<byte> OleMark => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

    private static readonly (byte[] Mark, MediaType Type)[] AtStart =
    [
        ([0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n'], ImageTypes.Png),
        ([0xFF, 0xD8, 0xFF], ImageTypes.Jpeg),
        ([.. "GIF87a"u8], Image("gif", "a GIF image")),
        ([.. "GIF89a"u8], Image("gif", "a GIF image")),
        ([.. "II*\0"u8], ImageTypes.Tiff),
        ([.. "MM\0*"u8], ImageTypes.Tiff),
        ([.. "{\\rtf"u8], Binary("rtf", "an RTF document")),
        ([.. "%!PS"u8], Binary("postscript", "a PostScript document")),
        ([0x7F, .. "ELF"u8], Binary("x-executable", "a program")),
        ([.. "MZ"u8, 0x90, 0], Binary("x-msdownload", "a Windows program")),
        ([0x1F, 0x8B], Binary("gzip", "a GZIP archive")),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], Binary("x-7z-compressed", "a 7z archive")),
        ([.. "Rar!"u8, 0x1A], Binary("vnd.rar", "a RAR archive")),
        ([0xFD, .. "7zXZ"u8, 0], Binary("x-xz", "an XZ archive")),
        ([.. "BZh"u8], Binary("x-bzip2", "a BZIP2 archive")),
        ([0x28, 0xB5, 0x2F, 0xFD], Binary("zstd", "a Zstandard archive")),
        ([.. "SQLite format 3\0"u8], Binary("vnd.sqlite3", "an SQLite database")),
        ([.. "PAR1"u8], Binary("vnd.apache.parquet", "a Parquet file")),
        ([.. "OggS"u8], Binary("ogg", "an Ogg recording")),
        ([0xCA, 0xFE, 0xBA, 0xBE], Binary("java-vm", "a program")),
    ];

    public static MediaType? Find(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8))
        {
            return InZip(head);
        }

        if (head.StartsWith(OleMark))
        {
            return OfficeDetection.InOle(head) ?? MediaTypes.OldOffice;
        }

        foreach (var (mark, type) in AtStart)
        {
            if (head.StartsWith(mark))
            {
                return type;
            }
        }

        return At(head, 257, "ustar"u8) ? Binary("x-tar", "a TAR archive")
            : head.StartsWith("RIFF"u8) && At(head, 8, "WEBP"u8) ? Image("webp", "a WebP image")
            : head.StartsWith("RIFF"u8) && At(head, 8, "WAVE"u8) ? Binary("wav", "a WAV recording")
            : At(head, 4, "ftyp"u8) ? Binary("mp4", "a video or an image in an MP4 container")
            : IsId3(head) ? Binary("x-mp3", "an MP3 recording")
            : head.StartsWith("BM"u8) && At(head, 6, "\0\0\0\0"u8) ? Image("bmp", "a BMP image")
            : null;
    }

    private static MediaType InZip(ReadOnlySpan<byte> head) =>
        At(head, 30, "mimetypeapplication/epub+zip"u8) ? Binary("epub+zip", "an EPUB book")
        : At(head, 30, "mimetypeapplication/vnd.oasis.opendocument"u8)
            ? Binary("vnd.oasis.opendocument", "an OpenDocument file")
        : OfficeDetection.InHead(head) ?? MediaTypes.Zip;

    /// <summary>Version 2.2 to 2.4, flags, and a size of seven bits in each byte: "ID3" alone may begin a text.</summary>
    private static bool IsId3(ReadOnlySpan<byte> head) =>
        head.Length >= 10
        && head.StartsWith("ID3"u8)
        && head[3] is >= 2 and <= 4
        && head[4] != 0xFF
        && (head[5] & 0x0F) == 0
        && !head[6..10].ContainsAnyInRange((byte)0x80, (byte)0xFF);

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> mark) =>
        head.Length >= offset + mark.Length && head[offset..].StartsWith(mark);

    private static MediaType Image(string name, string label) => new("image/" + name, label, false);

    private static MediaType Binary(string name, string label) => new("application/" + name, label, false);
}
