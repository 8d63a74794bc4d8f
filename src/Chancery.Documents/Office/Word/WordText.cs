using System.Text;

namespace Chancery.Documents;

/// <summary>What hangs on a paragraph and is told after it.</summary>
/// <param name="Kind">The element: a note's reference, a comment's, a text box, a drawing.</param>
internal sealed record Attachment(string Kind, XmlNode Node);

/// <summary>
/// The visible text of paragraphs, in logical order: insertions but no deletions, the results of fields but not their codes,
/// nothing hidden. One for a story (the body, a note): fields run over paragraphs. Not for concurrent use.
/// </summary>
internal sealed class WordText(WordStyles styles)
{
    private const int MaxFields = 100;

    /// <summary>Of the fields that are open, whether their result was reached.</summary>
    private readonly List<bool> _fields = [];
    private readonly StringBuilder _text = new();
    private readonly List<Attachment> _attachments = [];
    private string? _style;

    /// <summary>A paragraph's text, and what hangs on it.</summary>
    public (string Text, IReadOnlyList<Attachment> Attachments) Of(XmlNode paragraph)
    {
        _text.Clear();
        _attachments.Clear();
        _style = styles.StyleOf(paragraph.Child("w:pPr"));
        Walk(paragraph);
        return (_text.ToString(), [.. _attachments]);
    }

    /// <summary>The part of alternative content that is meant for a program of today.</summary>
    public static IEnumerable<XmlNode> Chosen(XmlNode alternatives) =>
        (alternatives.Child("mc:Choice") ?? alternatives.Child("mc:Fallback"))?.Children ?? [];

    private void Walk(XmlNode container)
    {
        foreach (var node in container.Children)
        {
            Visit(node);
        }
    }

    private void Visit(XmlNode node)
    {
        switch (node.Name)
        {
            case "w:r":
                Run(node);
                break;
            case "w:hyperlink"
            or "w:smartTag"
            or "w:customXml"
            or "w:fldSimple"
            or "w:ins"
            or "w:moveTo"
            or "w:bdo"
            or "w:dir":
                Walk(node);
                break;
            case "w:sdt"
                when node.Find("w:sdtPr", "w:showingPlcHdr") is null && node.Child("w:sdtContent") is { } content:
                Walk(content);
                break;
            case "m:oMath" or "m:oMathPara":
                Append(EquationText.Of(node));
                break;
            case "mc:AlternateContent":
                foreach (var chosen in Chosen(node))
                {
                    Visit(chosen);
                }

                break;
        }
    }

    private void Run(XmlNode run)
    {
        var isHidden = styles.IsHidden(run.Child("w:rPr"), _style);
        foreach (var node in run.Children)
        {
            if (node.Name == "w:fldChar")
            {
                Field(node["fldCharType"]);
            }
            else if (!isHidden)
            {
                Piece(node);
            }
        }
    }

    private void Piece(XmlNode node)
    {
        switch (node.Name)
        {
            case "w:t":
                Append(node.Text);
                break;
            case "w:tab" or "w:ptab":
                Append("\t");
                break;
            case "w:br" or "w:cr":
                Append("\n");
                break;
            case "w:noBreakHyphen":
                Append("-");
                break;
            case "w:sym":
                Append(SymbolFonts.Of(node["font"], node["char"]));
                break;
            case "w:ruby" when node.Child("w:rubyBase") is { } spelt:
                Walk(spelt);
                break;
            case "w:footnoteReference"
            or "w:endnoteReference"
            or "w:commentReference"
            or "w:drawing"
            or "w:pict"
            or "w:object":
                if (_fields.TrueForAll(reached => reached))
                {
                    _attachments.Add(new Attachment(node.Name, node));
                }

                break;
            case "mc:AlternateContent":
                foreach (var chosen in Chosen(node))
                {
                    Piece(chosen);
                }

                break;
        }
    }

    private void Field(string? mark)
    {
        switch (mark)
        {
            case "begin" when _fields.Count < MaxFields:
                _fields.Add(false);
                break;
            case "separate" when _fields.Count > 0:
                _fields[^1] = true;
                break;
            case "end" when _fields.Count > 0:
                _fields.RemoveAt(_fields.Count - 1);
                break;
        }
    }

    private void Append(string text)
    {
        if (_fields.TrueForAll(reached => reached))
        {
            _text.Append(text);
        }
    }
}
