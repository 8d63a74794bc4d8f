using System.Globalization;
using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Reads a document's body into paragraphs: through content controls, tables, text boxes and fields.</summary>
/// <param name="notes">The texts of footnotes and endnotes, by kind and id.</param>
internal sealed class SourceReader(IReadOnlyDictionary<(string Kind, string Id), string> notes)
{
    // Word itself nests no deeper than twenty.
    private const int MostFields = 32;

    private static readonly XNamespace Compatibility = Xml.Compatibility;

    private readonly List<SourceParagraph> _paragraphs = [];
    private readonly Dictionary<string, string> _bookmarkNames = [];
    private readonly List<Field> _fields = [];

    public static List<SourceParagraph> Read(XElement body, IReadOnlyDictionary<(string Kind, string Id), string> notes)
    {
        var reader = new SourceReader(notes);
        reader.ReadBlocks(body, Condition.Always);
        return reader._paragraphs;
    }

    public static Revision RevisionOf(XElement element) =>
        new(
            (string?)element.Attribute(Xml.W + "author") ?? "",
            DateTimeOffset.TryParse(
                (string?)element.Attribute(Xml.W + "date"),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var date
            )
                ? date
                : null
        );

    private void ReadBlocks(XElement container, Condition condition)
    {
        List<string> starts = [];
        foreach (var element in container.Elements())
        {
            switch (element.Name.LocalName)
            {
                case "p" when element.Name.Namespace == Xml.W:
                    ReadParagraph(element, condition, starts);
                    starts.Clear();
                    break;
                case "tbl":
                    ReadTable(element, condition);
                    break;
                case "bookmarkStart":
                    starts.Add(NameBookmark(element));
                    break;
                case "bookmarkEnd":
                    EndBookmark(element, _paragraphs.LastOrDefault());
                    break;
                case "sdt":
                    if (element.Element(Xml.W + "sdtContent") is { } content)
                    {
                        ReadBlocks(content, condition);
                    }

                    break;
                case "ins" or "moveTo" or "del" or "moveFrom":
                    ReadBlocks(element, Under(condition, element));
                    break;
                case "customXml" or "smartTag":
                    ReadBlocks(element, condition);
                    break;
                case "AlternateContent":
                    if (Chosen(element) is { } chosen)
                    {
                        ReadBlocks(chosen, condition);
                    }

                    break;
            }
        }
    }

    private static Condition Under(Condition condition, XElement revision) =>
        condition.Under(RevisionOf(revision), revision.Name.LocalName is "ins" or "moveTo");

    private static XElement? Chosen(XElement alternatives) =>
        alternatives.Element(Compatibility + "Choice") ?? alternatives.Element(Compatibility + "Fallback");

    private void ReadParagraph(XElement element, Condition condition, List<string> starts)
    {
        var properties = element.Element(Xml.W + "pPr");
        var paragraph = new SourceParagraph(_paragraphs.Count, properties)
        {
            End = EndOf(properties, condition),
            IsRow = _fields.Exists(field => field.IsContents),
        };
        paragraph.BookmarkStarts.AddRange(starts);
        _paragraphs.Add(paragraph);
        ReadInline(element, paragraph, condition, link: null);
    }

    private static Condition EndOf(XElement? properties, Condition condition) =>
        (properties?.Element(Xml.W + "rPr")?.Elements() ?? [])
            .Where(mark => mark.Name.LocalName is "ins" or "del" or "moveFrom" or "moveTo")
            .Aggregate(condition, Under);

    /// <summary>A table of one column is a layout; of others each row is a line, its cells parted by tabs.</summary>
    private void ReadTable(XElement table, Condition condition)
    {
        var rows = table.Elements(Xml.W + "tr").ToList();
        var isLayout = rows.TrueForAll(row => row.Elements(Xml.W + "tc").Count() == 1);
        foreach (var row in rows)
        {
            var there = (row.Element(Xml.W + "trPr")?.Elements() ?? [])
                .Where(mark => mark.Name.LocalName is "ins" or "del")
                .Aggregate(condition, Under);
            if (isLayout)
            {
                ReadBlocks(row.Element(Xml.W + "tc")!, there);
                continue;
            }

            var line = new SourceParagraph(_paragraphs.Count, null) { End = there, IsRow = true };
            _paragraphs.Add(line);
            foreach (var cell in row.Elements(Xml.W + "tc"))
            {
                if (cell != row.Element(Xml.W + "tc"))
                {
                    line.Pieces.Add(new SourcePiece("\t", there, null, false, null));
                }

                var isFirst = true;
                foreach (var paragraph in cell.Descendants(Xml.W + "p"))
                {
                    if (!isFirst)
                    {
                        line.Pieces.Add(new SourcePiece(" ", there, null, false, null));
                    }

                    isFirst = false;
                    ReadInline(paragraph, line, there, link: null);
                }
            }
        }
    }

    private void ReadInline(XElement container, SourceParagraph paragraph, Condition condition, SourceLink? link)
    {
        foreach (var element in container.Elements())
        {
            switch (element.Name.LocalName)
            {
                case "r" when element.Name.Namespace == Xml.W:
                    ReadRun(element, paragraph, condition, link);
                    break;
                case "ins" or "moveTo" or "del" or "moveFrom":
                    ReadInline(element, paragraph, Under(condition, element), link);
                    break;
                case "hyperlink":
                    var anchor = (string?)element.Attribute(Xml.W + "anchor");
                    ReadInline(
                        element,
                        paragraph,
                        condition,
                        anchor is not null && ClauseBookmark.Read(anchor) is not null
                            ? new SourceLink(anchor, ShowsNumber: false)
                            : link
                    );
                    break;
                case "fldSimple":
                    var field = new Field();
                    field.Code.Append((string?)element.Attribute(Xml.W + "instr"));
                    ReadInline(element, paragraph, condition, field.Link() ?? link);
                    break;
                case "sdt":
                    if (element.Element(Xml.W + "sdtContent") is { } content)
                    {
                        ReadInline(content, paragraph, condition, link);
                    }

                    break;
                case "smartTag" or "customXml" or "dir" or "bdo":
                    ReadInline(element, paragraph, condition, link);
                    break;
                case "AlternateContent":
                    if (Chosen(element) is { } chosen)
                    {
                        ReadInline(chosen, paragraph, condition, link);
                    }

                    break;
                case "bookmarkStart":
                    paragraph.BookmarkStarts.Add(NameBookmark(element));
                    break;
                case "bookmarkEnd":
                    EndBookmark(element, paragraph);
                    break;
                case "commentRangeStart":
                    paragraph.CommentStarts.Add((string?)element.Attribute(Xml.W + "id") ?? "");
                    break;
            }
        }
    }

    private string NameBookmark(XElement start)
    {
        var name = (string?)start.Attribute(Xml.W + "name") ?? "";
        _bookmarkNames[(string?)start.Attribute(Xml.W + "id") ?? ""] = name;
        return name;
    }

    private void EndBookmark(XElement end, SourceParagraph? paragraph)
    {
        if (_bookmarkNames.TryGetValue((string?)end.Attribute(Xml.W + "id") ?? "", out var name))
        {
            paragraph?.BookmarkEnds.Add(name);
        }
    }

    private void ReadRun(XElement run, SourceParagraph paragraph, Condition condition, SourceLink? link)
    {
        var letters = run.Element(Xml.W + "rPr");
        if (IsOn(letters, "vanish"))
        {
            return;
        }

        var style = (string?)letters?.Element(Xml.W + "rStyle")?.Attribute(Xml.W + "val");
        var isMarked = IsOn(letters, "b") || IsUnderlined(letters);
        foreach (var element in run.Elements())
        {
            var text = element.Name.LocalName switch
            {
                "t" or "delText" => element.Value,
                "tab" or "ptab" => "\t",
                "br" when (string?)element.Attribute(Xml.W + "type") is null or "textWrapping" => "\n",
                "cr" => "\n",
                "noBreakHyphen" => "\u2011",
                "sym" => Symbol(element),
                "footnoteReference" or "endnoteReference" => Note(element),
                _ => null,
            };
            if (text is not null)
            {
                if (_fields.TrueForAll(field => field.IsShowing))
                {
                    var shown = _fields.Select(field => field.Link()).LastOrDefault(own => own is not null) ?? link;
                    paragraph.Pieces.Add(new SourcePiece(text, condition, style, isMarked, shown));
                }
            }
            else if (element.Name.LocalName is "instrText" or "delInstrText")
            {
                _fields.LastOrDefault()?.Code.Append(element.Value);
            }
            else if (element.Name.LocalName == "fldChar")
            {
                Turn((string?)element.Attribute(Xml.W + "fldCharType"));
            }
            else if (element.Name.LocalName is "drawing" or "pict" or "object" or "AlternateContent")
            {
                ReadBoxes(element, condition);
            }
        }
    }

    /// <summary>Text boxes of a drawing: their paragraphs follow the one that they hang on.</summary>
    private void ReadBoxes(XElement drawing, Condition condition)
    {
        var content = drawing.Name.LocalName == "AlternateContent" ? Chosen(drawing) : drawing;
        foreach (var box in content?.Descendants(Xml.W + "txbxContent").ToList() ?? [])
        {
            // One inside another is read with that one.
            if (!box.Ancestors().TakeWhile(above => above != content).Any(above => above.Name == box.Name))
            {
                ReadBlocks(box, condition);
            }
        }
    }

    private void Turn(string? type)
    {
        switch (type)
        {
            case "begin" when _fields.Count < MostFields:
                _fields.Add(new Field());
                break;
            case "separate" when _fields.Count > 0:
                _fields[^1].IsShowing = true;
                break;
            case "end" when _fields.Count > 0:
                _fields.RemoveAt(_fields.Count - 1);
                break;
        }
    }

    private string Note(XElement reference)
    {
        var kind = reference.Name.LocalName == "footnoteReference" ? "footnote" : "endnote";
        return notes.TryGetValue((kind, (string?)reference.Attribute(Xml.W + "id") ?? ""), out var text)
            ? $" [Note: {text}]"
            : "";
    }

    private static string Symbol(XElement symbol) =>
        int.TryParse(
            (string?)symbol.Attribute(Xml.W + "char"),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture,
            out var code
        )
        && code is > 0x1F and < 0xE000
        && !char.IsSurrogate((char)code)
            ? ((char)code).ToString()
            // A letter of Wingdings and the like: what it looks like is not known here.
            : "•";

    private static bool IsOn(XElement? letters, string name) =>
        letters?.Element(Xml.W + name) is { } toggle
        && (string?)toggle.Attribute(Xml.W + "val") is not ("0" or "false" or "off");

    private static bool IsUnderlined(XElement? letters) =>
        letters?.Element(Xml.W + "u") is { } line && (string?)line.Attribute(Xml.W + "val") is not (null or "none");

    private sealed class Field
    {
        private SourceLink? _link;

        public System.Text.StringBuilder Code { get; } = new();

        /// <summary>Whether what comes is shown, and not the field's code.</summary>
        public bool IsShowing { get; set; }

        public bool IsContents =>
            IsShowing && Code.ToString().TrimStart().StartsWith("TOC", StringComparison.OrdinalIgnoreCase);

        /// <summary>What a REF field, or a HYPERLINK field to a clause, points to; null for all others.</summary>
        public SourceLink? Link()
        {
            if (_link is null && Code.Length is > 0 and < 500)
            {
                var parts = Code.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length >= 2 && parts[0].Equals("REF", StringComparison.OrdinalIgnoreCase))
                {
                    _link = new SourceLink(
                        parts[1],
                        parts.Any(part => part is "\\w" or "\\r" or "\\n" or "\\W" or "\\R" or "\\N")
                    );
                }
                else if (
                    parts.Length >= 3
                    && parts[0].Equals("HYPERLINK", StringComparison.OrdinalIgnoreCase)
                    && Array.IndexOf(parts, "\\l") is > 0 and var at
                    && at < parts.Length - 1
                    && parts[at + 1].Trim('"') is var bookmark
                    && ClauseBookmark.Read(bookmark) is not null
                )
                {
                    _link = new SourceLink(bookmark, ShowsNumber: false);
                }
            }

            return _link;
        }
    }
}
