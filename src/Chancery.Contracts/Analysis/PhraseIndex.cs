namespace Chancery.Contracts.Analysis;

/// <summary>A phrase that was found: which one, and where.</summary>
internal readonly record struct PhraseHit(int Phrase, int Start, int End);

/// <summary>
/// Phrases that are looked for in a text all at once, in time that grows with the text and never explodes. Immutable, safe for
/// concurrent use. In a phrase, <c>terminat*</c> is any word that begins so, <c>a/b</c> is either word, and <c>..5</c> is at most five
/// words whatever they are: <c>terminat* ..5 without cause/reason</c>.
/// </summary>
internal sealed class PhraseIndex
{
    private readonly Step[][] _phrases;
    private readonly Dictionary<string, List<int>> _byFirstWord = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _byFirstPrefix = new(StringComparer.Ordinal);
    private readonly int[] _prefixLengths;

    /// <exception cref="ArgumentException">A phrase is empty, or begins or ends with a gap.</exception>
    public PhraseIndex(IReadOnlyList<string> phrases)
    {
        _phrases = [.. phrases.Select(Parse)];
        for (var i = 0; i < _phrases.Length; i++)
        {
            foreach (var (text, isPrefix) in _phrases[i][0].Words)
            {
                var index = isPrefix ? _byFirstPrefix : _byFirstWord;
                if (!index.TryGetValue(text, out var list))
                {
                    index.Add(text, list = []);
                }

                list.Add(i);
            }
        }

        _prefixLengths = [.. _byFirstPrefix.Keys.Select(prefix => prefix.Length).Distinct().Order()];
    }

    /// <summary>Each phrase's first place in the text, those that stand there; in no order.</summary>
    public IReadOnlyCollection<PhraseHit> FirstOfEach(Words words)
    {
        var hits = new Dictionary<int, PhraseHit>();
        foreach (var hit in Find(words))
        {
            hits.TryAdd(hit.Phrase, hit);
        }

        return hits.Values;
    }

    private List<PhraseHit> Find(Words words)
    {
        var found = new List<PhraseHit>();
        var exact = _byFirstWord.GetAlternateLookup<ReadOnlySpan<char>>();
        var prefixes = _byFirstPrefix.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = 0; at < words.Count; at++)
        {
            var word = words.Of(at);
            if (exact.TryGetValue(word, out var begun))
            {
                Add(found, words, at, begun);
            }

            foreach (var length in _prefixLengths)
            {
                if (length > word.Length)
                {
                    break;
                }

                if (prefixes.TryGetValue(word[..length], out begun))
                {
                    Add(found, words, at, begun);
                }
            }
        }

        return found;
    }

    private void Add(List<PhraseHit> found, Words words, int at, List<int> begun)
    {
        foreach (var phrase in begun)
        {
            if (EndOf(_phrases[phrase], 1, words, at + 1) is { } next)
            {
                found.Add(new PhraseHit(phrase, words[at].Start, words[next - 1].End));
            }
        }
    }

    /// <summary>The word after the phrase, when its steps from <paramref name="step"/> match from <paramref name="at"/>; else null.</summary>
    private static int? EndOf(Step[] steps, int step, Words words, int at)
    {
        if (step == steps.Length)
        {
            return at;
        }

        var last = Math.Min(at + steps[step].GapBefore, words.Count - 1);
        for (; at <= last; at++)
        {
            if (steps[step].Matches(words.Of(at)) && EndOf(steps, step + 1, words, at + 1) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    private static Step[] Parse(string phrase)
    {
        var steps = new List<Step>();
        var gap = 0;
        foreach (var part in phrase.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith("..", StringComparison.Ordinal))
            {
                gap = int.Parse(part.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture);
                continue;
            }

            steps.Add(new Step([.. part.Split('/').Select(word => (word.TrimEnd('*'), word.EndsWith('*')))], gap));
            gap = 0;
        }

        return steps.Count > 0 && steps[0].GapBefore == 0 && gap == 0
            ? [.. steps]
            : throw new ArgumentException($"“{phrase}” is no phrase.", nameof(phrase));
    }

    /// <summary>One word of a phrase.</summary>
    /// <param name="GapBefore">Most words that may stand before it, unmatched.</param>
    private sealed record Step((string Text, bool IsPrefix)[] Words, int GapBefore)
    {
        public bool Matches(ReadOnlySpan<char> word)
        {
            foreach (var (text, isPrefix) in Words)
            {
                if (isPrefix ? word.StartsWith(text, StringComparison.Ordinal) : word.SequenceEqual(text))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
