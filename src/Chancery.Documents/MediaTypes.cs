namespace Chancery.Documents;

/// <summary>What a file is, as its bytes tell.</summary>
/// <param name="Name">The IANA name, such as <c>application/pdf</c>.</param>
/// <param name="Label">For a sentence: "a PDF", "a ZIP archive".</param>
/// <param name="IsReadable">Whether <see cref="DocumentReader"/> reads it.</param>
public sealed record MediaType(string Name, string Label, bool IsReadable);

/// <summary>Tells files apart by content. A name decides only between Markdown and plain text.</summary>
public static class MediaTypes
{
    /// <summary>How many leading bytes <see cref="Detect"/> wants to see.</summary>
    public const int DetectionBytes = 64 * 1024;

    private const int PdfMarkWithin = 1024;

    public static readonly MediaType Pdf = new("application/pdf", "a PDF", true);
    public static readonly MediaType Markdown = new("text/markdown", "a Markdown text", true);
    public static readonly MediaType PlainText = new("text/plain", "a plain text", true);

    /// <summary>Every kind that <see cref="DocumentReader"/> reads.</summary>
    public static IReadOnlyList<MediaType> Readable { get; } = [Pdf, Markdown, PlainText, .. ImageTypes.All];

    /// <summary>Them, in a sentence.</summary>
    public const string ReadableNames = "PDF, Markdown and plain text";

    private static readonly MediaType UnknownBinary = new(
        "application/octet-stream",
        "a binary file of an unknown kind",
        false
    );

    /// <summary>The readable type of that name, or null. For types that were detected earlier and stored.</summary>
    public static MediaType? Find(string name) => Readable.FirstOrDefault(type => type.Name == name);

    /// <summary>
    /// Decides what a file is. Never fails: a binary file that is not known has a type that is not readable. HTML is taken for
    /// plain text, with its tags.
    /// </summary>
    /// <param name="head">The first <see cref="DetectionBytes"/> bytes, or all where there are fewer.</param>
    /// <param name="fileName">Only breaks the tie between Markdown and plain text.</param>
    public static MediaType Detect(ReadOnlySpan<byte> head, string? fileName)
    {
        // A polyglot that is a PDF too is read as one: poppler is what looks at it then.
        var mark = head[..Math.Min(head.Length, PdfMarkWithin)].IndexOf("%PDF-"u8);
        if (mark >= 0 && (IsBlank(head[..mark]) || !IsProse(head)))
        {
            return Pdf;
        }

        if (FileSignatures.Find(head) is { } known)
        {
            return known;
        }

        if (TextDecoding.Sniff(head) is not { } encoding)
        {
            return UnknownBinary;
        }

        var text = encoding.Decode(head);
        return MarkdownMarks.Decide(text, fileName) ? Markdown : PlainText;
    }

    /// <summary>Nothing, white space, or the mark of UTF-8.</summary>
    private static bool IsBlank(ReadOnlySpan<byte> bytes) =>
        !(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes).ContainsAnyExcept(" \t\r\n\f"u8);

    /// <summary>Text that can speak of PDF: a real one with something before it holds bytes that no text has.</summary>
    private static bool IsProse(ReadOnlySpan<byte> head)
    {
        if (TextDecoding.Sniff(head) is not { } encoding)
        {
            return false;
        }

        foreach (var character in encoding.Decode(head))
        {
            if (char.IsControl(character) && character is not ('\t' or '\r' or '\n' or '\f'))
            {
                return false;
            }
        }

        return true;
    }
}
