using System.Text;

namespace Chancery.Server.Answers.Citing;

/// <summary>
/// A text as quotes are compared in it: NFKC (which resolves ligatures), any white space as one space, hyphens within
/// words left out (so that it does not matter where a line broke), quotation marks and dashes of one form. Each character
/// knows where it came from.
/// </summary>
internal sealed class QuoteText
{
    private readonly StringBuilder _folded = new();
    private readonly List<int> _starts = [];
    private readonly List<int> _ends = [];
    private readonly string _text;

    public QuoteText(string original)
    {
        for (var i = 0; i < original.Length; i++)
        {
            if (original[i] == '\u00AD')
            {
                continue;
            }

            if (InnerHyphenEnd(original, i) is { } end)
            {
                i = end;
                continue;
            }

            var from = i;
            var folded = Fold(original, ref i);
            if (folded == " " && (_folded.Length == 0 || _folded[^1] == ' '))
            {
                continue;
            }

            foreach (var c in folded)
            {
                _folded.Append(c);
                _starts.Add(from);
                _ends.Add(i + 1);
            }
        }

        _text = _folded.ToString();
    }

    /// <summary>Where <paramref name="quote"/> stands in the original text, at the limits of words; null when it does not.</summary>
    public (int Start, int End)? Find(string quote)
    {
        var wanted = new QuoteText(quote)._text.Trim();
        for (var from = 0; wanted.Length > 0 && from <= _text.Length - wanted.Length; from++)
        {
            from = _text.IndexOf(wanted, from, StringComparison.Ordinal);
            if (from < 0)
            {
                return null;
            }

            var end = from + wanted.Length;
            if (IsLimit(from) && IsLimit(end))
            {
                return (_starts[from], _ends[end - 1]);
            }
        }

        return null;
    }

    /// <summary>Between two letters or digits there is no limit: 15 stands neither in 150 nor in 1.15.</summary>
    private bool IsLimit(int at)
    {
        if (at == 0 || at == _text.Length)
        {
            return true;
        }

        var (before, after) = (_text[at - 1], _text[at]);
        if (char.IsLetterOrDigit(before) && char.IsLetterOrDigit(after))
        {
            return false;
        }

        var afterPoint = before is '.' or ',' && at > 1 && char.IsDigit(_text[at - 2]) && char.IsDigit(after);
        var beforePoint =
            after is '.' or ',' && char.IsDigit(before) && at + 1 < _text.Length && char.IsDigit(_text[at + 1]);
        return !afterPoint && !beforePoint;
    }

    /// <summary>The last character of a hyphen between letters, with the line break behind it; null when there is none here.</summary>
    private static int? InnerHyphenEnd(string text, int i)
    {
        if (text[i] is not ('-' or '\u2010' or '\u2011') || i == 0 || !char.IsLetter(text[i - 1]))
        {
            return null;
        }

        var next = i + 1;
        var breaks = false;
        while (next < text.Length && char.IsWhiteSpace(text[next]))
        {
            breaks |= text[next] is '\n' or '\r';
            next++;
        }

        return next < text.Length && char.IsLetter(text[next]) && (breaks || next == i + 1) ? next - 1 : null;
    }

    private static string Fold(string text, ref int i)
    {
        var c = text[i];
        if (char.IsWhiteSpace(c))
        {
            return " ";
        }

        if (c < 0x80)
        {
            return c.ToString();
        }

        if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
        {
            i++;
            return text.Substring(i - 1, 2).Normalize(NormalizationForm.FormKC);
        }

        return c switch
        {
            '“' or '”' or '„' or '«' or '»' or '″' => "\"",
            '‘' or '’' or '‚' or '′' => "'",
            '–' or '—' or '−' => "-",
            // As the prompt showed them to the model.
            '‹' => "<",
            '›' => ">",
            _ when char.IsSurrogate(c) => "\uFFFD",
            _ => c.ToString().Normalize(NormalizationForm.FormKC),
        };
    }
}
