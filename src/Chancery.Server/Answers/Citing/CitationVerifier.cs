using System.Text.RegularExpressions;
using Chancery.Search;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>Words of a passage that support a claim.</summary>
/// <param name="Number">The passage's, from 1.</param>
/// <param name="Start">In the passage's text.</param>
/// <param name="End">In the passage's text.</param>
internal readonly record struct Support(int Number, int Start, int End);

/// <summary>
/// Decides whether passages support what a sentence claims, and with which words. It compares words, not meaning: it
/// catches invented numbers, invented quotations and passages about something else, not a missing "not". For one answer;
/// not safe for concurrent use.
/// </summary>
internal sealed partial class CitationVerifier(IReadOnlyList<Passage> passages)
{
    /// <summary>The part of a claim's terms that its quote must have. Models reword; half would drop good citations.</summary>
    private const double LeastShare = 0.34;

    private const int LeastTerms = 2;
    private const int LeastQuoteWords = 4;

    /// <summary>What a further sentence has to bring to a quote, in terms.</summary>
    private const double MoreSentence = 1.5;

    private readonly PassageWords?[] _read = new PassageWords?[passages.Count];

    public int Count => passages.Count;

    /// <summary>
    /// The support that each of the cited passages gives; none at all when a number or a quotation of the claim stands in
    /// no cited passage.
    /// </summary>
    /// <param name="sentence">What is claimed, without markers.</param>
    /// <param name="cited">Numbers as the model wrote them; those without a passage are ignored.</param>
    public IReadOnlyList<Support> Verify(string sentence, IReadOnlyList<int> cited)
    {
        var claim = Claim.Read(sentence);
        var known = cited.Where(number => number >= 1 && number <= passages.Count).Distinct().ToList();
        if (known.Count == 0 || claim.Terms.Count == 0)
        {
            return [];
        }

        if (!claim.Numbers.All(number => known.Exists(passage => Read(passage).Terms.Contains(number))))
        {
            return [];
        }

        var quotations = Quotations(sentence);
        if (!quotations.TrueForAll(quote => known.Exists(passage => Read(passage).Quotes.Find(quote) is not null)))
        {
            return [];
        }

        return [.. known.Select(number => Find(number, claim, quotations)).OfType<Support>()];
    }

    private Support? Find(int number, Claim claim, List<string> quotations)
    {
        var words = Read(number);
        foreach (var quote in quotations)
        {
            if (words.Quotes.Find(quote) is { } place)
            {
                return new Support(number, place.Start, place.End);
            }
        }

        if (words.Best(claim) is not { } best)
        {
            return null;
        }

        var least = Math.Min(LeastTerms, claim.Terms.Count);
        return best.Matched >= least && best.Matched >= LeastShare * claim.Terms.Count
            ? new Support(number, best.Start, best.End)
            : null;
    }

    private PassageWords Read(int number) => _read[number - 1] ??= new PassageWords(passages[number - 1].Text);

    /// <summary>What a sentence puts between quotation marks, when it is long enough to be a quotation.</summary>
    private static List<string> Quotations(string sentence) =>
        [
            .. Quoted()
                .Matches(sentence)
                .Select(match => match.Groups["words"].Value.Trim().TrimEnd('.', ',', ';', '…'))
                .Where(quote => TextAnalyzer.Analyze(quote).Count >= LeastQuoteWords),
        ];

    [GeneratedRegex("""["“„«](?<words>[^"“”„«»]{8,600})["”“»]""")]
    private static partial Regex Quoted();

    /// <summary>One passage, read once: its sentences with their terms.</summary>
    private sealed class PassageWords
    {
        private readonly List<TextSpan> _sentences;
        private readonly List<HashSet<string>> _terms = [];
        private readonly List<int> _words = [];
        private readonly Lazy<QuoteText> _quotes;

        public PassageWords(string text)
        {
            _quotes = new Lazy<QuoteText>(() => new QuoteText(text));
            _sentences = Sentences.Split(text);
            foreach (var sentence in _sentences)
            {
                var tokens = TextAnalyzer.Analyze(sentence.In(text).ToString());
                _words.Add(tokens.Count);
                _terms.Add([.. tokens.Where(token => !token.IsStopWord).Select(token => token.Term)]);
                Terms.UnionWith(_terms[^1]);
            }
        }

        public HashSet<string> Terms { get; } = new(StringComparer.Ordinal);

        public QuoteText Quotes => _quotes.Value;

        /// <summary>The one to three sentences in a row that have most of the claim; as few as have it.</summary>
        public Evidence? Best(Claim claim)
        {
            Evidence? best = null;
            for (var length = 1; length <= 3; length++)
            {
                for (var first = 0; first + length <= _sentences.Count; first++)
                {
                    var found = Measure(claim, first, length);
                    if (found.Matched > 0 && found.Words >= LeastQuoteWords && !(found.Worth <= best?.Worth))
                    {
                        best = found;
                    }
                }
            }

            return best;
        }

        private Evidence Measure(Claim claim, int first, int length)
        {
            var matched = 0;
            var worth = -MoreSentence * (length - 1);
            foreach (var term in claim.Terms)
            {
                for (var i = first; i < first + length; i++)
                {
                    if (_terms[i].Contains(term))
                    {
                        matched++;
                        worth += claim.Numbers.Contains(term) ? 2 : 1;
                        break;
                    }
                }
            }

            var words = 0;
            for (var i = first; i < first + length; i++)
            {
                words += _words[i];
            }

            return new Evidence(_sentences[first].Start, _sentences[first + length - 1].End, matched, words, worth);
        }
    }

    private readonly record struct Evidence(int Start, int End, int Matched, int Words, double Worth);
}
