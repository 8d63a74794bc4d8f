using System.Numerics;
using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>
/// Answers a question without a language model: quotes the sentences that support an answer, or says that none does. Pure;
/// linear in the passages; safe for concurrent use.
/// </summary>
public static class ExtractiveAnswerer
{
    /// <summary>Confidence from which an answer is given; see the table of the <c>extractive</c> benchmark.</summary>
    public const double DefaultThreshold = 0.5;

    private static readonly string[] Qualifiers =
    [
        "After that",
        "Afterwards",
        "Thereafter",
        "Until then",
        "Otherwise",
        "However",
        "But",
        "Except",
        "Unless",
        "In that case",
        "In all other cases",
    ];

    private const int LeastWords = 4;

    /// <summary>In characters; a single sentence may be longer.</summary>
    private const int LongestQuote = 500;

    /// <summary>Of the question's weight, for a sentence to go on about it.</summary>
    private const double GoesOnFrom = 0.25;

    private const int MostSentences = 3;
    private const int MostPages = 5;

    /// <summary>Of the best page.</summary>
    private const int MostRows = 3;

    /// <summary>Of the best page's score.</summary>
    private const double WorthReading = 0.6;

    /// <summary>Chooses the quotes.</summary>
    /// <param name="question">In natural language or as key words.</param>
    /// <param name="passages">As retrieved, best first; about ten are enough.</param>
    /// <param name="statistics">
    /// Of the collection, for the question's terms; without them, how much a term tells is guessed from general English.
    /// </param>
    /// <param name="maxQuotes">At least 1.</param>
    /// <param name="threshold">0 answers whenever a single term matches, 1 never.</param>
    public static ExtractiveAnswer Answer(
        string question,
        IReadOnlyList<AnswerPassage> passages,
        CorpusStatistics? statistics = null,
        int maxQuotes = MostPages + MostRows - 1,
        double threshold = DefaultThreshold
    )
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(passages);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxQuotes, 1);

        var asked = Question.Parse(QuestionFocus.Of(question), statistics, LanguageOf(question, passages));
        var sentences = new List<TextSpan>[passages.Count];
        var evidence = SentenceRanker.Rank(asked, passages, sentences);
        if (evidence.Count == 0)
            return new ExtractiveAnswer([], 0);

        var confidence = Confidence(evidence[0], asked);
        if (confidence < threshold)
            return new ExtractiveAnswer([], confidence);

        var chosen = ReadsPages(asked, evidence, passages)
            ? OfBestPages(evidence, passages, maxQuotes)
            : OfBestSentences(asked, evidence, passages, Math.Min(MostSentences, maxQuotes));
        return new ExtractiveAnswer(Quotes(chosen, passages, sentences, asked), confidence);
    }

    /// <summary>That of the question, where a passage has it; else that of the best passage.</summary>
    private static Language LanguageOf(string question, IReadOnlyList<AnswerPassage> passages)
    {
        Language? first = null;
        var languages = LanguageSet.English;
        foreach (var passage in passages)
        {
            var language = PassageLanguages.Of(passage.Title, passage.Heading, passage.Text).Body;
            first ??= language;
            languages = languages.With(language);
        }

        var asked = LanguageDetector.DetectAmong(LanguageSet.All, question);
        return asked is { } known && languages.Contains(known) ? known : first ?? Language.English;
    }

    /// <summary>Whether the answer is put together from several pages, as figures of a report are.</summary>
    private static bool ReadsPages(Question question, List<Evidence> evidence, IReadOnlyList<AnswerPassage> passages) =>
        passages[evidence[0].Passage].Page is not null
        && question.Items.Count > 0
        && evidence.Exists(one => passages[one.Passage].Page != passages[evidence[0].Passage].Page);

    /// <summary>
    /// One from each page, the best pages first, as far as they are nearly as good as the best; of the best page a few rows,
    /// since a ratio has two sides.
    /// </summary>
    private static List<Evidence> OfBestPages(
        List<Evidence> evidence,
        IReadOnlyList<AnswerPassage> passages,
        int maxQuotes
    )
    {
        var pages = evidence
            .GroupBy(one => passages[one.Passage].Page ?? passages[one.Passage].Id)
            .Select(page => (Rows: page.ToList(), Score: page.Max(one => one.Retrieval)))
            .OrderByDescending(page => page.Score)
            .Where(page => page.Score >= WorthReading)
            .Take(MostPages)
            .ToList();
        var chosen = new List<Evidence>();
        foreach (var (place, page) in pages.Index())
        {
            // Before a footer that repeats the document's name, say.
            var best = page.Rows[Math.Max(0, page.Rows.FindIndex(row => row.ItemBits != 0))];
            chosen.Add(best);
            var seen = best.ItemBits;
            // Items are listed with the most telling first.
            foreach (var row in page.Rows.OrderBy(row => BitOperations.TrailingZeroCount(row.ItemBits)))
            {
                if (place > 0 || chosen.Count == MostRows || (row.ItemBits & ~seen) == 0)
                    continue;
                chosen.Add(row);
                seen |= row.ItemBits;
            }
        }

        return [.. chosen.Take(maxQuotes)];
    }

    private static List<Evidence> OfBestSentences(
        Question asked,
        List<Evidence> evidence,
        IReadOnlyList<AnswerPassage> passages,
        int maxQuotes
    )
    {
        var chosen = new List<Evidence>(maxQuotes);
        var covered = 0UL;
        foreach (var candidate in evidence)
        {
            if (chosen.Count == maxQuotes)
                break;
            if (chosen.Count > 0 && !Adds(candidate, evidence[0], covered, asked, passages))
                continue;

            chosen.Add(candidate);
            covered |= candidate.Terms;
        }

        return chosen;
    }

    /// <summary>One quote for each run of neighbours, in the order of their best.</summary>
    private static List<Quote> Quotes(
        List<Evidence> chosen,
        IReadOnlyList<AnswerPassage> passages,
        List<TextSpan>[] sentences,
        Question asked
    )
    {
        var quotes = new List<Quote>(chosen.Count);
        foreach (var candidate in chosen)
        {
            var passage = passages[candidate.Passage];
            var span = Lengthen(passage.Text, sentences[candidate.Passage], candidate, asked);
            var neighbour = quotes.FindIndex(quote =>
                quote.PassageId == passage.Id && AreNeighbours(passage.Text, quote.Span, span)
            );
            if (neighbour < 0)
            {
                quotes.Add(new Quote(passage.Id, span, Confidence(candidate, asked)));
                continue;
            }

            var start = Math.Min(quotes[neighbour].Span.Start, span.Start);
            var end = Math.Max(quotes[neighbour].Span.End, span.End);
            quotes[neighbour] = quotes[neighbour] with { Span = new TextSpan(start, end - start) };
        }

        return quotes;
    }

    internal static double Confidence(in Evidence evidence, Question question)
    {
        var z =
            Bias(question)
            + (2.5 * evidence.Whole)
            + (2.5 * evidence.Sentence)
            + (1.0 * evidence.Neighbours)
            + (1.2 * evidence.Proximity)
            + (0.3 * evidence.TypeFits)
            - ((question.IsKeywords ? 0.5 : 1.5) * evidence.MissingNames)
            - (2.5 * evidence.LacksRole)
            + OfPages(evidence, question)
            // Of a long question, an answer repeats less.
            + (question.IsKeywords ? 0.7 : 0.3 * (Math.Min(question.Size, 6) - 4));
        return 1 / (1 + Math.Exp(-z));
    }

    /// <summary>
    /// A page that has the figures a measure is computed from supports an answer that repeats little of the question, of
    /// the document that the question names above all; figures of somebody else do not.
    /// </summary>
    private static double OfPages(in Evidence evidence, Question question) =>
        evidence.IsOfPage && question.Items.Count > 0
            ? (0.4 * Math.Min(evidence.PageItems, 4) * (1 - evidence.MissingNames))
                + (evidence.IsNamed ? 1.5 : 0)
                - evidence.MissingNames
            : 0;

    private static double Bias(Question question) =>
        question.IsUnspaced ? -3.7
        : question.IsForeign ? -3.9
        : -4.48;

    /// <summary>
    /// Nearly as good and with something new, or the better part of what the question asks besides, or the same from
    /// another document.
    /// </summary>
    private static bool Adds(
        in Evidence candidate,
        in Evidence best,
        ulong covered,
        Question question,
        IReadOnlyList<AnswerPassage> passages
    )
    {
        var added = question.WeightOf(candidate.Terms & ~covered) / question.TotalWeight;
        var (title, bestTitle) = (passages[candidate.Passage].Title, passages[best.Passage].Title);
        return (candidate.Rank >= best.Rank * 0.85 && added >= 0.1)
            || (candidate.Sentence >= 0.3 && added >= 0.3)
            || (
                candidate.Rank >= best.Rank * 0.95
                && candidate.Sentence >= best.Sentence * 0.95
                && title is not null
                && bestTitle is not null
                && title != bestTitle
            );
    }

    /// <summary>Overlapping, or with only white space between; rows of a table stay apart.</summary>
    private static bool AreNeighbours(string text, TextSpan a, TextSpan b)
    {
        var (first, second) = a.Start <= b.Start ? (a, b) : (b, a);
        return second.Start < first.End
            || (
                text.AsSpan(first.End, second.Start - first.End).IsWhiteSpace()
                && !(Sentences.IsTableRow(first.In(text)) || Sentences.IsTableRow(second.In(text)))
            );
    }

    /// <summary>
    /// A quote of a few words cannot be checked: it takes its neighbour in, the next one first, but no heading and nothing of
    /// another block. What goes on about the same, or limits what was said, belongs to it.
    /// </summary>
    private static TextSpan Lengthen(string text, List<TextSpan> sentences, in Evidence candidate, Question asked)
    {
        // A row is read with the names of its columns.
        var index = candidate.SentenceIndex;
        if (Sentences.IsTableRow(sentences[index].In(text)))
            return sentences[index];

        var (first, last) = (index, index);
        while (Words(text, sentences[first].Start, sentences[last].End) < LeastWords)
        {
            if (last + 1 < sentences.Count && Joins(text, sentences[last], sentences[last + 1]))
                last++;
            else if (first > 0 && Joins(text, sentences[first - 1], sentences[first]))
                first--;
            else
                break;
        }

        while (
            last + 1 < sentences.Count
            && sentences[last + 1].End - sentences[first].Start <= LongestQuote
            && GoesOn(text, sentences, last, candidate, asked)
        )
            last++;

        // The mark of a list says nothing where there is one item only.
        var start = sentences[first].Start;
        if (!sentences[(first + 1)..(last + 1)].Exists(sentence => Sentences.IsListItem(sentence.In(text))))
            start += Sentences.BulletLength(sentences[first].In(text));
        return new TextSpan(start, sentences[last].End - start);
    }

    private static bool Joins(string text, TextSpan before, TextSpan after) =>
        !Sentences.IsHeading(text, before)
        && !Sentences.IsHeading(text, after)
        && !Sentences.StartsBlock(text, before, after);

    /// <summary>Whether the sentence after <paramref name="last"/> belongs to what is quoted up to there.</summary>
    private static bool GoesOn(string text, List<TextSpan> sentences, int last, in Evidence candidate, Question asked)
    {
        var (before, next) = (sentences[last], sentences[last + 1]);
        if (Sentences.IsHeading(text, next) || Sentences.IsTableRow(next.In(text)))
            return false;

        // What was announced is the answer.
        if (before.In(text)[^1] is ':' or '：')
            return true;
        if (Sentences.IsListItem(next.In(text)))
            return Sentences.IsListItem(before.In(text)) && !Sentences.IsListItem(candidate.Span.In(text));
        if (Sentences.StartsBlock(text, before, next))
            return false;
        if (Qualifies(next.In(text)) || candidate.IsOfHeading)
            return true;

        // The figure, the day, the name that was asked for is the answer; how and why take more than a sentence.
        var isWhole = asked.Expected is not ExpectedAnswer.Anything && candidate.TypeFits >= 1;
        return !isWhole
            && asked.Items.Count == 0
            && asked.WeightOf(SentenceRanker.Mentions(asked, next.In(text).ToString()))
                >= GoesOnFrom * asked.TotalWeight;
    }

    /// <summary>Whether a sentence limits the one before it, which alone would be half the truth.</summary>
    private static bool Qualifies(ReadOnlySpan<char> sentence)
    {
        foreach (var opening in Qualifiers)
        {
            if (
                sentence.StartsWith(opening, StringComparison.Ordinal)
                && (sentence.Length == opening.Length || !char.IsLetter(sentence[opening.Length]))
            )
                return true;
        }

        return false;
    }

    private static int Words(string text, int start, int end) =>
        TextAnalyzer.Analyze(text[start..end]).Count(token => token.Kind is not TokenKind.Identifier);
}
