using System.Numerics;
using System.Runtime.InteropServices;

namespace Chancery.Search;

internal enum ExpectedAnswer
{
    Anything,
    Name,
    Date,
    Number,
}

/// <summary>A question taken apart: which terms an answer has to touch, how much each tells, what it looks for.</summary>
internal sealed class Question
{
    /// <summary>Terms are bits of one word; what a longer question adds tells little.</summary>
    public const int MaxTerms = 64;

    private const int LoosePrefix = 5;

    private readonly Dictionary<string, int> _terms = [];
    private readonly Dictionary<string, int> _prefixes = [];
    private readonly List<double> _weights = [];

    private Question() { }

    public ExpectedAnswer Expected { get; private set; }

    public int Count => _weights.Count;

    public IReadOnlyDictionary<string, int> Terms => _terms;

    public double TotalWeight { get; private set; }

    /// <summary>The bits of names and numbers: what a question is about, and an answer may not miss.</summary>
    public ulong Names { get; private set; }

    /// <summary>The terms in the order of the question, for those that follow one another.</summary>
    public List<int> Sequence { get; } = [];

    public static Question Parse(string text, CorpusStatistics? statistics)
    {
        var question = new Question();
        var tokens = TextAnalyzer.Analyze(text);
        question.Expected = ExpectationOf(tokens);

        var anyLower = tokens.Exists(token => char.IsLower(text[token.Start]) && token.Length > 3);
        var onlyStops = tokens.TrueForAll(token => token.IsStopWord);
        var span = CollectionsMarshal.AsSpan(tokens);
        for (var i = 0; i < span.Length; i++)
        {
            ref readonly var token = ref span[i];
            if (token.IsStopWord && !onlyStops)
                continue;

            var isName =
                token.Kind is TokenKind.Number or TokenKind.Identifier or TokenKind.Section
                || (anyLower && token.Position > 0 && char.IsUpper(text[token.Start]));
            question.Add(token.Term, isName, statistics);
        }

        question.TotalWeight = question._weights.Sum();
        return question;
    }

    /// <summary>The bit of a term; <see langword="false"/> also for one that only begins alike (see <paramref name="loose"/>).</summary>
    public bool TryFind(string term, out int bit, out bool loose)
    {
        loose = false;
        if (_terms.TryGetValue(term, out bit))
            return true;

        if (term.Length < LoosePrefix)
            return false;
        loose = _prefixes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(term.AsSpan(0, LoosePrefix), out bit);
        return false;
    }

    public double WeightOf(ulong bits)
    {
        var weight = 0d;
        for (; bits != 0; bits &= bits - 1)
            weight += _weights[BitOperations.TrailingZeroCount(bits)];
        return weight;
    }

    private void Add(string term, bool isName, CorpusStatistics? statistics)
    {
        if (_terms.TryGetValue(term, out var known))
        {
            Sequence.Add(known);
            return;
        }

        if (Count == MaxTerms)
            return;

        var bit = Count;
        _terms.Add(term, bit);
        Sequence.Add(bit);
        if (term.Length >= LoosePrefix && char.IsLetter(term[0]))
            _prefixes.TryAdd(term[..LoosePrefix], bit);

        var weight = CommonWords.IsCommon(term) ? 0.35 : 1.0;
        if (statistics is not null && statistics.PassageCount > 0)
            weight *= 0.3 + (0.7 * statistics.InverseFrequency(term) / Math.Log(2 + (2 * statistics.PassageCount)));
        if (isName)
        {
            weight *= 1.5;
            Names |= 1UL << bit;
        }

        _weights.Add(weight);
    }

    private static ExpectedAnswer ExpectationOf(List<Token> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var next = i + 1 < tokens.Count ? tokens[i + 1].Term : "";
            switch (tokens[i].Term)
            {
                case "who" or "whom" or "whose" or "where" or "wer" or "wo" or "quien" or "donde":
                    return ExpectedAnswer.Name;
                case "when" or "wann" or "cuando":
                    return ExpectedAnswer.Date;
                case "how"
                    when next
                        is "mani"
                            or "much"
                            or "old"
                            or "long"
                            or "far"
                            or "tall"
                            or "larg"
                            or "high"
                            or "big"
                            or "fast":
                    return ExpectedAnswer.Number;
                case "wie" when next is "viel" or "hoch" or "lang" or "alt" or "gro" or "gross":
                    return ExpectedAnswer.Number;
                case "cuanto" or "cuanta":
                    return ExpectedAnswer.Number;
                case "what" or "which" when next is "year" or "date" or "day" or "month" or "centuri" or "decad":
                    return ExpectedAnswer.Date;
                case "what" or "which" when next is "percentag" or "percent" or "number" or "amount":
                    return ExpectedAnswer.Number;
                default:
                    continue;
            }
        }

        return ExpectedAnswer.Anything;
    }
}
