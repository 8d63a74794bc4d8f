using System.Net.Http.Headers;
using System.Text;
using Chancery.Documents;
using Chancery.Server.Knowledge.Upload;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>Names a fetched file, and brings a text to UTF-8 where the server said how it is written.</summary>
internal static class FetchedContent
{
    // The web's own reading of these names: what says Latin-1 or ASCII is Windows-1252.
    private static readonly HashSet<string> WindowsLatin = new(StringComparer.OrdinalIgnoreCase)
    {
        "iso-8859-1",
        "iso8859-1",
        "latin1",
        "l1",
        "us-ascii",
        "ascii",
    };

    private static readonly Dictionary<string, string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/pdf"] = ".pdf",
        ["text/markdown"] = ".md",
        ["text/x-markdown"] = ".md",
        ["text/html"] = ".html",
        ["application/xhtml+xml"] = ".html",
        ["text/csv"] = ".csv",
        ["text/plain"] = ".txt",
        ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] = ".docx",
        ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] = ".xlsx",
        ["application/vnd.openxmlformats-officedocument.presentationml.presentation"] = ".pptx",
    };

    /// <summary>What the server calls the file, else the last part of the address, else its host; safe to show.</summary>
    public static string NameOf(Uri address, HttpContentHeaders? headers)
    {
        var given = Unquoted(headers?.ContentDisposition?.FileNameStar ?? headers?.ContentDisposition?.FileName);
        var part = given is { Length: > 0 } ? given : Uri.UnescapeDataString(address.Segments[^1]);
        var name = FileNames.Clean(part.Trim('/', ' ').Length == 0 ? address.IdnHost : part);
        var isNamed = Path.GetExtension(name).Length is > 1 and <= 6 && part.Trim('/', ' ').Length > 0;
        return
            !isNamed && headers?.ContentType?.MediaType is { } type && Extensions.TryGetValue(type, out var extension)
            ? FileNames.Clean(name + extension)
            : name;
    }

    /// <summary>The encoding that the server named, where it is one that has to be converted; else null.</summary>
    public static Encoding? CharsetOf(HttpContentHeaders headers)
    {
        var type = headers.ContentType;
        if (
            type?.MediaType is not { } media
            || !(
                media.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
                || media.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            )
            || Unquoted(type.CharSet) is not { Length: > 0 } name
        )
        {
            return null;
        }

        try
        {
            var asked = WindowsLatin.Contains(name) ? "windows-1252" : name;
            var encoding = CodePagesEncodingProvider.Instance.GetEncoding(asked) ?? Encoding.GetEncoding(asked);
            return encoding.CodePage == Encoding.UTF8.CodePage ? null : encoding;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // A name that nobody knows says nothing.
            return null;
        }
    }

    /// <summary>Whether bytes may be a text at all, so that the server's word on its encoding counts.</summary>
    public static bool MayBeText(ReadOnlySpan<byte> head, MediaType detected) =>
        !HasMark(head)
        && (detected.Name.StartsWith("text/", StringComparison.Ordinal) || detected.Name == "application/octet-stream");

    /// <summary>UTF-8 with its mark, so that what a page says of itself does not count any more.</summary>
    public static Stream ToUtf8(Stream text, Encoding from) =>
        new ChainedStream(
            Encoding.UTF8.GetPreamble(),
            Encoding.CreateTranscodingStream(text, from, new UTF8Encoding(false))
        );

    // A byte order mark is stronger than what the server says.
    private static bool HasMark(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])
        || head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])
        || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]);

    private static string? Unquoted(string? text) => text?.Trim().Trim('"', '\'');
}
