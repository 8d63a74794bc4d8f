namespace Chancery.Documents;

/// <summary>Walks through a page and writes its blocks: headings, paragraphs, list items, tables, code, notes, captions. Used once.</summary>
internal sealed class HtmlBlocks(HtmlTree tree)
{
    private const int MaxFurniture = 2000;

    private readonly BlockWriter _blocks = new();
    private readonly HtmlText _text = new(tree);
    private readonly HtmlTables _tables = new(tree);
    private readonly HtmlPlaces _places = new();
    private readonly Stack<(int Node, State Outer)> _outer = [];
    private readonly List<string> _terms = [];
    private readonly HashSet<string> _furniture = [];
    private readonly List<string> _told = [];
    private State _state = new(BlockKind.Paragraph, 0);
    private string _mark = "";

    /// <summary>The first heading of the first level.</summary>
    public string? Heading { get; private set; }

    public BlockWriter Read()
    {
        var node = tree[0].First;
        while (node != 0)
        {
            if (tree[node].Name is null)
            {
                _text.Add(node, _state.IsKept);
                node = Next(node, enters: false);
            }
            else
            {
                node = Next(node, Enter(node));
            }
        }

        Flush();
        return _blocks;
    }

    private int Next(int node, bool enters)
    {
        if (enters && tree[node].First != 0)
        {
            return tree[node].First;
        }

        if (enters)
        {
            Leave(node);
        }

        while (tree[node].Next == 0)
        {
            node = tree[node].Parent;
            if (node == 0)
            {
                return 0;
            }

            Leave(node);
        }

        return tree[node].Next;
    }

    private bool Enter(int node)
    {
        var element = tree[node];
        var name = element.Name!;
        if (name == "html" || (name == "button" && _state.Kind is not BlockKind.Heading))
        {
            return name == "html";
        }

        var isBlock = HtmlNames.Blocks.Contains(name);
        if (!isBlock)
        {
            if (name is "a" or "figure")
            {
                EnterPlace(element, isOnHeading: _state.Kind is BlockKind.Heading);
            }

            return _text.Enter(node);
        }

        if (HtmlText.IsUnread(element))
        {
            return false;
        }

        Flush();
        var level = HtmlNames.HeadingLevel(name);
        EnterPlace(element, isOnHeading: level > 0);
        if (name == "table")
        {
            return EnterTable(node);
        }

        if (StateIn(element, level) is { } inner && inner != _state)
        {
            _outer.Push((node, _state));
            _state = inner;
        }

        if (name == "li")
        {
            _mark = _state.List?.MarkOf(element) ?? "• ";
        }

        return true;
    }

    private void Leave(int node)
    {
        var name = tree[node].Name!;
        if (!HtmlNames.Blocks.Contains(name))
        {
            _text.Leave(node);
            return;
        }

        Flush();
        if (name == "dl")
        {
            TellTerms();
        }
        else if (name == "li")
        {
            _mark = "";
        }

        if (_outer.TryPeek(out var outer) && outer.Node == node)
        {
            var wasFurniture = _state.IsFurniture && !outer.Outer.IsFurniture;
            _outer.Pop();
            _state = outer.Outer;
            if (wasFurniture)
            {
                TellFurniture();
            }
        }
    }

    private bool EnterTable(int node)
    {
        if (_state.IsFurniture || _tables.IsLayout(node, _state.Tables))
        {
            _outer.Push((node, _state));
            _state = _state with { Tables = _state.Tables + 1 };
            return true;
        }

        for (var child = tree[node].First; child != 0; child = tree[child].Next)
        {
            if (tree[child].Name == "caption")
            {
                Write(BlockKind.Caption, new HtmlText(tree).LineOf(child), 0);
            }
        }

        var rows = _tables.Rows(node);
        if (rows.Any(row => !string.IsNullOrWhiteSpace(row)))
        {
            _blocks.AddTable(rows, _places.Next(BlockKind.Table));
        }

        return false;
    }

    /// <summary>What an element changes for all that is in it.</summary>
    private State StateIn(HtmlNode element, int headingLevel)
    {
        if (headingLevel > 0)
        {
            return _state with { Kind = BlockKind.Heading, Level = headingLevel };
        }

        var name = element.Name!;
        var role = element.Attributes?["role"];
        if (
            name == "nav"
            || role is "navigation" or "banner" or "contentinfo"
            || (name is "header" or "footer" && !_state.IsSectioned)
        )
        {
            return _state with { IsFurniture = true };
        }

        return name switch
        {
            "ul" or "ol" or "menu" or "dir" => _state with
            {
                List = new HtmlList(element),
                Depth = _state.Depth + 1,
                IsNote = _state.IsNote || IsNotes(element),
            },
            "li" => _state with
            {
                Kind = BlockKind.ListItem,
                Level = Math.Max(1, _state.Depth),
                IsNote = _state.IsNote || IsNotes(element),
            },
            "dt" => _state with { IsTerm = true },
            "dd" => _state with { Kind = BlockKind.ListItem, Level = Math.Max(1, _state.Depth), IsTerm = false },
            "dl" => _state with { Depth = _state.Depth + 1 },
            "pre" or "listing" or "xmp" or "plaintext" => _state with { Kind = BlockKind.Code, IsKept = true },
            "figcaption" or "caption" => _state with { Kind = BlockKind.Caption },
            "aside" => _state with { IsNote = true, IsSectioned = true },
            "article" or "main" or "section" => _state with
            {
                IsSectioned = true,
                IsNote = _state.IsNote || IsNotes(element),
            },
            "blockquote" or "figure" or "td" or "th" or "details" => _state with { IsSectioned = true },
            "div" when !_state.IsNote && IsNotes(element) => _state with { IsNote = true },
            _ => _state,
        };
    }

    private static bool IsNotes(HtmlNode element) =>
        element.Attributes is { } attributes
        && (
            attributes["role"] is "doc-endnotes" or "doc-footnote" or "doc-endnote" or "note"
            || (attributes["class"] ?? "")
                .Split(' ')
                .Any(name => name is "footnote" or "footnotes" or "endnotes" or "references")
        );

    private void EnterPlace(HtmlNode element, bool isOnHeading) =>
        _places.Enter(
            element.Attributes?["id"] ?? (element.Name == "a" ? element.Attributes?["name"] : null),
            isOnHeading
        );

    private void Flush()
    {
        if (_text.IsEmpty)
        {
            return;
        }

        var isPicture = _text.IsPicture;
        var words = _text.Take();
        if (string.IsNullOrWhiteSpace(words))
        {
            return;
        }

        if (_state.IsFurniture && (_state.Kind is not BlockKind.Heading || _state.Level > 1))
        {
            _told.Add(BlockWriter.OneLine(words));
            _mark = "";
        }
        else if (_state.IsTerm)
        {
            _terms.Add(BlockWriter.OneLine(words));
        }
        else
        {
            var kind =
                isPicture && _state.Kind is BlockKind.Paragraph ? BlockKind.Caption
                : _state is { IsNote: true, Kind: BlockKind.Paragraph or BlockKind.ListItem } ? BlockKind.Note
                : _state.Kind;
            var term = _terms.Count > 0 ? string.Join(", ", _terms) + ": " : "";
            _terms.Clear();
            Write(kind, _mark + term + words, kind is BlockKind.Heading or BlockKind.ListItem ? _state.Level : 0);
            _mark = "";
        }
    }

    private void Write(BlockKind kind, string words, int level)
    {
        if (string.IsNullOrWhiteSpace(words))
        {
            return;
        }

        words = kind is BlockKind.Heading ? BlockWriter.OneLine(words) : words;
        if (_blocks.Add(kind, words, level, _places.Next(kind)) && kind is BlockKind.Heading && level == 1)
        {
            Heading ??= words;
        }
    }

    /// <summary>Terms that nothing was said of.</summary>
    private void TellTerms()
    {
        if (_terms.Count > 0)
        {
            Write(BlockKind.Paragraph, string.Join(", ", _terms), 0);
            _terms.Clear();
        }
    }

    /// <summary>Menus and the like, as one block, once.</summary>
    private void TellFurniture()
    {
        var words = string.Join(" · ", _told);
        _told.Clear();
        if (_furniture.Add(words))
        {
            Write(BlockKind.Furniture, words[..Math.Min(words.Length, MaxFurniture)], 0);
        }
    }

    /// <param name="IsKept">White space counts.</param>
    /// <param name="IsSectioned">A header or footer is that of a part of the page, not of the page.</param>
    /// <param name="Depth">Of lists.</param>
    /// <param name="Tables">Around, that only arrange.</param>
    private sealed record State(
        BlockKind Kind,
        int Level,
        bool IsKept = false,
        bool IsFurniture = false,
        bool IsSectioned = false,
        bool IsNote = false,
        bool IsTerm = false,
        HtmlList? List = null,
        int Depth = 0,
        int Tables = 0
    );
}
