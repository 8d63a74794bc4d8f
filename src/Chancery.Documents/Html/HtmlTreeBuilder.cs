namespace Chancery.Documents;

/// <summary>Decides which element each tag opens or closes. Used once.</summary>
internal sealed class HtmlTreeBuilder(HtmlTree tree, string source)
{
    /// <summary>Tables inside of tables beyond it are read as if they were plain text.</summary>
    private const int MaxTables = 30;

    /// <summary>How far up an end of bold or the like is looked for.</summary>
    private const int MarksWithin = 8;

    private readonly HtmlTokenizer _tokens = new(source);
    private readonly bool _isXml = source.AsSpan().TrimStart().StartsWith("<?xml", StringComparison.OrdinalIgnoreCase);
    private readonly List<(string Name, int Node)> _open = [("", 0)];

    /// <summary>Innermost last. No end tag reaches out of a cell, and no list item ends one of another list.</summary>
    private readonly List<Scope> _scopes = [new Scope("", 0)];
    private readonly List<Items> _lists = [new Items()];

    private int Top => _open[^1].Node;

    public void Build()
    {
        while (_tokens.Read())
        {
            switch (_tokens.Kind)
            {
                case HtmlToken.Text:
                    AddText();
                    break;
                case HtmlToken.Start:
                    Start(_tokens.Name);
                    break;
                default:
                    End(_tokens.Name);
                    break;
            }
        }
    }

    private void AddText()
    {
        if (_open[^1].Name == "head" && !string.IsNullOrWhiteSpace(_tokens.Text))
        {
            Pop();
        }

        tree.AddText(Top, _tokens.Text);
    }

    private void Start(string name)
    {
        if (_open.Count > 1 && IsOpen("head") && !HtmlNames.OfHead.Contains(name))
        {
            PopTo("head");
        }

        EndBefore(name);
        var node = tree.AddElement(Top, name, _tokens.Attributes);
        var isEmpty =
            HtmlNames.Void.Contains(name) || (_tokens.ClosesItself && (_isXml || !HtmlNames.Known.Contains(name)));
        if (!isEmpty)
        {
            Push(name, node);
        }
    }

    /// <summary>Closes what this start closes without saying so.</summary>
    private void EndBefore(string name)
    {
        switch (name)
        {
            case "li" when _lists[^1].Entries > 0:
                PopTo("li");
                break;
            case "dt" or "dd" when _lists[^1].Terms > 0:
                PopToAny("dt", "dd");
                break;
            case "tr":
                EndCell();
                PopIfOpen("tr");
                break;
            case "td" or "th":
                EndCell();
                break;
            case "thead" or "tbody" or "tfoot" or "caption" or "colgroup":
                EndCell();
                PopIfOpen("tr");
                if (IsOpen("thead") || IsOpen("tbody") || IsOpen("tfoot"))
                {
                    PopToAny("thead", "tbody", "tfoot");
                }

                break;
            case "option" or "rt" or "rb" or "rp" when _open[^1].Name == name || _open[^1].Name is "rt" or "rb" or "rp":
                Pop();
                break;
            default:
                if (HtmlNames.HeadingLevel(name) > 0 && HtmlNames.HeadingLevel(_open[^1].Name) > 0)
                {
                    Pop();
                }

                break;
        }

        if (HtmlNames.Blocks.Contains(name))
        {
            PopIfOpen("p");
        }
    }

    /// <summary>A new row or cell ends the one before, if that is of the same table.</summary>
    private void EndCell()
    {
        if (_scopes[^1].Name is "td" or "th" or "caption" && _scopes.Count > 1 && _scopes[^2].Name == "table")
        {
            PopTo(_scopes[^1].Name, _scopes[^1].Depth);
        }
    }

    private void End(string name)
    {
        switch (name)
        {
            case "br":
                tree.AddElement(Top, name, null);
                return;
            case "table" when _scopes[^1].Name != "table":
                EndCell();
                break;
            case "tr" or "tbody" or "thead" or "tfoot":
                EndCell();
                break;
            default:
                break;
        }

        if (_scopes[^1].Name == name && _scopes[^1].Depth > 0)
        {
            PopTo(name, _scopes[^1].Depth);
        }
        else if (HtmlNames.Marks.Contains(name))
        {
            EndMark(name);
        }
        else if (HtmlNames.HeadingLevel(name) > 0 && !IsOpen(name) && HtmlNames.HeadingLevel(_open[^1].Name) > 0)
        {
            Pop();
        }
        else if (name is not ("body" or "html"))
        {
            PopIfOpen(name);
        }
    }

    /// <summary>An end of bold inside a paragraph that began inside of the bold does not end the paragraph.</summary>
    private void EndMark(string name)
    {
        var lowest = Math.Max(_scopes[^1].Depth + 1, _open.Count - MarksWithin);
        for (var i = _open.Count - 1; i >= lowest; i--)
        {
            if (_open[i].Name == name)
            {
                if (i == _open.Count - 1 || !HtmlNames.Blocks.Contains(_open[i + 1].Name))
                {
                    PopDownTo(i);
                }

                return;
            }
        }
    }

    private void Push(string name, int node)
    {
        var isTable = name is "table" or "td" or "th" or "caption" && _scopes.Count < MaxTables * 2;
        _scopes[^1].Count(name, 1);
        _lists[^1].Count(name, 1);
        _open.Add((name, node));
        if (isTable)
        {
            _scopes.Add(new Scope(name, _open.Count - 1));
        }

        if (isTable || name is "ul" or "ol" or "menu" or "dir" or "dl")
        {
            _lists.Add(new Items { Depth = _open.Count - 1 });
        }
    }

    private bool IsOpen(string name) => _scopes[^1].Has(name);

    private void PopIfOpen(string name)
    {
        if (IsOpen(name))
        {
            PopTo(name);
        }
    }

    private void PopTo(string name, int depth = 0)
    {
        while (_open.Count > 1)
        {
            var isIt = _open[^1].Name == name && (depth == 0 || _open.Count - 1 == depth);
            Pop();
            if (isIt)
            {
                return;
            }
        }
    }

    private void PopToAny(params ReadOnlySpan<string> names)
    {
        while (_open.Count > 1)
        {
            var isIt = names.Contains(_open[^1].Name);
            Pop();
            if (isIt)
            {
                return;
            }
        }
    }

    private void PopDownTo(int depth)
    {
        while (_open.Count > depth)
        {
            Pop();
        }
    }

    private void Pop()
    {
        var depth = _open.Count - 1;
        var name = _open[depth].Name;
        _open.RemoveAt(depth);
        if (_scopes.Count > 1 && _scopes[^1].Depth == depth)
        {
            _scopes.RemoveAt(_scopes.Count - 1);
        }

        if (_lists.Count > 1 && _lists[^1].Depth == depth)
        {
            _lists.RemoveAt(_lists.Count - 1);
        }

        _scopes[^1].Count(name, -1);
        _lists[^1].Count(name, -1);
    }

    /// <summary>How many elements of each name are open in a table, a cell, or outside of all.</summary>
    private sealed class Scope(string name, int depth)
    {
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public string Name => name;

        public int Depth => depth;

        public bool Has(string element) => _counts.GetValueOrDefault(element) > 0;

        public void Count(string element, int change) => _counts[element] = _counts.GetValueOrDefault(element) + change;
    }

    private sealed class Items
    {
        public int Depth { get; init; }

        public int Entries { get; private set; }

        public int Terms { get; private set; }

        public void Count(string element, int change)
        {
            Entries += element == "li" ? change : 0;
            Terms += element is "dt" or "dd" ? change : 0;
        }
    }
}
