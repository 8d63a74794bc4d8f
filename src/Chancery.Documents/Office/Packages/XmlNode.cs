using System.Text;

namespace Chancery.Documents;

/// <summary>An element of a part, without what readers do not look at.</summary>
/// <param name="name">With the customary prefix of its namespace, whatever the part calls it: <c>w:p</c>.</param>
internal sealed class XmlNode(string name)
{
    private static readonly List<XmlNode> NoChildren = [];

    private string _text = "";
    private StringBuilder? _pieces;
    private List<XmlNode>? _children;
    private List<(string Name, string Value)>? _attributes;

    public string Name => name;

    /// <summary>Its own text, without its children's.</summary>
    public string Text
    {
        get
        {
            if (_pieces is not null)
            {
                (_text, _pieces) = (_pieces.ToString(), null);
            }

            return _text;
        }
    }

    public IReadOnlyList<XmlNode> Children => _children ?? NoChildren;

    /// <summary>An attribute, by its name without a prefix, but for those of relationships: <c>r:id</c>. Null when it has none.</summary>
    public string? this[string attribute]
    {
        get
        {
            foreach (var (key, value) in _attributes ?? [])
            {
                if (key == attribute)
                {
                    return value;
                }
            }

            return null;
        }
    }

    public XmlNode? Child(string child)
    {
        foreach (var node in Children)
        {
            if (node.Name == child)
            {
                return node;
            }
        }

        return null;
    }

    /// <summary>Follows children by name, the first of each.</summary>
    public XmlNode? Find(params ReadOnlySpan<string> path)
    {
        var node = this;
        foreach (var step in path)
        {
            node = node.Child(step);
            if (node is null)
            {
                return null;
            }
        }

        return node;
    }

    public IEnumerable<XmlNode> All(string child) => Children.Where(node => node.Name == child);

    /// <summary>All elements of that name below this one, in document order; those inside of a found one, too.</summary>
    public IEnumerable<XmlNode> Descendants(string descendant)
    {
        foreach (var node in Children)
        {
            if (node.Name == descendant)
            {
                yield return node;
            }

            foreach (var inner in node.Descendants(descendant))
            {
                yield return inner;
            }
        }
    }

    /// <summary>What a property that is on or off says: present is on, unless its value says otherwise.</summary>
    public static bool IsOn(XmlNode? property) =>
        property is not null && property["val"] is not ("0" or "false" or "off" or "none");

    /// <summary>Goes on with its text. Between many children it comes in as many pieces.</summary>
    internal void AddText(StringBuilder text)
    {
        if (_text.Length == 0 && _pieces is null)
        {
            _text = text.ToString();
        }
        else
        {
            (_pieces ??= new StringBuilder(_text)).Append(text);
        }
    }

    internal void Add(XmlNode child) => (_children ??= []).Add(child);

    internal void Add(string attribute, string value) => (_attributes ??= []).Add((attribute, value));
}
