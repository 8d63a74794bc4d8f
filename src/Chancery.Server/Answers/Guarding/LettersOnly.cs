using System.Text;

namespace Chancery.Server.Answers.Guarding;

/// <summary>
/// Letters and digits of texts, and where words of them begin and end: a number is found however it is grouped, but not inside of a longer one.
/// Immutable.
/// </summary>
internal sealed class LettersOnly
{
    private readonly string _letters;
    private readonly List<bool> _begins = [];
    private readonly List<bool> _ends = [];

    public LettersOnly(IEnumerable<string> texts)
    {
        var letters = new StringBuilder();
        foreach (var text in texts)
        {
            var isInWord = false;
            foreach (var c in text)
            {
                if (char.IsLetterOrDigit(c))
                {
                    letters.Append(char.ToLowerInvariant(c));
                    _begins.Add(!isInWord);
                    _ends.Add(false);
                    isInWord = true;
                    continue;
                }

                EndWord();
                isInWord = false;
            }

            EndWord();
        }

        _letters = letters.ToString();
    }

    /// <summary>Whether the letters and digits of a value stand here from the beginning of a word to the end of one.</summary>
    public bool Holds(string value)
    {
        var wanted = string.Concat(value.Where(char.IsLetterOrDigit)).ToLowerInvariant();
        if (wanted.Length == 0)
        {
            return true;
        }

        for (
            var at = _letters.IndexOf(wanted, StringComparison.Ordinal);
            at >= 0;
            at = _letters.IndexOf(wanted, at + 1, StringComparison.Ordinal)
        )
        {
            if (_begins[at] && _ends[at + wanted.Length - 1])
            {
                return true;
            }
        }

        return false;
    }

    private void EndWord()
    {
        if (_ends.Count > 0)
        {
            _ends[^1] = true;
        }
    }
}
