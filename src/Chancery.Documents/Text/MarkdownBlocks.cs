using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace Chancery.Documents;

/// <summary>The structure of a Markdown source, in places of that source. Front matter and link definitions are no blocks.</summary>
internal static class MarkdownBlocks
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePreciseSourceLocation()
        .UseYamlFrontMatter()
        .UsePipeTables()
        .UseGridTables()
        .UseTaskLists()
        .UseFootnotes()
        .Build();

    public static IReadOnlyList<TextBlock> Of(string text)
    {
        var found = new List<TextBlock>();
        try
        {
            Collect(Markdown.Parse(text, Pipeline), 0, found);
        }
        catch (ArgumentException)
        {
            // So the parser refuses what is nested too deep. As plain text all of it can still be read.
            return PlainTextBlocks.Of(text);
        }

        // Footnotes are moved to the end of the tree, and broken markup can make spans that overlap.
        var blocks = new List<TextBlock>(found.Count);
        foreach (var block in found.OrderBy(block => block.Start))
        {
            var start = Math.Max(block.Start, blocks.Count > 0 ? blocks[^1].End : 0);
            var end = Math.Min(block.End, text.Length);
            while (start < end && char.IsWhiteSpace(text[start]))
            {
                start++;
            }

            while (end > start && char.IsWhiteSpace(text[end - 1]))
            {
                end--;
            }

            if (end > start)
            {
                blocks.Add(block with { Start = start, Length = end - start });
            }
        }

        return blocks;
    }

    private static void Collect(ContainerBlock container, int depth, List<TextBlock> found)
    {
        foreach (var block in container)
        {
            switch (block)
            {
                case YamlFrontMatterBlock or LinkReferenceDefinitionGroup or ThematicBreakBlock:
                    break;
                case HeadingBlock heading:
                    found.Add(Of(BlockKind.Heading, heading.Span, Math.Clamp(heading.Level, 1, 6)));
                    break;
                case Table table:
                    found.Add(Of(BlockKind.Table, table.Span, 0));
                    break;
                case CodeBlock code:
                    found.Add(Of(BlockKind.Code, code.Span, 0));
                    break;
                case ListBlock list:
                    foreach (var item in list.OfType<ListItemBlock>())
                    {
                        CollectItem(item, depth + 1, found);
                    }

                    break;
                case ContainerBlock inner:
                    Collect(inner, depth, found);
                    break;
                default:
                    found.Add(Of(BlockKind.Paragraph, block.Span, 0));
                    break;
            }
        }
    }

    /// <summary>An item reaches up to its first nested list, whose items are blocks of their own.</summary>
    private static void CollectItem(ListItemBlock item, int depth, List<TextBlock> found)
    {
        var nested = item.OfType<ListBlock>().FirstOrDefault();
        var end = nested is null ? item.Span.End : nested.Span.Start - 1;
        found.Add(new TextBlock(BlockKind.ListItem, item.Span.Start, Math.Max(0, end - item.Span.Start + 1), depth));
        foreach (var list in item.OfType<ListBlock>())
        {
            foreach (var inner in list.OfType<ListItemBlock>())
            {
                CollectItem(inner, depth + 1, found);
            }
        }
    }

    private static TextBlock Of(BlockKind kind, SourceSpan span, int level) =>
        new(kind, span.Start, span.Length, level);
}
