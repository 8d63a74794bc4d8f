using System.Text;
using Chancery.Search;

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

            var folded = Fold(original[i]);
            if (folded == " " && (_folded.Length == 0 || _folded[^1] == ' '))
            {
                continue;
            }

            foreach (var c in folded)
            {
                _folded.Append(c);
                _starts.Add(i);
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

    private static string Fold(char c)
    {
        if (char.IsWhiteSpace(c))
        {
            return " ";
        }

        if (c < 0x80)
        {
            return c.ToString();
        }

        return c switch
        {
            '“' or '”' or '„' or '«' or '»' or '″' => "\"",
            '‘' or '’' or '‚' or '′' => "'",
            '–' or '—' or '−' => "-",
            // As the prompt showed them to the model.
            '‹' => "<",
            '›' => ">",
            // Full width; the case stays.
            >= '\uFF01' and <= '\uFF5E' => ((char)(c - 0xFEE0)).ToString(),
            _ when IsCompatibilityForm(c) => Folding.Fold([c]),
            _ => c.ToString(),
        };
    }

    /// <summary>
    /// Ligatures, small and raised digits, numbers in circles, letter-like signs. Only these are folded: elsewhere folding
    /// would take case and accents away, and <see cref="string.Normalize()"/> does nothing where cultures are invariant.
    /// </summary>
    private static bool IsCompatibilityForm(char c) =>
        c
            is '²'
                or '³'
                or '¹'
                or '\u0132'
                or '\u0133'
                or (>= '\u2070' and <= '\u209F')
                or (>= '\u2100' and <= '\u214F')
                or (>= '\u2160' and <= '\u217F')
                or (>= '\u2460' and <= '\u24FF')
                or (>= '\u3300' and <= '\u33FF')
                or (>= '\uFB00' and <= '\uFB4F')
                or (>= '\uFF5F' and <= '\uFFEF');
}
