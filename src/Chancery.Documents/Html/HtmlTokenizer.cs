namespace Chancery.Documents;

internal enum HtmlToken
{
    Text,
    Start,
    End,
}

/// <summary>Those attributes of an element that a reader needs, by their names in lower case.</summary>
internal sealed class HtmlAttributes
{
    private readonly List<(string Name, string Value)> _all = [];

    public string? this[string name]
    {
        get
        {
            foreach (var (known, value) in _all)
            {
                if (known == name)
                {
                    return value;
                }
            }

            return null;
        }
    }

    public void Add(string name, string value) => _all.Add((name, value));
}

/// <summary>
/// Takes a page apart into tags and text as browsers do, whatever is wrong with it. Each character is looked at a bounded number
/// of times.
/// </summary>
internal sealed class HtmlTokenizer(string source)
{
    private const int MaxValueLength = 10_000;

    private static readonly string[] Needed =
    [
        "id",
        "name",
        "alt",
        "title",
        "hidden",
        "aria-hidden",
        "style",
        "role",
        "type",
        "start",
        "value",
        "reversed",
        "checked",
        "open",
        "colspan",
        "rowspan",
        "content",
        "property",
        "charset",
        "class",
        "alttext",
    ];

    private int _at;
    private string? _raw;

    public HtmlToken Kind { get; private set; }

    /// <summary>Of a tag, in lower case.</summary>
    public string Name { get; private set; } = "";

    public bool ClosesItself { get; private set; }

    public HtmlAttributes? Attributes { get; private set; }

    /// <summary>With its entities replaced.</summary>
    public string Text { get; private set; } = "";

    /// <summary>False at the end.</summary>
    public bool Read()
    {
        while (_at < source.Length)
        {
            if (
                _raw is not null ? ReadRaw()
                : source[_at] == '<' ? ReadMarkup()
                : ReadText(_at)
            )
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="from">Where to look for the next tag; text begins where the tokenizer stands.</param>
    private bool ReadText(int from)
    {
        var end = source.IndexOf('<', from);
        end = end < 0 ? source.Length : end;
        Kind = HtmlToken.Text;
        Text = HtmlEntities.Decode(source.AsSpan(_at, end - _at));
        _at = end;
        return true;
    }

    /// <summary>Up to the end tag of the element that was opened; its text is not markup.</summary>
    private bool ReadRaw()
    {
        var name = _raw!;
        _raw = null;
        var end = _at;
        while (true)
        {
            end = source.IndexOf("</", end, StringComparison.Ordinal);
            if (end < 0)
            {
                end = source.Length;
                break;
            }

            if (source.AsSpan(end + 2).StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                break;
            }

            end += 2;
        }

        var text = source.AsSpan(_at, end - _at);
        Kind = HtmlToken.Text;
        Text = name is "title" or "textarea" ? HtmlEntities.Decode(text) : text.ToString();
        _at = end;
        return Text.Length > 0;
    }

    private bool ReadMarkup()
    {
        var next = _at + 1 < source.Length ? source[_at + 1] : ' ';
        if (char.IsAsciiLetter(next))
        {
            return ReadTag(_at + 1, HtmlToken.Start);
        }

        if (next == '/' && _at + 2 < source.Length && char.IsAsciiLetter(source[_at + 2]))
        {
            return ReadTag(_at + 2, HtmlToken.End);
        }

        if (source.AsSpan(_at).StartsWith("<!--"))
        {
            // "<!-->" and "<!--->" are whole comments.
            var end = source.IndexOf("-->", _at + 2, StringComparison.Ordinal);
            _at = end < 0 ? source.Length : end + 3;
            return false;
        }

        if (source.AsSpan(_at).StartsWith("<![CDATA["))
        {
            var end = source.IndexOf("]]>", _at, StringComparison.Ordinal);
            Kind = HtmlToken.Text;
            Text = source[(_at + 9)..(end < 0 ? source.Length : end)];
            _at = end < 0 ? source.Length : end + 3;
            return Text.Length > 0;
        }

        if (next is '!' or '?' or '/')
        {
            var end = source.IndexOf('>', _at);
            _at = end < 0 ? source.Length : end + 1;
            return false;
        }

        return ReadText(_at + 1);
    }

    private bool ReadTag(int start, HtmlToken kind)
    {
        var end = start;
        while (end < source.Length && !IsSpace(source[end]) && source[end] is not ('/' or '>'))
        {
            end++;
        }

        Kind = kind;
        Name = HtmlNames.Of(source.AsSpan(start, end - start));
        Attributes = null;
        ClosesItself = false;
        _at = end;
        ReadAttributes();
        if (kind is HtmlToken.Start && HtmlNames.Raw.Contains(Name) && !ClosesItself)
        {
            _raw = Name;
        }

        return true;
    }

    private void ReadAttributes()
    {
        while (_at < source.Length)
        {
            var character = source[_at];
            if (character == '>')
            {
                _at++;
                return;
            }

            if (character == '/')
            {
                ClosesItself = _at + 1 < source.Length && source[_at + 1] == '>';
                _at++;
            }
            else if (IsSpace(character))
            {
                _at++;
            }
            else
            {
                ReadAttribute();
            }
        }
    }

    private void ReadAttribute()
    {
        var start = _at++;
        while (_at < source.Length && !IsSpace(source[_at]) && source[_at] is not ('=' or '>' or '/'))
        {
            _at++;
        }

        var name = source.AsSpan(start, _at - start);
        SkipSpace();
        var value = ReadOnlySpan<char>.Empty;
        if (_at < source.Length && source[_at] == '=')
        {
            _at++;
            SkipSpace();
            value = ReadValue();
        }

        foreach (var needed in Needed)
        {
            if (name.Equals(needed, StringComparison.OrdinalIgnoreCase))
            {
                Attributes ??= new HtmlAttributes();
                Attributes.Add(
                    needed,
                    HtmlEntities.Decode(value[..Math.Min(value.Length, MaxValueLength)], inAttribute: true)
                );
            }
        }
    }

    private ReadOnlySpan<char> ReadValue()
    {
        if (_at < source.Length && source[_at] is '"' or '\'')
        {
            var end = source.IndexOf(source[_at], _at + 1);
            end = end < 0 ? source.Length : end;
            var quoted = source.AsSpan(_at + 1, end - _at - 1);
            _at = Math.Min(end + 1, source.Length);
            return quoted;
        }

        var start = _at;
        while (_at < source.Length && !IsSpace(source[_at]) && source[_at] != '>')
        {
            _at++;
        }

        return source.AsSpan(start, _at - start);
    }

    private void SkipSpace()
    {
        while (_at < source.Length && IsSpace(source[_at]))
        {
            _at++;
        }
    }

    private static bool IsSpace(char character) => character is ' ' or '\t' or '\n' or '\r' or '\f';
}
