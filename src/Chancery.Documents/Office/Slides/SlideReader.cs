using System.Globalization;

namespace Chancery.Documents;

/// <summary>Reads one slide: its title, its other shapes in the order of reading, its notes and comments.</summary>
internal sealed class SlideReader(OfficePackage package, string part, BlockWriter blocks)
{
    private int _tables;

    public void Read(XmlNode slide)
    {
        var shapes = new List<SlideShape>();
        SlideShape.Collect(slide.Find("p:cSld", "p:spTree"), shapes);
        foreach (var shape in SlideShape.InReadingOrder(shapes))
        {
            blocks.SetApart();
            Shape(shape);
        }

        foreach (var notes in package.Related(part, "notesSlide"))
        {
            Notes(package.Load(notes));
        }

        foreach (var comments in package.Related(part, "comments"))
        {
            Comments(package.Load(comments));
        }
    }

    private void Shape(SlideShape shape)
    {
        var node = shape.Node;
        foreach (var caption in DrawingText.Captions(node))
        {
            blocks.Add(BlockKind.Caption, caption);
        }

        if (shape.IsTitle)
        {
            var level = shape.Placeholder == "ctrTitle" ? 1 : 2;
            blocks.Add(BlockKind.Heading, BlockWriter.OneLine(DrawingText.Lines(node.Child("p:txBody"))), level);
            return;
        }

        Text(node.Child("p:txBody"), shape.IsBody);
        foreach (var table in DrawingText.Within(node, "a:tbl"))
        {
            Table(table);
        }

        DrawingText.AddGraphics(blocks, package, part, node, null);
    }

    /// <param name="isBody">Whether paragraphs are list items unless they say otherwise.</param>
    private void Text(XmlNode? body, bool isBody)
    {
        var counters = new int[10];
        foreach (var paragraph in body?.All("a:p") ?? [])
        {
            var text = DrawingText.ParagraphText(paragraph);
            if (text.Length == 0)
            {
                continue;
            }

            var properties = paragraph.Child("a:pPr");
            var depth = int.TryParse(properties?["lvl"], CultureInfo.InvariantCulture, out var level)
                ? Math.Clamp(level, 0, 8)
                : 0;
            var number = properties?.Child("a:buAutoNum");
            Array.Clear(counters, depth + 1, counters.Length - depth - 1);
            counters[depth] = number is null ? 0 : counters[depth] + 1;
            if (number is not null)
            {
                blocks.Add(BlockKind.ListItem, $"{Mark(number, counters[depth])} {text}", depth + 1);
            }
            else if (properties?.Child("a:buChar") is not null || (isBody && properties?.Child("a:buNone") is null))
            {
                blocks.Add(BlockKind.ListItem, "• " + text, depth + 1);
            }
            else
            {
                blocks.Add(BlockKind.Paragraph, text);
            }
        }
    }

    private static string Mark(XmlNode number, int count)
    {
        var type = number["type"] ?? "arabicPeriod";
        if (int.TryParse(number["startAt"], CultureInfo.InvariantCulture, out var start) && start is > 0 and < 100_000)
        {
            count += start - 1;
        }

        var text = NumberText.Of(
            count,
            type.StartsWith("alphaLc", StringComparison.Ordinal) ? "lowerLetter"
                : type.StartsWith("alphaUc", StringComparison.Ordinal) ? "upperLetter"
                : type.StartsWith("romanLc", StringComparison.Ordinal) ? "lowerRoman"
                : type.StartsWith("romanUc", StringComparison.Ordinal) ? "upperRoman"
                : null
        );
        return type.EndsWith("ParenBoth", StringComparison.Ordinal) ? $"({text})"
            : type.EndsWith("ParenR", StringComparison.Ordinal) ? $"{text})"
            : type.EndsWith("Period", StringComparison.Ordinal) ? $"{text}."
            : text;
    }

    private void Table(XmlNode table)
    {
        var rows = table
            .All("a:tr")
            .Select(row =>
                string.Join(
                        '\t',
                        row.All("a:tc")
                            .Select(cell =>
                                cell["hMerge"] is "1" or "true" || cell["vMerge"] is "1" or "true"
                                    ? ""
                                    : BlockWriter.OneLine(DrawingText.Lines(cell.Child("a:txBody")))
                            )
                    )
                    .TrimEnd('\t')
            )
            .ToList();
        blocks.AddTable(rows, string.Create(CultureInfo.InvariantCulture, $"Table {++_tables}"));
    }

    private void Notes(XmlNode? notes)
    {
        var shapes = new List<SlideShape>();
        SlideShape.Collect(notes?.Find("p:cSld", "p:spTree"), shapes);
        foreach (var shape in shapes.Where(shape => shape.Placeholder == "body"))
        {
            foreach (var paragraph in shape.Node.Child("p:txBody")?.All("a:p") ?? [])
            {
                blocks.Add(BlockKind.Note, DrawingText.ParagraphText(paragraph), 0, "Notes");
            }
        }
    }

    private void Comments(XmlNode? comments)
    {
        foreach (var comment in comments?.Children ?? [])
        {
            var text = comment.Name switch
            {
                "p:cm" => comment.Child("p:text")?.Text ?? "",
                "p188:cm" => string.Join('\n', comment.Descendants("p188:txBody").Select(DrawingText.Lines)),
                _ => "",
            };
            blocks.Add(BlockKind.Note, text, 0, "Comment");
        }
    }
}
