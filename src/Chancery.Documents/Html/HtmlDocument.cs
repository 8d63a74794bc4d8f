namespace Chancery.Documents;

/// <summary>Reads pages of HTML. Runs in the child.</summary>
internal static class HtmlDocument
{
    private const int MaxTitleLength = 500;

    /// <exception cref="DocumentUnreadableException">There is no text in it.</exception>
    public static ParsedDocument Read(byte[] content)
    {
        var tree = HtmlTree.Parse(HtmlEncoding.Decode(content));
        var reading = new HtmlBlocks(tree);
        var blocks = reading.Read();
        if (blocks.IsEmpty)
        {
            throw Failures.EmptyPage();
        }

        var (title, author) = About(tree);
        return new ParsedDocument(
            new ChildReply.Header(null, title ?? Field(reading.Heading), author),
            TextParts.Cut(blocks.Text, blocks.Blocks)
        );
    }

    private static (string? Title, string? Author) About(HtmlTree tree)
    {
        string? title = null;
        string? shared = null;
        string? author = null;
        for (var i = 1; i < tree.Count; i++)
        {
            var node = tree[i];
            if (node.Name == "title" && node.First != 0 && tree[node.Parent].Name != "svg")
            {
                title ??= Field(tree[node.First].Text);
            }
            else if (node is { Name: "meta", Attributes: { } attributes })
            {
                var content = attributes["content"];
                switch ((attributes["name"] ?? attributes["property"])?.ToLowerInvariant())
                {
                    case "og:title":
                        shared ??= Field(content);
                        break;
                    case "author" or "dc.creator" or "dcterms.creator" or "article:author" or "citation_author":
                        author ??= content?.Contains("://", StringComparison.Ordinal) is true ? null : Field(content);
                        break;
                    default:
                        break;
                }
            }
        }

        return (title ?? shared, author);
    }

    private static string? Field(string? text)
    {
        var line = BlockWriter.OneLine(text ?? "");
        return line.Length == 0 ? null
            : line.Length <= MaxTitleLength ? line
            : line[..MaxTitleLength];
    }
}
