using System.Collections.Frozen;
using System.Text;
using System.Xml;

namespace Chancery.Documents;

/// <summary>
/// Reads the XML of a part: without document types and entities, to a bounded depth, and as trees of bounded size. Not for
/// concurrent use.
/// </summary>
internal sealed class PartReader : IDisposable
{
    /// <summary>Elements within elements. Real documents have some dozens, and readers follow them on their stack.</summary>
    private const int MaxDepth = 200;
    private const int MaxNodes = 2_000_000;
    private const int MaxAttributeLength = 100_000;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        CloseInput = true,
        // Characters that XML forbids are taken out of the text later; the rest of it is still good.
        CheckCharacters = false,
    };

    /// <summary>How things look, which is most of a document and nothing of what it says.</summary>
    private static readonly FrozenSet<string> Looks = FrozenSet.Create(
        "w:rFonts",
        "w:sz",
        "w:szCs",
        "w:color",
        "w:lang",
        "w:spacing",
        "w:ind",
        "w:jc",
        "w:shd",
        "w:b",
        "w:bCs",
        "w:i",
        "w:iCs",
        "w:u",
        "w:highlight",
        "w:kern",
        "w:position",
        "w:tblBorders",
        "w:tcBorders",
        "w:pBdr",
        "w:bdr",
        "w:tcMar",
        "w:tblCellMar",
        "w:tcW",
        "w:tblW",
        "w:tblLook",
        "w:trHeight",
        "w:vAlign",
        "w:noProof",
        "w:proofErr",
        "w:bookmarkStart",
        "w:bookmarkEnd",
        "w:tabs",
        "w:rPrChange",
        "w:pPrChange",
        "w:tblPrChange",
        "w:tcPrChange",
        "w:trPrChange",
        "w:sectPrChange",
        "w:binData",
        "w:lastRenderedPageBreak",
        "a:custGeom",
        "a:effectLst",
        "a:gradFill",
        "a:blipFill",
        "a:scene3d",
        "a:sp3d",
        "c:spPr",
        "p:style",
        "wps:style",
        "a:extLst",
        "p:timing",
        "p:transition",
        "v:shapetype"
    );

    private readonly XmlReader _reader;
    private readonly XmlNames _names = new();

    public PartReader(Stream part)
    {
        try
        {
            _reader = XmlReader.Create(part, Settings);
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Of the element that was reached.</summary>
    public string Name => _names.Element(_reader.NamespaceURI, _reader.LocalName);

    public bool IsEmpty => _reader.IsEmptyElement;

    public int Depth => _reader.Depth;

    /// <summary>The part as a whole, for one that is known to be small.</summary>
    public static XmlNode Load(Stream part)
    {
        using var reader = new PartReader(part);
        return reader.ToElement() ? reader.Tree() : throw Failures.DamagedOffice();
    }

    /// <summary>Goes to the next element or end of one. False at the end of the part.</summary>
    public bool Read(out bool isEnd)
    {
        while (Advance())
        {
            if (_reader.NodeType is XmlNodeType.Element or XmlNodeType.EndElement)
            {
                isEnd = _reader.NodeType is XmlNodeType.EndElement;
                return true;
            }
        }

        isEnd = true;
        return false;
    }

    /// <summary>Goes to the next element, wherever it stands.</summary>
    public bool ToElement()
    {
        while (Read(out var isEnd))
        {
            if (!isEnd)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The value of the reached element's attribute.</summary>
    public string? Attribute(string name) => _reader.GetAttribute(name);

    /// <summary>The text inside of the reached element, whose elements are passed over; the reader then stands at its end.</summary>
    public string TextInside(int maxLength)
    {
        if (_reader.IsEmptyElement)
        {
            return "";
        }

        var text = new StringBuilder();
        var depth = _reader.Depth;
        while (Advance() && _reader.Depth > depth)
        {
            AppendText(text, maxLength);
        }

        return text.ToString();
    }

    /// <summary>The children of the reached element, each as a tree that may be forgotten before the next.</summary>
    public IEnumerable<XmlNode> Children()
    {
        if (_reader.IsEmptyElement)
        {
            yield break;
        }

        var depth = _reader.Depth;
        while (Read(out var isEnd) && _reader.Depth > depth)
        {
            if (!isEnd)
            {
                yield return Tree();
            }
        }
    }

    /// <summary>The reached element; the reader then stands at its end.</summary>
    /// <exception cref="DocumentUnreadableException">It is too large, or too deep.</exception>
    public XmlNode Tree()
    {
        var root = Element();
        if (_reader.IsEmptyElement)
        {
            return root;
        }

        var open = new Stack<XmlNode>();
        open.Push(root);
        var text = new StringBuilder();
        var depth = _reader.Depth;
        var nodes = 0;
        while (Advance() && _reader.Depth > depth)
        {
            switch (_reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (++nodes > MaxNodes)
                    {
                        throw Failures.UnpacksTooLarge();
                    }

                    var child = Element();
                    if (Looks.Contains(child.Name))
                    {
                        SkipInside();
                        break;
                    }

                    Flush(text, open.Peek());
                    open.Peek().Add(child);
                    if (!_reader.IsEmptyElement)
                    {
                        open.Push(child);
                    }

                    break;
                case XmlNodeType.EndElement:
                    Flush(text, open.Pop());
                    break;
                // Word drops blanks alone unless they are marked; all others keep them between words.
                case XmlNodeType.Whitespace when open.Peek().Name is "a:t" or "x:t" or "m:t":
                    text.Append(_reader.Value);
                    break;
                default:
                    AppendText(text, int.MaxValue);
                    break;
            }
        }

        Flush(text, root);
        return root;
    }

    public void Dispose() => _reader.Dispose();

    private static void Flush(StringBuilder text, XmlNode node)
    {
        if (text.Length > 0)
        {
            node.AddText(text);
            text.Clear();
        }
    }

    private bool Advance()
    {
        if (!_reader.Read())
        {
            return false;
        }

        return _reader.Depth <= MaxDepth
            ? true
            : throw Failures.UnsafeOffice("nests its content hundreds of levels deep");
    }

    private void SkipInside()
    {
        if (_reader.IsEmptyElement)
        {
            return;
        }

        var depth = _reader.Depth;
        while (Advance() && _reader.Depth > depth) { }
    }

    private void AppendText(StringBuilder text, int maxLength)
    {
        if (
            _reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace
            && text.Length < maxLength
        )
        {
            text.Append(_reader.Value);
        }
    }

    private XmlNode Element()
    {
        var node = new XmlNode(Name);
        while (_reader.MoveToNextAttribute())
        {
            var local = _reader.LocalName;
            if (
                _reader.Prefix != "xmlns"
                && !local.StartsWith("rsid", StringComparison.Ordinal)
                && local is not ("paraId" or "textId" or "xmlns")
                && _reader.Value is { Length: <= MaxAttributeLength } value
            )
            {
                node.Add(_names.Attribute(_reader.NamespaceURI, local), value);
            }
        }

        _reader.MoveToElement();
        return node;
    }
}
