using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Collects the words of a line or a paragraph from a page's nodes: white space as browsers show it, pictures by their words,
/// exponents as such.
/// </summary>
internal sealed class HtmlText(HtmlTree tree)
{
    private const int MaxPictureText = 2000;

    /// <summary>Of a power or a fraction, with the white space between them; of more each would be looked at again for the next.</summary>
    private const int MaxFormulaParts = 20;
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    private const string Subscripts = "₀₁₂₃₄₅₆₇₈₉";

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reading = new();
    private bool _needsSpace;
    private bool _hasWords;
    private bool _hasPicture;

    public bool IsEmpty => _text.Length == 0;

    /// <summary>Whether there is nothing but what stands for pictures.</summary>
    public bool IsPicture => _hasPicture && !_hasWords;

    public int Length => _text.Length;

    /// <summary>Takes what was collected.</summary>
    public string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        (_needsSpace, _hasWords, _hasPicture) = (false, false, false);
        return text;
    }

    /// <param name="isKept">Whether white space counts, as in program text.</param>
    public void Add(int node, bool isKept)
    {
        var text = tree[node].Text!;
        var parent = tree[node].Parent;
        switch (tree[parent].Name)
        {
            case "sup":
                text = Raised(parent, text, Superscripts);
                break;
            case "sub":
                text = Raised(parent, text, Subscripts);
                break;
            case "rt":
                _reading.Append(text.Trim());
                return;
            default:
                break;
        }

        if (isKept)
        {
            _text.Append(text);
            _hasWords |= !string.IsNullOrWhiteSpace(text);
        }
        else
        {
            AddCollapsed(text);
        }
    }

    public void AddSpace() => _needsSpace |= _text.Length > 0;

    public void AddLineEnd()
    {
        if (_text.Length > 0)
        {
            _text.Append('\n');
            _needsSpace = false;
        }
    }

    /// <summary>What an element inside of a line adds where it begins. False: what is in it is not read.</summary>
    public bool Enter(int node)
    {
        var element = tree[node];
        if (IsUnread(element))
        {
            return false;
        }

        switch (element.Name)
        {
            case "br":
                AddLineEnd();
                return false;
            case "title":
                return false;
            case "img":
                AddPicture(element.Attributes?["alt"]);
                return false;
            case "svg":
                AddPicture(WordsOf(node));
                return false;
            case "input":
                AddCollapsed(
                    element.Attributes?["type"]?.ToLowerInvariant() is "checkbox" or "radio"
                        ? element.Attributes["checked"] is null
                            ? "☐ "
                            : "☑ "
                        : ""
                );
                return false;
            case "q":
                AddCollapsed("“");
                return true;
            case "msqrt":
                AddCollapsed("√");
                return true;
            default:
                if (Operator(node) is { } sign)
                {
                    AddCollapsed(sign);
                }
                else if (element.Name!.Contains('-', StringComparison.Ordinal))
                {
                    AddSpace();
                }

                return true;
        }
    }

    /// <summary>What it adds where it ends.</summary>
    public void Leave(int node)
    {
        var name = tree[node].Name!;
        if (name == "q")
        {
            AddCollapsed("”");
        }
        else if (name == "ruby" && _reading.Length > 0)
        {
            // The reading after the whole word, so that the word itself stays whole.
            AddCollapsed("(" + _reading + ")");
            _reading.Clear();
        }
        else if (name.Contains('-', StringComparison.Ordinal))
        {
            AddSpace();
        }
    }

    /// <summary>All words inside of a node on one line, such as a cell's.</summary>
    public string LineOf(int root)
    {
        var node = tree[root].First;
        while (node != 0)
        {
            var name = tree[node].Name;
            var enters = true;
            if (name is null)
            {
                Add(node, isKept: false);
            }
            else
            {
                if (HtmlNames.Blocks.Contains(name) || name is "br")
                {
                    AddSpace();
                }

                enters = name is not "br" && Enter(node);
            }

            node = Next(node, root, enters && name is not null);
        }

        return BlockWriter.OneLine(Take());
    }

    /// <summary>Whether a person would not see it.</summary>
    public static bool IsUnread(HtmlNode element) =>
        HtmlNames.Unread.Contains(element.Name!)
        || (element.Name == "dialog" && element.Attributes?["open"] is null)
        || (element.Attributes is { } attributes && IsHidden(element.Name!, attributes));

    private int Next(int node, int root, bool enters)
    {
        if (enters && tree[node].First != 0)
        {
            return tree[node].First;
        }

        while (node != root)
        {
            if (tree[node].Name is { } name)
            {
                if (enters)
                {
                    Leave(node);
                }

                if (HtmlNames.Blocks.Contains(name))
                {
                    AddSpace();
                }
            }

            if (tree[node].Next != 0)
            {
                return tree[node].Next;
            }

            node = tree[node].Parent;
            enters = true;
        }

        return 0;
    }

    private static bool IsHidden(string name, HtmlAttributes attributes)
    {
        if (attributes["hidden"] is { } hidden && !hidden.Equals("until-found", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        // A page that shows a dialog hides all of its body in this way.
        if (attributes["aria-hidden"] == "true" && name is not ("html" or "body" or "main"))
        {
            return true;
        }

        var style = attributes["style"]?.Replace(" ", "", StringComparison.Ordinal) ?? "";
        return style.Contains("display:none", StringComparison.OrdinalIgnoreCase)
            || style.Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase);
    }

    private void AddCollapsed(string text)
    {
        foreach (var character in text)
        {
            if (character is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _needsSpace = true;
            }
            else
            {
                if (_needsSpace && _text.Length > 0 && _text[^1] != '\n')
                {
                    _text.Append(' ');
                }

                _needsSpace = false;
                _text.Append(character);
                _hasWords = true;
            }
        }
    }

    private void AddPicture(string? words)
    {
        if (string.IsNullOrWhiteSpace(words))
        {
            return;
        }

        var hadWords = _hasWords;
        AddSpace();
        AddCollapsed(words[..Math.Min(words.Length, MaxPictureText)]);
        AddSpace();
        (_hasWords, _hasPicture) = (hadWords, true);
    }

    /// <summary>Titles and texts of a drawing.</summary>
    private string WordsOf(int drawing)
    {
        var words = new StringBuilder();
        for (var node = tree[drawing].First; node != 0 && words.Length < MaxPictureText; )
        {
            var name = tree[node].Name;
            if (name is null)
            {
                words.Append(tree[node].Text).Append(' ');
            }

            var skips = name is not null && IsUnread(tree[node]);
            node = !skips && tree[node].First != 0 ? tree[node].First : tree.After(node, drawing);
        }

        return words.ToString();
    }

    /// <summary>"10" and a raised "6" is not 106; other words that are raised are marks and stay as they are.</summary>
    private string Raised(int element, string text, string digits)
    {
        var isAlone = tree[element].First == tree[element].Last;
        return isAlone && text.Length is > 0 and <= 6 && text.All(char.IsAsciiDigit)
            ? string.Concat(text.Select(digit => digits[digit - '0']))
            : text;
    }

    /// <summary>The sign between the parts of a formula.</summary>
    private string? Operator(int node)
    {
        var parent = tree[node].Parent;
        var name = tree[parent].Name;
        if (name is not ("msup" or "msub" or "msubsup" or "mfrac" or "munder" or "mover" or "munderover"))
        {
            return null;
        }

        var part = 0;
        var looked = 0;
        for (var child = tree[parent].First; child != node && child != 0 && part < 3; child = tree[child].Next)
        {
            part += tree[child].Name is null ? 0 : 1;
            if (++looked > MaxFormulaParts)
            {
                return null;
            }
        }

        return (name, part) switch
        {
            (_, 0) => null,
            ("mfrac", 1) => "/",
            ("msub" or "msubsup" or "munder" or "munderover", 1) => "_",
            ("msup" or "mover", 1) or ("msubsup" or "munderover", 2) => "^",
            _ => null,
        };
    }
}
