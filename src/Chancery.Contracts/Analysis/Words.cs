using System.Runtime.InteropServices;

namespace Chancery.Contracts.Analysis;

/// <summary>A word of a text: where it stands.</summary>
internal readonly record struct Word(int Start, int Length)
{
    public int End => Start + Length;
}

/// <summary>A text as words: letters and digits in lower case, and percent signs; references to clauses are left out.</summary>
internal sealed class Words
{
    private readonly string _lower;
    private readonly List<Word> _words = [];

    public Words(string text)
    {
        _lower = text.ToLowerInvariant();
        for (var i = 0; i < _lower.Length; )
        {
            if (
                _lower[i] == '{'
                && _lower.AsSpan(i).StartsWith("{{")
                && _lower.IndexOf("}}", i, StringComparison.Ordinal) is > 0 and var end
            )
            {
                i = end + 2;
                continue;
            }

            var start = i;
            if (_lower[i] == '%')
            {
                _words.Add(new Word(i++, 1));
                continue;
            }

            while (i < _lower.Length && char.IsLetterOrDigit(_lower[i]))
            {
                i++;
            }

            if (i > start)
            {
                _words.Add(new Word(start, i - start));
                // "party's" is "party".
                if (i + 1 < _lower.Length && _lower[i] is '\'' or '’' && _lower[i + 1] == 's')
                {
                    i += 2;
                }
            }
            else
            {
                i++;
            }
        }
    }

    public int Count => _words.Count;

    public Word this[int index] => _words[index];

    public ReadOnlySpan<char> Of(int index) => _lower.AsSpan(_words[index].Start, _words[index].Length);

    public ReadOnlySpan<Word> All => CollectionsMarshal.AsSpan(_words);
}
