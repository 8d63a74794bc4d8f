using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Chancery.Search.Languages;

namespace Chancery.Search;

internal enum ExpectedAnswer
{
    Anything,
    Name,
    Person,
    Date,
    Number,
}

/// <summary>A question taken apart: which terms an answer has to touch, how much each tells, what it looks for.</summary>
internal sealed class Question
{
    /// <summary>Terms are bits of one word; what a longer question adds tells little.</summary>
    public const int MaxTerms = 64;

    /// <summary>Items are bits of one word, too.</summary>
    public const int MaxItems = 64;

    private const int LoosePrefix = 5;
    private const int MostKeywords = 6;

    /// <summary>Characters of Chinese and Japanese grammar: a pair with one of them crosses a border of words.</summary>
    private static readonly SearchValues<char> Particles = SearchValues.Create(
        "的了是在有和与及被将把从对为什么谁哪吗呢何几多少如怎样候这那个些其之所以因由于はがをにでとのもへやか"
    );

    private readonly Dictionary<string, int> _terms = [];
    private readonly Dictionary<string, int> _prefixes = [];
    private readonly Dictionary<string, int> _aliases = [];
    private readonly List<double> _weights = [];

    private readonly Dictionary<string, ulong> _namedBy = new(StringComparer.Ordinal);
    private readonly List<(int Start, int End, int Bit)> _places = [];

    private DocumentName.AskedWords? _words;
    private int _bigrams;

    private Question(string text, Language language)
    {
        Text = text;
        Language = language;
        Identifiers = AskedIdentifiers.Of(text);
    }

    private string Text { get; }

    /// <summary>Mostly of a script without spaces, where even a good answer shares fewer terms.</summary>
    public bool IsUnspaced => _bigrams * 2 > Count;

    /// <summary>In which its terms are, and the passages are to be read.</summary>
    public Language Language { get; }

    /// <summary>Not asked in English: what is known here of how questions are put does not hold.</summary>
    public bool IsForeign { get; private set; }

    public ExpectedAnswer Expected { get; private set; }

    /// <summary>A few words and no sentence, as people type them into a search.</summary>
    public bool IsKeywords { get; private set; }

    /// <summary>Of a question for somebody: the bits of what they are or did, without whose or where.</summary>
    public ulong Roles { get; private set; }

    /// <summary>"Who is the auditor?", and not "Who signed the lease?".</summary>
    public bool AsksForRole { get; private set; }

    /// <summary>The bits of what "60 days" says in other words: "period", "duration".</summary>
    public ulong Durations { get; private set; }

    /// <summary>Looks for a place in a document rather than for what stands there.</summary>
    public bool AsksForHeadings { get; private set; }

    public int Count => _weights.Count;

    /// <summary>How long it is: its terms, and what only asks.</summary>
    public int Size { get; private set; }

    public IReadOnlyDictionary<string, int> Terms => _terms;

    public double TotalWeight { get; private set; }

    /// <summary>An answer is of one of them, where there are any.</summary>
    public AskedIdentifiers Identifiers { get; }

    /// <summary>The bits of what tells the most and is no name.</summary>
    public ulong Rarest { get; private set; }

    /// <summary>The bits of names and numbers: what a question is about, and an answer may not miss.</summary>
    public ulong Names { get; private set; }

    /// <summary>The terms in the order of the question, for those that follow one another.</summary>
    public List<int> Sequence { get; } = [];

    /// <summary>What reports answer it by, as hashes of stems; empty for most questions.</summary>
    public IReadOnlyList<int[]> Items { get; private set; } = [];

    /// <param name="language">Of the passages that answer.</param>
    public static Question Parse(string text, CorpusStatistics? statistics, Language language = Language.English)
    {
        var question = new Question(text, language);
        var tokens = TextAnalyzer.Analyze(text);
        question.Items =
        [
            .. ReportVocabulary
                .ItemsFor([.. tokens.Where(token => !token.IsStopWord).Select(token => token.Term)])
                .Take(MaxItems)
                .Select(LineLabels.Hash),
        ];
        question.Expected = ExpectationOf(tokens);
        question.AsksForHeadings = tokens.Exists(token => token.Term is "head" or "chapter" or "section" or "titl");

        var anyLower = tokens.Exists(token => char.IsLower(text[token.Start]) && token.Length > 3);
        question.IsForeign =
            LanguageDetector.DetectAmong(LanguageSet.All, text) is { } asked && asked is not Language.English;
        // What a question asks for is known by its English terms; what the passages have to have, by their own.
        var english = tokens;
        tokens = language is Language.English ? tokens : TextAnalyzer.Analyze(text, language);
        var onlyStops = tokens.TrueForAll(token => token.IsStopWord);
        question.IsKeywords =
            tokens.Count is > 0 and <= MostKeywords
            && !tokens.Exists(token => token.IsStopWord || token.Kind is TokenKind.Bigram)
            && !text.AsSpan().TrimEnd().EndsWith("?");
        var span = CollectionsMarshal.AsSpan(tokens);
        for (var i = 0; i < span.Length; i++)
        {
            ref readonly var token = ref span[i];
            if (token.IsStopWord && !onlyStops)
                continue;
            // "How long" asks, as "when" does: no answer has to say "long".
            if (i > 0 && english[i - 1].Term == "how" && IsExtent(english[i].Term))
            {
                question.Size++;
                continue;
            }

            var isName =
                token.Kind is TokenKind.Number or TokenKind.Identifier or TokenKind.Section
                || (anyLower && token.Position > 0 && char.IsUpper(text[token.Start]));
            question.Add(token, isName, statistics);
            if (question._terms.TryGetValue(token.Term, out var bit))
                question._places.Add((token.Start, token.End, bit));
        }

        question.Size += question.Count;
        question.TotalWeight = question._weights.Sum();
        question.Rarest = question.RarestOf(~question.Names);
        if (question.Expected is ExpectedAnswer.Person && !question.IsForeign)
            question.Roles = question.RolesIn(tokens);
        return question;
    }

    /// <summary>Of "Who is the auditor of Acme?" the auditor; of "Who signed the lease for Acme?" all but Acme.</summary>
    private ulong RolesIn(List<Token> tokens)
    {
        var who = tokens.FindIndex(token => IsWho(token.Term));
        AsksForRole = who + 1 < tokens.Count && tokens[who + 1].Term is "is" or "are" or "was" or "were";
        var roles = 0UL;
        foreach (var token in tokens[(who + 1)..])
        {
            if (
                AsksForRole
                && roles != 0
                && token.Term is "of" or "at" or "for" or "in" or "from" or "on" or "with" or "to"
            )
                break;
            if (!_terms.TryGetValue(token.Term, out var bit))
                continue;

            var isTitle =
                AsksForRole && Text.AsSpan(token.Start, token.Length) is [>= 'A' and <= 'Z', >= 'A' and <= 'Z', ..];
            if ((Names & (1UL << bit)) == 0 || isTitle)
                roles |= 1UL << bit;
        }

        return roles;
    }

    /// <summary>The bit of a term; <see langword="false"/> also for one that only begins alike (see <paramref name="loose"/>).</summary>
    public bool TryFind(string term, out int bit, out bool loose)
    {
        loose = false;
        if (_terms.TryGetValue(term, out bit))
            return true;

        loose =
            (
                term.Length >= LoosePrefix
                && _prefixes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(term.AsSpan(0, LoosePrefix), out bit)
            ) || _aliases.TryGetValue(term, out bit);
        return false;
    }

    /// <summary>The bits of what names a document by its title: none of its pages has to repeat them.</summary>
    public ulong NamedBy(string? title)
    {
        if (string.IsNullOrEmpty(title))
            return 0;
        if (_namedBy.TryGetValue(title, out var bits))
            return bits;

        _words ??= new DocumentName.AskedWords(Text);
        var named = new HashSet<int>();
        DocumentName.Of(title).MarkNames(_words, named);
        foreach (var word in named.Select(place => _words.Words[place]))
        {
            foreach (var (start, end, bit) in _places)
                bits |= start < word.End && end > word.Start ? 1UL << bit : 0;
        }

        _namedBy.Add(title, bits);
        return bits;
    }

    public double WeightOf(ulong bits)
    {
        var weight = 0d;
        for (; bits != 0; bits &= bits - 1)
            weight += _weights[BitOperations.TrailingZeroCount(bits)];
        return weight;
    }

    private ulong RarestOf(ulong among)
    {
        var (rarest, most) = (0UL, 0d);
        for (var bit = 0; bit < Count; bit++)
        {
            if ((among & (1UL << bit)) == 0 || _weights[bit] < most)
                continue;
            rarest = (_weights[bit] > most ? 0 : rarest) | (1UL << bit);
            most = _weights[bit];
        }

        return rarest;
    }

    private void Add(in Token token, bool isName, CorpusStatistics? statistics)
    {
        var term = token.Term;
        if (token.Kind is TokenKind.Bigram)
            _bigrams++;
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
        foreach (var alias in Paraphrases.Of(term))
            _aliases.TryAdd(alias, bit);
        if (term is "period" or "durat" or "length")
            Durations |= 1UL << bit;

        var isCommon =
            token.Kind is TokenKind.Bigram
                ? term.AsSpan().ContainsAny(Particles)
                : Language is Language.English && CommonWords.IsCommon(term);
        var weight =
            !isCommon ? 1.0
            : token.Kind is TokenKind.Bigram ? 0.15
            // Of two words in a search each was meant.
            : IsKeywords ? 0.6
            : 0.35;
        if (statistics is not null && statistics.PassageCount > 0)
            weight *= 0.3 + (0.7 * statistics.InverseFrequency(term) / Math.Log(2 + (2 * statistics.PassageCount)));
        if (isName)
        {
            // Key words are as good as each other: a year among them only narrows.
            weight *= IsKeywords ? 1 : 1.5;
            Names |= 1UL << bit;
        }

        _weights.Add(weight);
    }

    private static ExpectedAnswer ExpectationOf(List<Token> tokens)
    {
        var measure = false;
        var asksWhat = tokens.Exists(token => token.Term is "what" or "which" or "calcul" or "was" or "cual");
        for (var i = 0; i < tokens.Count; i++)
        {
            var next = i + 1 < tokens.Count ? tokens[i + 1].Term : "";
            switch (tokens[i].Term)
            {
                case var who when IsWho(who):
                    return ExpectedAnswer.Person;
                case "where" or "wo" or "donde":
                    return ExpectedAnswer.Name;
                case "when" or "wann" or "cuando":
                    return ExpectedAnswer.Date;
                case "how" when IsExtent(next):
                    return ExpectedAnswer.Number;
                case "wie" when next is "viel" or "hoch" or "lang" or "alt" or "gro" or "gross":
                    return ExpectedAnswer.Number;
                case "cuanto" or "cuanta":
                    return ExpectedAnswer.Number;
                case "what" or "which" when next is "year" or "date" or "day" or "month" or "centuri" or "decad":
                    return ExpectedAnswer.Date;
                case "what" or "which" when next is "percentag" or "percent" or "number" or "amount":
                    return ExpectedAnswer.Number;
                case "date" or "deadlin" or "birthday":
                    return ExpectedAnswer.Date;
                case "quantos" or "combien":
                    return ExpectedAnswer.Number;
                default:
                    measure |= IsMeasure(tokens[i].Term);
                    continue;
            }
        }

        return measure && asksWhat ? ExpectedAnswer.Number : ExpectedAnswer.Anything;
    }

    private static bool IsWho(string term) => term is "who" or "whom" or "whose" or "wer" or "quien";

    private static bool IsExtent(string term) =>
        term is "mani" or "much" or "old" or "long" or "far" or "tall" or "larg" or "high" or "big" or "fast";

    /// <summary>What is given as a figure: "What was the revenue?" asks for one.</summary>
    private static bool IsMeasure(string term) =>
        term
            is "revenu"
                or "sale"
                or "incom"
                or "profit"
                or "price"
                or "cost"
                or "margin"
                or "ebitda"
                or "ebit"
                or "asset"
                or "liabil"
                or "debt"
                or "dividend"
                or "expenditur"
                or "capex"
                or "expens"
                or "ratio"
                or "budget"
                or "salari"
                or "fee"
                or "height"
                or "weight"
                or "temperatur"
                or "distanc";
}
