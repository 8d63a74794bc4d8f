using System.Text;

namespace Chancery.Contracts.Comparing;

/// <summary>A clause's heading and text as sets of words, without regard to case, punctuation and what references point to.</summary>
internal sealed class ClauseWords
{
    private readonly string _heading;
    private readonly HashSet<string> _headingWords;
    private readonly HashSet<string> _textWords;

    private ClauseWords(string heading, string text)
    {
        (_heading, _headingWords) = Read(heading);
        (var plain, _textWords) = Read(text);
        Key = $"{_heading}\n{plain}".Trim();
    }

    /// <summary>The same for two that say the same; empty for one that says nothing.</summary>
    public string Key { get; }

    /// <summary>Each once.</summary>
    public IEnumerable<string> All => _headingWords.Union(_textWords);

    public static ClauseWords Of(Clause clause) =>
        new(clause.Heading, ClauseReference.Replace(clause.Text, _ => "reference"));

    /// <summary>0: nothing in common; 1: the same words. A heading counts for two fifths where both have one.</summary>
    public double Likeness(ClauseWords other)
    {
        var text = Likeness(_textWords, other._textWords);
        if (_heading.Length == 0 && other._heading.Length == 0)
        {
            return text;
        }

        var heading = _heading == other._heading ? 1 : Likeness(_headingWords, other._headingWords);
        return _textWords.Count == 0 && other._textWords.Count == 0 ? heading : (0.4 * heading) + (0.6 * text);
    }

    /// <summary>Dice's coefficient.</summary>
    private static double Likeness(HashSet<string> a, HashSet<string> b)
    {
        var (smaller, larger) = a.Count <= b.Count ? (a, b) : (b, a);
        return larger.Count == 0 ? 0 : 2.0 * smaller.Count(larger.Contains) / (a.Count + b.Count);
    }

    private static (string Plain, HashSet<string> Words) Read(string text)
    {
        var plain = new StringBuilder();
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in WordToken.Of(text))
        {
            if (token.End > token.Word && char.IsLetterOrDigit(text[token.Word]))
            {
                var word = text[token.Word..token.End].ToUpperInvariant();
                words.Add(word);
                plain.Append(plain.Length > 0 ? " " : "").Append(word);
            }
        }

        return (plain.ToString(), words);
    }
}

/// <summary>Finds the clauses that are worth comparing with one, by the rare words that they share. Not safe for concurrent use.</summary>
internal sealed class ClauseCandidates
{
    /// <summary>A word of more clauses than these says nothing about any.</summary>
    private const int MostClauses = 60;

    private const int Most = 8;

    private readonly Dictionary<string, List<Guid>> _byWord = new(StringComparer.Ordinal);

    public ClauseCandidates(IEnumerable<KeyValuePair<Guid, ClauseWords>> clauses)
    {
        foreach (var (id, words) in clauses)
        {
            foreach (var word in words.All)
            {
                if (!_byWord.TryGetValue(word, out var those))
                {
                    _byWord.Add(word, those = []);
                }

                those.Add(id);
            }
        }
    }

    /// <summary>The likeliest first.</summary>
    public IEnumerable<Guid> For(ClauseWords clause)
    {
        var scores = new Dictionary<Guid, double>();
        foreach (var those in clause.All.Select(_byWord.GetValueOrDefault))
        {
            if (those is { Count: <= MostClauses })
            {
                foreach (var id in those)
                {
                    scores[id] = scores.GetValueOrDefault(id) + (1.0 / those.Count);
                }
            }
        }

        return scores
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key)
            .Take(Most)
            .Select(pair => pair.Key);
    }
}
