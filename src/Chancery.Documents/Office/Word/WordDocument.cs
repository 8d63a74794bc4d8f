using System.Globalization;

namespace Chancery.Documents;

/// <summary>Reads Word documents: paragraphs, lists, tables, notes, comments, and what stands around the pages.</summary>
internal sealed class WordDocument
{
    private readonly OfficePackage _package;
    private readonly string _part;
    private readonly WordStyles _styles;
    private readonly WordLists _lists;
    private readonly WordNotes _notes;
    private readonly WordText _text;
    private readonly BlockWriter _blocks = new();
    private readonly List<(string Place, string Part)> _furniture = [];
    private int _paragraphs;
    private int _tables;

    /// <summary>Of a paragraph whose end was deleted, so that the next goes on with it.</summary>
    private string _unended = "";

    private WordDocument(OfficePackage package, string part)
    {
        _package = package;
        _part = part;
        _styles = new WordStyles(package.LoadRelated(part, "styles"));
        _lists = new WordLists(package.LoadRelated(part, "numbering"), _styles);
        _notes = new WordNotes(package, part);
        _text = new WordText(_styles);
    }

    public static ParsedDocument Read(OfficePackage package, string part)
    {
        var document = new WordDocument(package, part);
        document.ReadBody();
        var (title, author) = package.Properties();
        var pages = TextParts.Cut(document._blocks.Text, document._blocks.Blocks);
        return new ParsedDocument(new ChildReply.Header(null, title, author), pages);
    }

    private void ReadBody()
    {
        using var reader = _package.Open(_part);
        while (reader.ToElement())
        {
            if (reader.Name == "w:body")
            {
                foreach (var node in reader.Children())
                {
                    Visit(node, null);
                }
            }
        }

        EndParagraph(null);
        foreach (var (place, part) in _furniture)
        {
            Furniture(place, part);
        }
    }

    /// <param name="place">Of everything in it, or null in the body, where paragraphs are counted.</param>
    private void Visit(XmlNode node, string? place)
    {
        switch (node.Name)
        {
            case "w:p":
                Paragraph(node, place);
                break;
            case "w:tbl":
                Table(node, place);
                break;
            case "w:sdt" when node.Find("w:sdtPr", "w:showingPlcHdr") is null:
                VisitAll(node.Child("w:sdtContent")?.Children ?? [], place);
                break;
            case "w:customXml" or "w:ins" or "w:moveTo":
                VisitAll(node.Children, place);
                break;
            case "mc:AlternateContent":
                VisitAll(WordText.Chosen(node), place);
                break;
            case "w:sectPr":
                Section(node);
                break;
        }
    }

    private void VisitAll(IEnumerable<XmlNode> nodes, string? place)
    {
        foreach (var node in nodes)
        {
            Visit(node, place);
        }
    }

    private void Paragraph(XmlNode paragraph, string? place)
    {
        var properties = paragraph.Child("w:pPr");
        if (properties?.Child("w:sectPr") is { } section)
        {
            Section(section);
        }

        var (text, attachments) = _text.Of(paragraph);
        text = _unended + text;
        _unended = "";
        if (properties?.Find("w:rPr", "w:del") is not null)
        {
            // It is no paragraph any more, and so counts in no list.
            _unended = text;
            Attach(attachments, place ?? (_paragraphs == 0 ? null : Place("Paragraph", _paragraphs)));
            return;
        }

        var level = _styles.HeadingLevel(properties);
        var item = _styles.ListOf(properties) is var (list, depth)
            ? _lists.Next(list, depth, _styles.StyleOf(properties))
            : null;
        if (!string.IsNullOrWhiteSpace(text))
        {
            place ??= Place("Paragraph", ++_paragraphs);
            var marked = item is { Mark.Length: > 0 } ? $"{item.Value.Mark} {text.TrimStart()}" : text;
            _ =
                level > 0 ? _blocks.Add(BlockKind.Heading, BlockWriter.OneLine(marked), level, place)
                : item is not null ? _blocks.Add(BlockKind.ListItem, marked, item.Value.Level + 1, place)
                : _blocks.Add(BlockKind.Paragraph, marked, 0, place);
        }

        Attach(attachments, place ?? (_paragraphs == 0 ? null : Place("Paragraph", _paragraphs)));
    }

    /// <summary>Tells what waited for a paragraph that goes on with it, where there is none.</summary>
    private void EndParagraph(string? place)
    {
        if (!string.IsNullOrWhiteSpace(_unended))
        {
            _blocks.Add(BlockKind.Paragraph, _unended, 0, place ?? Place("Paragraph", ++_paragraphs));
        }

        _unended = "";
    }

    private void Table(XmlNode table, string? place)
    {
        EndParagraph(place);
        place ??= Place("Table", ++_tables);
        if (WordTables.OnlyCell(table) is { } only)
        {
            VisitAll(only.Children, place);
            EndParagraph(place);
            return;
        }

        var attachments = new List<Attachment>();
        var rows = WordTables
            .Rows(table)
            .Select(row => WordTables.Line(row, cell => CellText(cell.Children, attachments)))
            .ToList();
        _blocks.AddTable(rows, place);
        Attach(attachments, place);
    }

    /// <summary>All that a cell holds, on one line; a table in it as "a, b; c, d".</summary>
    private string CellText(IEnumerable<XmlNode> content, List<Attachment> attachments)
    {
        var lines = new List<string>();
        foreach (var node in content)
        {
            switch (node.Name)
            {
                case "w:p":
                    var (text, hanging) = _text.Of(node);
                    attachments.AddRange(hanging);
                    var properties = node.Child("w:pPr");
                    var item = _styles.ListOf(properties) is var (list, depth)
                        ? _lists.Next(list, depth, _styles.StyleOf(properties))
                        : null;
                    text = BlockWriter.OneLine(text);
                    lines.Add(item is { Mark.Length: > 0 } && text.Length > 0 ? $"{item.Value.Mark} {text}" : text);
                    break;
                case "w:tbl":
                    var rows = WordTables
                        .Rows(node)
                        .Select(row =>
                            string.Join(
                                ", ",
                                WordTables
                                    .Cells(row)
                                    .Select(cell => CellText(cell.Children, attachments))
                                    .Where(cell => cell.Length > 0)
                            )
                        );
                    lines.Add(string.Join("; ", rows.Where(row => row.Length > 0)));
                    break;
                case "w:sdt" when node.Find("w:sdtPr", "w:showingPlcHdr") is null:
                    lines.Add(CellText(node.Child("w:sdtContent")?.Children ?? [], attachments));
                    break;
                case "w:customXml" or "w:ins" or "w:moveTo":
                    lines.Add(CellText(node.Children, attachments));
                    break;
                case "mc:AlternateContent":
                    lines.Add(CellText(WordText.Chosen(node), attachments));
                    break;
            }
        }

        return string.Join(' ', lines.Where(line => line.Length > 0));
    }

    /// <summary>Notes, comments, text boxes and pictures' words, after the paragraph or table that they hang on.</summary>
    private void Attach(IReadOnlyList<Attachment> attachments, string? place)
    {
        foreach (var (kind, node) in attachments)
        {
            switch (kind)
            {
                case "w:drawing" or "w:pict" or "w:object":
                    Drawing(node, place);
                    break;
                default:
                    if (_notes.Find(kind, node["id"]) is var (name, body))
                    {
                        var text = Story(body);
                        _blocks.Add(BlockKind.Note, text, 0, name);
                    }

                    break;
            }
        }
    }

    private void Drawing(XmlNode drawing, string? place)
    {
        foreach (var caption in DrawingText.Captions(drawing))
        {
            _blocks.Add(BlockKind.Caption, caption, 0, place);
        }

        DrawingText.AddGraphics(_blocks, _package, _part, drawing, place);
        // A box in a box is found with the outer one.
        var outer = _unended;
        _unended = "";
        foreach (var box in DrawingText.TextBoxes(drawing))
        {
            VisitAll(box.Children, place ?? "Text box");
            EndParagraph(place ?? "Text box");
        }

        _unended = outer;
    }

    private void Section(XmlNode section)
    {
        foreach (var node in section.Children)
        {
            var place = node.Name switch
            {
                "w:headerReference" => "Header",
                "w:footerReference" => "Footer",
                _ => null,
            };
            if (
                place is not null
                && _package.Find(_part, node["r:id"])?.Target is { } part
                && !_furniture.Contains((place, part))
            )
            {
                _furniture.Add((place, part));
            }
        }
    }

    /// <summary>A header or a footer, unless it only counts pages.</summary>
    private void Furniture(string place, string part)
    {
        var text = Story(_package.Load(part)?.Children ?? []);
        var isKnown = _blocks.Blocks.Any(block =>
            block.Kind is BlockKind.Furniture && block.Length == text.Length && _blocks.TextOf(block) == text
        );
        if (!isKnown && text.Any(char.IsLetter))
        {
            _blocks.Add(BlockKind.Furniture, text, 0, place);
        }
    }

    /// <summary>What stands beside the body, as lines.</summary>
    private string Story(IEnumerable<XmlNode> content)
    {
        var text = new WordText(_styles);
        var lines = new List<string>();
        Collect(content);
        return TextCleaner.CleanText(string.Join('\n', lines)).Trim();

        void Collect(IEnumerable<XmlNode> nodes)
        {
            foreach (var node in nodes)
            {
                switch (node.Name)
                {
                    case "w:p":
                        var (line, attachments) = text.Of(node);
                        lines.Add(line.Trim());
                        foreach (var attachment in attachments)
                        {
                            lines.AddRange(DrawingText.Captions(attachment.Node));
                            Collect(DrawingText.TextBoxes(attachment.Node).SelectMany(box => box.Children));
                        }

                        break;
                    case "mc:AlternateContent":
                        Collect(WordText.Chosen(node));
                        break;
                    case "w:tbl"
                    or "w:tr"
                    or "w:tc"
                    or "w:sdt"
                    or "w:sdtContent"
                    or "w:customXml"
                    or "w:ins"
                    or "w:moveTo":
                        Collect(node.Children);
                        break;
                }
            }

            lines.RemoveAll(line => line.Length == 0);
        }
    }

    private static string Place(string what, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} {number}");
}
