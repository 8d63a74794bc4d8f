namespace Chancery.Documents;

/// <summary>What a reader in the child makes of a document.</summary>
/// <param name="Pages">Made as they are taken; taking one can end in a <see cref="DocumentUnreadableException"/>.</param>
internal sealed record ParsedDocument(ChildReply.Header Header, IEnumerable<ChildReply.Page> Pages);

/// <summary>Which reader of the child reads which media type: the one place to add a format.</summary>
internal static class DocumentFormats
{
    private static readonly Dictionary<string, Func<byte[], ParsedDocument>> Readers = new()
    {
        [MediaTypes.Markdown.Name] = content => TextDocument.Read(content, MediaTypes.Markdown.Name),
        [MediaTypes.PlainText.Name] = content => TextDocument.Read(content, MediaTypes.PlainText.Name),
        [MediaTypes.Html.Name] = HtmlDocument.Read,
        [MediaTypes.Csv.Name] = CsvDocument.Read,
        [MediaTypes.Tsv.Name] = CsvDocument.Read,
        [MediaTypes.Word.Name] = OfficeDocument.Read,
        [MediaTypes.Excel.Name] = OfficeDocument.Read,
        [MediaTypes.PowerPoint.Name] = OfficeDocument.Read,
    };

    /// <exception cref="DocumentUnreadableException">It cannot be read.</exception>
    public static ParsedDocument Read(byte[] content, string type) =>
        Readers.TryGetValue(type, out var read) ? read(content) : throw Failures.NotText();
}
