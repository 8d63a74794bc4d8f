namespace Chancery.Documents;

/// <summary>Reads Markdown and plain text. Runs in the child.</summary>
internal static class TextDocument
{
    private const int MaxTitleLength = 500;

    /// <exception cref="DocumentUnreadableException">There is no text in it.</exception>
    public static ParsedDocument Read(byte[] content, string type)
    {
        var encoding =
            TextDecoding.Sniff(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)))
            ?? throw Failures.NotText();
        var text = TextCleaner.CleanText(encoding.Decode(content));
        if (string.IsNullOrWhiteSpace(text))
        {
            throw Failures.Empty();
        }

        var blocks = type == MediaTypes.Markdown.Name ? MarkdownBlocks.Of(text) : PlainTextBlocks.Of(text);
        var title = blocks.FirstOrDefault(block => block is { Kind: BlockKind.Heading, Level: 1 });
        var header = new ChildReply.Header(
            null,
            title is null ? null : Shorten(text.AsSpan(title.Start, title.Length).Trim("# \n=").ToString()),
            null
        );
        return new ParsedDocument(header, TextParts.Cut(text, [.. WithLines(text, blocks)]));
    }

    private static IEnumerable<TextBlock> WithLines(string text, IReadOnlyList<TextBlock> blocks)
    {
        var line = 1;
        var counted = 0;
        foreach (var block in blocks)
        {
            line += text.AsSpan(counted, block.Start - counted).Count('\n');
            counted = block.Start;
            yield return block with
            {
                Place = BlockPlaces.Line,
                Row = line,
            };
        }
    }

    private static string Shorten(string title) => title.Length <= MaxTitleLength ? title : title[..MaxTitleLength];
}
