namespace Chancery.Search.Languages;

/// <summary>Endings and what is to be done about each; of several that fit, the longest counts. Immutable.</summary>
/// <typeparam name="TRule">Its zero stands for no ending.</typeparam>
internal sealed class SuffixTable<TRule>
    where TRule : struct, Enum
{
    /// <summary>By last letter, longest first. All letters of the languages here are below 256.</summary>
    private readonly (string Suffix, TRule Rule)[]?[] _byLast = new (string, TRule)[]?[256];

    /// <param name="rules">The endings of a rule with spaces between.</param>
    public SuffixTable(params (TRule Rule, string Suffixes)[] rules)
    {
        foreach (
            var group in rules
                .SelectMany(rule =>
                    rule.Suffixes.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                        .Select(suffix => (suffix, rule.Rule))
                )
                .GroupBy(one => one.suffix[^1])
        )
            _byLast[group.Key] = [.. group.OrderByDescending(one => one.suffix.Length)];
    }

    /// <param name="from">An ending that begins before this place does not count.</param>
    /// <param name="start">Where the ending begins.</param>
    public TRule Find(ReadOnlySpan<char> word, int from, out int start)
    {
        start = word.Length;
        if (word.Length <= from || word[^1] >= _byLast.Length || _byLast[word[^1]] is not { } candidates)
            return default;

        foreach (var (suffix, rule) in candidates)
        {
            if (suffix.Length <= word.Length - from && word.EndsWith(suffix))
            {
                start = word.Length - suffix.Length;
                return rule;
            }
        }

        return default;
    }
}
