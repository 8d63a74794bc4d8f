using System.Text;

namespace Chancery.Documents;

/// <summary>What a file is, as its bytes tell.</summary>
/// <param name="Name">The IANA name, such as <c>application/pdf</c>.</param>
/// <param name="Label">For a sentence: "a PDF", "a ZIP archive".</param>
/// <param name="IsReadable">Whether <see cref="DocumentReader"/> reads it.</param>
public sealed record MediaType(string Name, string Label, bool IsReadable)
{
    /// <summary>What to do with a file of this kind, where it cannot be read and there is something better than another file.</summary>
    public string? Advice { get; init; }

    /// <summary>Why a file of this kind is not taken, and what to do.</summary>
    public string Refusal =>
        $"This is {Label}, which cannot be read. {Advice ?? $"These can be read: {MediaTypes.ReadableNames}."}";
}

/// <summary>Tells files apart by content. A name decides only between kinds of text.</summary>
public static class MediaTypes
{
    /// <summary>How many leading bytes <see cref="Detect"/> wants to see.</summary>
    public const int DetectionBytes = 64 * 1024;

    private const int PdfMarkWithin = 1024;

    public static readonly MediaType Pdf = new("application/pdf", "a PDF", true);
    public static readonly MediaType Markdown = new("text/markdown", "a Markdown text", true);
    public static readonly MediaType PlainText = new("text/plain", "a plain text", true);

    public static readonly MediaType Html = new("text/html", "an HTML page", true);
    public static readonly MediaType Csv = new("text/csv", "a table in a CSV file", true);
    public static readonly MediaType Tsv = new("text/tab-separated-values", "a table in a TSV file", true);

    public static readonly MediaType Word = Office("wordprocessingml.document", "a Word document");
    public static readonly MediaType Excel = Office("spreadsheetml.sheet", "an Excel workbook");
    public static readonly MediaType PowerPoint = Office("presentationml.presentation", "a PowerPoint presentation");

    internal static readonly MediaType BinaryWorkbook = new(
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "a binary Excel workbook (XLSB)",
        false
    )
    {
        Advice = "Save it in Excel as XLSX and upload that.",
    };

    internal static readonly MediaType OldWord = Old("msword", "a Word document of the old kind (DOC)", "DOCX or PDF");
    internal static readonly MediaType OldExcel = Old(
        "vnd.ms-excel",
        "an Excel workbook of the old kind (XLS)",
        "XLSX"
    );
    internal static readonly MediaType OldPowerPoint = Old(
        "vnd.ms-powerpoint",
        "a PowerPoint presentation of the old kind (PPT)",
        "PPTX or PDF"
    );

    internal static readonly MediaType OldOffice = Old(
        "x-ole-storage",
        "an old Word, Excel or PowerPoint document",
        "DOCX, XLSX, PPTX or PDF"
    );

    internal static readonly MediaType OutlookMessage = new("application/vnd.ms-outlook", "an Outlook message", false)
    {
        Advice = "Save it as text, HTML or PDF and upload that.",
    };

    internal static readonly MediaType EncryptedOffice = new(
        "application/x-encrypted-office",
        "an Office document protected by a password",
        false
    )
    {
        Advice = "Remove the password in the program that made it, and upload it again.",
    };

    internal static readonly MediaType Zip = new("application/zip", "a ZIP archive", false);

    /// <summary>Every kind that <see cref="DocumentReader"/> reads.</summary>
    public static IReadOnlyList<MediaType> Readable { get; } =
    [Pdf, Word, Excel, PowerPoint, Html, Csv, Tsv, Markdown, PlainText, .. ImageTypes.All];

    /// <summary>Them, in a sentence.</summary>
    public const string ReadableNames =
        "PDF, Word (DOCX), Excel (XLSX), PowerPoint (PPTX), HTML, CSV, Markdown, plain text, and scans as PNG, JPEG or TIFF";

    private static readonly MediaType UnknownBinary = new(
        "application/octet-stream",
        "a binary file of an unknown kind",
        false
    );

    /// <summary>The readable type of that name, or null. For types that were detected earlier and stored.</summary>
    public static MediaType? Find(string name) => Readable.FirstOrDefault(type => type.Name == name);

    /// <summary>
    /// Decides what a file is. Never fails: a binary file that is not known has a type that is not readable.
    /// </summary>
    /// <param name="head">The first <see cref="DetectionBytes"/> bytes, or all where there are fewer.</param>
    /// <param name="fileName">Breaks ties between kinds of text: Markdown, HTML, CSV, plain.</param>
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
            // A page in a script of its own looks like no text, but for its tags.
            return !head.Contains((byte)0) && HtmlMarks.Begins(Encoding.Latin1.GetString(head)) ? Html : UnknownBinary;
        }

        var text = encoding.Decode(head);
        return HtmlMarks.Decide(text, fileName) ? Html
            : CsvMarks.Decide(text, fileName) is { } table ? table
            : MarkdownMarks.Decide(text, fileName) ? Markdown
            : PlainText;
    }

    /// <summary>
    /// As <see cref="Detect"/>, and looks at the file's end, too, where its start only tells that it is some archive or some old
    /// Office file.
    /// </summary>
    /// <param name="content">Seekable, from its position; left there.</param>
    public static async Task<MediaType> DetectAsync(
        Stream content,
        string? fileName,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(content);

        var origin = content.Position;
        var head = new byte[DetectionBytes];
        var read = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        var type = Detect(head.AsSpan(0, read), fileName);
        if (IsUncertain(type) && read == head.Length)
        {
            type =
                (
                    type == Zip
                        ? await OfficeDetection.InWholeAsync(content, origin, cancellationToken)
                        : await OfficeDetection.InOleAsync(content, origin, head, cancellationToken)
                ) ?? type;
        }

        content.Position = origin;
        return type;
    }

    /// <summary>Whether <see cref="DetectAsync"/>, which sees the whole file, may know better.</summary>
    public static bool IsUncertain(MediaType type) => type == Zip || type == OldOffice;

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

    private static MediaType Office(string name, string label) =>
        new("application/vnd.openxmlformats-officedocument." + name, label, true);

    private static MediaType Old(string name, string label, string better) =>
        new("application/" + name, label, false) { Advice = $"Save it as {better} and upload that." };
}
