using Chancery.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>What a sentence of an answer says, in the parts that a passage has to have.</summary>
internal sealed class Claim
{
    private const int LeastWords = 4;

    private Claim(HashSet<string> terms, HashSet<string> numbers, int words)
    {
        Terms = terms;
        Numbers = numbers;
        Words = words;
    }

    /// <summary>Stems with content.</summary>
    public IReadOnlySet<string> Terms { get; }

    /// <summary>Every number, grouping commas removed. A list item's own number is none of them.</summary>
    public IReadOnlySet<string> Numbers { get; }

    public int Words { get; }

    /// <summary>Too little to check: a heading, a label, "Yes.".</summary>
    public bool IsSlight => Terms.Count == 0 || (Words < LeastWords && Numbers.Count == 0);

    public static Claim Read(string text)
    {
        var terms = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        var words = 0;
        foreach (var token in TextAnalyzer.Analyze(WithoutListMark(text)))
        {
            words++;
            if (token.Kind is TokenKind.Number)
            {
                numbers.Add(token.Term);
            }
            else if (!token.IsStopWord)
            {
                terms.Add(token.Term);
            }
        }

        terms.UnionWith(numbers);
        return new Claim(terms, numbers, words);
    }

    private static string WithoutListMark(string text)
    {
        var start = text.TrimStart(' ', '\t', '\n', '\r', '-', '*', '•', '#', '>');
        var digits = 0;
        while (digits < start.Length && digits < 3 && char.IsAsciiDigit(start[digits]))
        {
            digits++;
        }

        return
            digits > 0
            && digits + 1 < start.Length
            && start[digits] is '.' or ')'
            && char.IsWhiteSpace(start[digits + 1])
            ? start[(digits + 1)..]
            : start;
    }
}
