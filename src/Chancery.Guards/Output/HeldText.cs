using System.Text;

namespace Chancery.Guards.Output;

/// <summary>
/// Text that has not passed yet, and whether something in it is still open: a bracket, a link's place, a tag, a key in armour. Told character by
/// character, in constant time for each.
/// </summary>
internal sealed class HeldText
{
    private const string PemBegin = "-----BEGIN ";
    private const string PemEnd = "-----END ";

    private const int LongestMark = 16;

    private readonly StringBuilder _text = new();

    // The last of what is seen: invisible characters must not hide what opens.
    private readonly StringBuilder _seen = new();
    private bool _isHidden;
    private int _brackets;
    private int _parentheses;
    private bool _isTag;
    private Armour _armour;

    private enum Armour
    {
        None,
        Open,
        Ending,
    }

    public int Length => _text.Length;

    public bool IsTag => _isTag;

    public bool IsPlace => _parentheses > 0;

    public bool IsArmoured => _armour != Armour.None;

    /// <summary>Whether what stands here may still become, or become part of, something that is looked at as a whole.</summary>
    public bool IsOpen => _brackets > 0 || IsPlace || _isTag || IsArmoured;

    public void Append(char c)
    {
        _text.Append(c);
        if (IsHidden(c))
        {
            return;
        }

        var last = _seen.Length > 0 ? _seen[^1] : '\0';
        _seen.Append(c);
        if (_seen.Length > 2 * LongestMark)
        {
            _seen.Remove(0, LongestMark);
        }

        if (IsArmoured)
        {
            FollowArmour(c);
            return;
        }

        if (c == ' ' && EndsWith(PemBegin))
        {
            _armour = Armour.Open;
            return;
        }

        if (_parentheses > 0)
        {
            _parentheses += c switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            return;
        }

        if (_isTag)
        {
            _isTag = c != '>';
            return;
        }

        switch (c)
        {
            case '[':
                _brackets++;
                break;
            case ']' when _brackets > 0:
                _brackets--;
                break;
            case '(' when last == ']':
                _parentheses = 1;
                break;
            // A link does not reach over an empty line.
            case '\n' when last == '\n':
                _brackets = 0;
                break;
            default:
                _isTag = last == '<' && (char.IsAsciiLetter(c) || c is '!' or '/');
                break;
        }
    }

    public string Take()
    {
        var text = _text.ToString();
        Forget();
        return text;
    }

    /// <summary>Gives what stands before a place, and keeps the rest with nothing open but what opens in it.</summary>
    public string TakeUpTo(int place)
    {
        var text = _text.ToString();
        Forget();
        foreach (var c in text.AsSpan(place))
        {
            Append(c);
        }

        return text[..place];
    }

    public override string ToString() => _text.ToString();

    private void Forget()
    {
        _text.Clear();
        _seen.Clear();
        (_brackets, _parentheses, _isTag, _armour) = (0, 0, false, Armour.None);
    }

    /// <summary>Format characters, controls that are no white space, and the planes of tags and variation selectors.</summary>
    private bool IsHidden(char c)
    {
        var follows = _isHidden && char.IsLowSurrogate(c);
        _isHidden = c == '\uDB40';
        return follows
            || _isHidden
            || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format
            || (char.IsControl(c) && !char.IsWhiteSpace(c))
            || c is >= '\uFE00' and <= '\uFE0F';
    }

    private void FollowArmour(char c)
    {
        if (c == ' ' && EndsWith(PemEnd))
        {
            _armour = Armour.Ending;
        }
        else if (_armour == Armour.Ending && c == '-' && EndsWith("-----"))
        {
            _armour = Armour.None;
        }
    }

    private bool EndsWith(string end)
    {
        if (_seen.Length < end.Length)
        {
            return false;
        }

        for (var i = 0; i < end.Length; i++)
        {
            if (_seen[_seen.Length - end.Length + i] != end[i])
            {
                return false;
            }
        }

        return true;
    }
}
