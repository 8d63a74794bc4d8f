using System.Runtime.InteropServices;

namespace Chancery.Documents;

/// <summary>One node. Links are indexes into the tree; 0, the root, stands for none.</summary>
internal struct HtmlNode
{
    /// <summary>Null for text.</summary>
    public string? Name;
    public string? Text;
    public HtmlAttributes? Attributes;
    public int Parent;
    public int First;
    public int Last;
    public int Next;
}

/// <summary>
/// The elements of a page, put together from whatever tags it has: ends that are missing are added, those that close nothing are
/// left out. Takes time in proportion to the page's length, however deep it is nested, and so differs from what browsers do: they
/// search all open elements at many tags.
/// </summary>
internal sealed class HtmlTree
{
    /// <summary>A page of ten megabytes has a tenth of it.</summary>
    private const int MaxNodes = 2_000_000;

    private readonly List<HtmlNode> _nodes = [new HtmlNode { Name = "" }];

    public int Count => _nodes.Count;

    /// <summary>Valid until a node is added.</summary>
    public ref readonly HtmlNode this[int index] => ref CollectionsMarshal.AsSpan(_nodes)[index];

    /// <exception cref="DocumentUnreadableException">It has more elements than any page.</exception>
    public static HtmlTree Parse(string source)
    {
        var tree = new HtmlTree();
        new HtmlTreeBuilder(tree, source).Build();
        return tree;
    }

    /// <summary>The node after all that is inside of <paramref name="node"/>, up to <paramref name="root"/>; 0 at its end.</summary>
    public int After(int node, int root)
    {
        while (node != root && this[node].Next == 0)
        {
            node = this[node].Parent;
        }

        return node == root ? 0 : this[node].Next;
    }

    public int AddText(int parent, string text)
    {
        // Text that was cut by a comment is one.
        var last = this[parent].Last;
        return last > 0 && this[last].Name is null && this[last].Text!.Length + text.Length < 1000
            ? Replace(last, this[last].Text + text)
            : Add(parent, new HtmlNode { Text = text, Parent = parent });
    }

    public int AddElement(int parent, string name, HtmlAttributes? attributes) =>
        Add(
            parent,
            new HtmlNode
            {
                Name = name,
                Attributes = attributes,
                Parent = parent,
            }
        );

    private int Replace(int node, string text)
    {
        CollectionsMarshal.AsSpan(_nodes)[node].Text = text;
        return node;
    }

    private int Add(int parent, HtmlNode node)
    {
        if (_nodes.Count == MaxNodes)
        {
            throw Failures.TooManyElements();
        }

        var index = _nodes.Count;
        _nodes.Add(node);
        var nodes = CollectionsMarshal.AsSpan(_nodes);
        if (nodes[parent].First == 0)
        {
            nodes[parent].First = index;
        }
        else
        {
            nodes[nodes[parent].Last].Next = index;
        }

        nodes[parent].Last = index;
        return index;
    }
}
