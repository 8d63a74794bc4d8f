using System.Numerics;
using System.Runtime.InteropServices;

namespace Chancery.Search;

/// <summary>What one sentence has of a question. Fractions are of the weight of all the question's terms.</summary>
internal readonly record struct Evidence(
    int Passage,
    int SentenceIndex,
    TextSpan Span,
    ulong Terms,
    double Sentence,
    double Neighbours,
    double Whole,
    double MissingNames,
    double Proximity,
    double TypeFits,
    double Retrieval,
    double Items,
    ulong ItemBits,
    int PageItems,
    bool IsNamed,
    bool IsOfPage,
    double LacksRole,
    bool IsOfHeading
)
{
    /// <summary>For choosing among sentences.</summary>
    public double Rank =>
        Sentence
        + (0.4 * Neighbours)
        + (0.8 * Whole)
        + (0.3 * Proximity)
        + (0.15 * TypeFits)
        + (0.5 * Retrieval)
        + (0.6 * Items)
        - (0.5 * MissingNames)
        - (0.5 * LacksRole);
}

/// <summary>Measures every sentence of some passages against a question. Linear in the text.</summary>
internal static class SentenceRanker
{
    /// <summary>A term that only begins like one of the question counts in part.</summary>
    private const double LooseWeight = 0.6;

    /// <summary>Of the question's weight, for a heading to speak for a sentence that has none of its words.</summary>
    private const double HeadingSuffices = 0.5;

    /// <summary>From here a row is about an item and does not only mention it.</summary>
    private const double PureItem = 0.6;

    public static List<Evidence> Rank(
        Question question,
        IReadOnlyList<AnswerPassage> passages,
        List<TextSpan>[] sentences
    )
    {
        var evidence = new List<Evidence>();
        if (question.Count == 0 || passages.Count == 0)
            return evidence;

        var tokens = new List<Token>(512);
        var best = passages.Max(passage => passage.Score);
        var rows = new List<Row>(32);
        var poor = new List<int>();

        var pages = new Dictionary<string, Page>(StringComparer.Ordinal);
        for (var p = 0; p < passages.Count; p++)
        {
            var passage = passages[p];
            var named = question.NamedBy(passage.Title) | question.NamedBy(passage.FileName);
            var above = Bits(question, passage.Heading, tokens) | Bits(question, passage.Title, tokens) | named;
            sentences[p] = Sentences.Split(passage.Text);
            tokens.Clear();
            TextAnalyzer.Analyze(passage.Text, tokens, question.Language);
            ReadRows(question, passage.Text, CollectionsMarshal.AsSpan(tokens), sentences[p], rows);
            var tables = PassageTables.Of(passage.Text, passage.Heading);
            var lacking = question.Identifiers.Any
                ? IdentifierPlaces.Lacking(question.Identifiers, passage, sentences[p], tables)
                : null;
            IReadOnlyList<string>? columns = null;
            var columnBits = 0UL;

            var exact = above;
            var loose = 0UL;
            foreach (ref readonly var row in CollectionsMarshal.AsSpan(rows))
            {
                exact |= row.Exact;
                loose |= row.Loose;
            }

            if (passage.Page is { } number)
            {
                ref var page = ref CollectionsMarshal.GetValueRefOrAddDefault(pages, number, out _);
                page.Exact |= exact;
                page.Loose |= loose;
                foreach (ref readonly var row in CollectionsMarshal.AsSpan(rows))
                    page.Items |= row.Items;
            }

            var (whole, missing) = Whole(question, exact, loose);
            var retrieval = best > 0 ? Math.Clamp(passage.Score / best, 0, 1) : 0;

            var heading = 0UL;
            var proximity = 0d;
            var opens = false;
            for (var s = 0; s < rows.Count; s++)
            {
                var row = rows[s];
                var cells = tables.At(sentences[p][s].Start);
                if (cells is { IsHead: true })
                    continue;
                if (cells?.Heads is { } heads)
                {
                    // What a column is called is said of each of its cells, and little of a row that says nothing else.
                    columnBits = ReferenceEquals(heads, columns)
                        ? columnBits
                        : Bits(question, string.Join('\n', heads), tokens);
                    columns = heads;
                    if ((row.Exact | row.Loose) == 0)
                        row.Loose |= columnBits;
                    else
                        row.Exact |= columnBits;
                }

                if (!question.AsksForHeadings && Sentences.IsHeading(passage.Text, sentences[p][s]))
                {
                    // It says what the sentences below are about, and so speaks for them.
                    heading = row.Exact | row.Loose;
                    proximity = row.Proximity;
                    opens = true;
                    continue;
                }

                // What stands below a heading on the very subject need not say again what it is about.
                var isOfHeading =
                    (row.Exact | row.Loose | row.Items) == 0
                    && opens
                    && Covered(question, heading, 0) >= HeadingSuffices;
                if ((row.Exact | row.Loose | row.Items) == 0 && !isOfHeading)
                {
                    opens = false;
                    continue;
                }

                // The first sentence goes on from it; those below share it.
                row.Exact |= opens ? heading : 0;
                row.Loose |= heading;
                row.Proximity = opens ? Math.Max(row.Proximity, proximity) : row.Proximity;
                opens = false;
                var before = s > 0 ? rows[s - 1] : default;
                if (row.PointsBack && s > 0 && !IsNewParagraph(passage.Text, sentences[p][s - 1], sentences[p][s]))
                {
                    // "The increase" is of what the sentence before speaks of, though it does not say so again.
                    row.Exact |= before.Exact;
                    row.Loose |= before.Loose;
                    row.Proximity = Math.Max(row.Proximity, before.Proximity);
                }

                if (lacking?[s] == true)
                    continue;

                if (cells is not null && row.Items == 0 && ((row.Exact | row.Loose | above) & question.Rarest) == 0)
                    poor.Add(evidence.Count);
                var after = s + 1 < rows.Count ? rows[s + 1] : default;
                evidence.Add(
                    new Evidence(
                        p,
                        s,
                        sentences[p][s],
                        row.Exact | row.Loose,
                        Covered(question, row.Exact, row.Loose),
                        Covered(
                            question,
                            row.Exact | before.Exact | after.Exact | above,
                            row.Loose | before.Loose | after.Loose
                        ),
                        whole,
                        missing,
                        row.Proximity,
                        Fit(question.Expected, row),
                        retrieval,
                        row.Purity,
                        row.Items,
                        BitOperations.PopCount(row.Items),
                        named != 0,
                        passage.Page is not null,
                        LacksRole(question, row, before.Exact | before.Loose | after.Exact | after.Loose),
                        isOfHeading
                    )
                );
            }
        }

        RemovePoor(question, evidence, poor);
        if (pages.Count > 0)
            ReadPagesWhole(question, passages, pages, evidence);

        // Rows of a table may be worth the same: the first comes first.
        evidence.Sort(
            (a, b) =>
                b.Rank.CompareTo(a.Rank) is not 0 and var order ? order
                : a.Passage != b.Passage ? a.Passage.CompareTo(b.Passage)
                : a.SentenceIndex.CompareTo(b.SentenceIndex)
        );
        return evidence;
    }

    /// <summary>A row without the word that tells the most gives way to what has it.</summary>
    private static void RemovePoor(Question question, List<Evidence> evidence, List<int> poor)
    {
        if (poor.Count == 0 || !evidence.Exists(one => (one.Terms & question.Rarest) != 0))
            return;

        var next = 0;
        var kept = 0;
        for (var i = 0; i < evidence.Count; i++)
        {
            if (next < poor.Count && poor[next] == i)
                next++;
            else
                evidence[kept++] = evidence[i];
        }

        evidence.RemoveRange(kept, evidence.Count - kept);
    }

    /// <summary>What a page says on one passage counts for its others.</summary>
    private static void ReadPagesWhole(
        Question question,
        IReadOnlyList<AnswerPassage> passages,
        Dictionary<string, Page> pages,
        List<Evidence> evidence
    )
    {
        foreach (ref var one in CollectionsMarshal.AsSpan(evidence))
        {
            if (passages[one.Passage].Page is not { } number)
                continue;
            var page = pages[number];
            var (whole, missing) = Whole(question, page.Exact, page.Loose);
            one = one with { Whole = whole, MissingNames = missing, PageItems = BitOperations.PopCount(page.Items) };
        }
    }

    private static (double Whole, double MissingNames) Whole(Question question, ulong exact, ulong loose)
    {
        var names = question.WeightOf(question.Names);
        return (
            Covered(question, exact, loose),
            names == 0 ? 0 : question.WeightOf(question.Names & ~(exact | loose)) / names
        );
    }

    private record struct Page(ulong Exact, ulong Loose, ulong Items);

    /// <param name="Items">The items that it is about.</param>
    /// <param name="Purity">How purely it is about one of them, 0 to 1.</param>
    private record struct Row(
        ulong Exact,
        ulong Loose,
        double Proximity,
        bool HasNumber,
        bool HasFigure,
        bool HasDate,
        bool HasName,
        bool HasPerson,
        bool PointsBack,
        int Words,
        ulong Items,
        double Purity
    );

    /// <summary>How far an opening such as "The $104.2 million increase" is read.</summary>
    private enum Opening
    {
        NotRead,
        Determined,
        Read,
    }

    private static void ReadRows(
        Question question,
        string text,
        ReadOnlySpan<Token> tokens,
        List<TextSpan> sentences,
        List<Row> rows
    )
    {
        Span<int> lastSeen = stackalloc int[Question.MaxTerms];
        List<int>? label = question.Items.Count > 0 ? [] : null;
        rows.Clear();
        var t = 0;
        foreach (var sentence in sentences)
        {
            var row = new Row();
            lastSeen.Fill(int.MinValue / 2);
            var first = true;
            var opening = Opening.NotRead;
            var amount = int.MinValue / 2;
            var nameEnd = -2;
            for (; t < tokens.Length && tokens[t].Start < sentence.End; t++)
            {
                ref readonly var token = ref tokens[t];
                row.Words++;
                if (token is { IsStopWord: false, Kind: not TokenKind.Number })
                    label?.Add(TermCounts.HashOf(token.Term));
                var known = question.TryFind(token.Term, out var bit, out var loose);
                if (IsAmount(token))
                    amount = token.Position;
                if (question.Durations != 0 && IsUnitOfTime(token.Term) && token.Position - amount is 1 or 2)
                    See(question.Durations & ~row.Exact, token.Position, lastSeen, ref row);
                if (question.Roles != 0)
                    ReadPerson(text, token, known, ref nameEnd, ref row);
                row.PointsBack |= opening == Opening.Determined && known && !token.IsStopWord;
                opening = opening switch
                {
                    Opening.NotRead when IsDeterminer(token.Term) => Opening.Determined,
                    Opening.Determined when IsAmount(token) => Opening.Determined,
                    _ => Opening.Read,
                };
                if (known)
                {
                    row.Exact |= 1UL << bit;
                    lastSeen[bit] = token.Position;
                }
                else if (loose)
                {
                    row.Loose |= 1UL << bit;
                    lastSeen[bit] = token.Position;
                }
                else
                {
                    ReadKind(text, token, first, ref row);
                }

                first = false;
            }

            row.Proximity = Adjacent(question, lastSeen);
            if (label is not null)
            {
                ReadItems(question, CollectionsMarshal.AsSpan(label), ref row);
                label.Clear();
            }

            rows.Add(row);
        }
    }

    private static void ReadItems(Question question, ReadOnlySpan<int> label, ref Row row)
    {
        for (var i = 0; i < question.Items.Count; i++)
        {
            var purity = LineLabels.Purity(question.Items[i], label, row.HasFigure);
            row.Items |= purity >= PureItem ? 1UL << i : 0;
            row.Purity = Math.Max(row.Purity, purity);
        }
    }

    /// <summary>What the text says in other words.</summary>
    private static void See(ulong bits, int position, Span<int> lastSeen, ref Row row)
    {
        row.Loose |= bits;
        for (; bits != 0; bits &= bits - 1)
            lastSeen[BitOperations.TrailingZeroCount(bits)] = position;
    }

    private static bool IsUnitOfTime(string term) => term is "day" or "week" or "month" or "year" or "hour" or "minut";

    /// <summary>Two capitalised words in a row that the question does not have are taken for somebody's name.</summary>
    private static void ReadPerson(string text, in Token token, bool isAsked, ref int nameEnd, ref Row row)
    {
        var isName =
            !isAsked
            && token is { IsStopWord: false, Kind: TokenKind.Word, Length: > 1 }
            && char.IsUpper(text[token.Start])
            && char.IsLower(text[token.Start + 1])
            && !IsFirm(token.Term);
        row.HasPerson |= isName && nameEnd == token.Start - 1 && text[nameEnd] == ' ';
        nameEnd = isName ? token.End : -2;
    }

    private static bool IsFirm(string term) =>
        term is "ltd" or "inc" or "corp" or "gmbh" or "limit" or "compani" or "group";

    /// <summary>
    /// How surely nobody is near who was asked for, 0 to 1: neither what they are, at least in good part, nor somebody's name.
    /// Who did something may have a name of one word.
    /// </summary>
    private static double LacksRole(Question question, in Row row, ulong beside)
    {
        if (question.Roles == 0 || row.HasPerson || row.Items != 0)
            return 0;

        var near = (row.Exact | row.Loose | beside) & question.Roles;
        return question.WeightOf(near) * 2 >= question.WeightOf(question.Roles) ? 0
            : row.HasName && !question.AsksForRole ? 0.5
            : 1;
    }

    private static bool IsDeterminer(string term) => term is "the" or "this" or "that" or "these" or "those" or "such";

    private static bool IsAmount(in Token token) =>
        token.Kind is TokenKind.Number || IsNumeral(token.Term) || token.Term is "percent";

    /// <summary>Notes what sort of answer a token that is not of the question could be.</summary>
    private static void ReadKind(string text, in Token token, bool first, ref Row row)
    {
        var start = text[token.Start];
        if (token.Kind is TokenKind.Number || (token.Kind is TokenKind.Identifier && char.IsDigit(start)))
        {
            row.HasNumber = true;
            var isYear = token.Term.Length is 4 or 5 && start is '1' or '2' && char.IsDigit(token.Term[3]);
            row.HasDate |= isYear;
            row.HasFigure |= !isYear;
        }
        else if (!token.IsStopWord && char.IsUpper(start))
        {
            row.HasName |= !first;
            row.HasDate |= IsMonth(token.Term);
        }
        else
        {
            var isNumeral = IsNumeral(token.Term);
            row.HasNumber |= isNumeral;
            row.HasFigure |= isNumeral;
        }
    }

    private static bool IsMonth(string term) =>
        term
            is "januari"
                or "februari"
                or "march"
                or "april"
                or "may"
                or "june"
                or "juli"
                or "august"
                or "septemb"
                or "octob"
                or "novemb"
                or "decemb";

    private static bool IsNumeral(string term) =>
        term
            is "one"
                or "two"
                or "three"
                or "four"
                or "five"
                or "six"
                or "seven"
                or "eight"
                or "nine"
                or "ten"
                or "eleven"
                or "twelv"
                or "dozen"
                or "hundr"
                or "thousand"
                or "million"
                or "billion"
                or "half"
                or "third"
                or "quarter"
                or "twice";

    /// <summary>How many neighbours of the question stand near each other here, as a fraction.</summary>
    private static double Adjacent(Question question, ReadOnlySpan<int> seen)
    {
        var pairs = question.Sequence.Count - 1;
        if (pairs < 1)
            return 0;

        var near = 0d;
        for (var i = 0; i < pairs; i++)
        {
            var distance = Math.Abs((long)seen[question.Sequence[i + 1]] - seen[question.Sequence[i]]);
            if (seen[question.Sequence[i]] >= 0 && seen[question.Sequence[i + 1]] >= 0 && distance is > 0 and <= 8)
                near += distance <= 2 ? 1 : 2d / distance;
        }

        return near / pairs;
    }

    private static bool IsNewParagraph(string text, TextSpan before, TextSpan after) =>
        text.AsSpan(before.End, after.Start - before.End).Count('\n') > 1;

    private static double Fit(ExpectedAnswer expected, Row row) =>
        expected switch
        {
            ExpectedAnswer.Name or ExpectedAnswer.Person => row.HasName ? 1 : -1,
            ExpectedAnswer.Date => row.HasDate ? 1
            : row.HasNumber ? 0
            : -1,
            // A year alone is seldom the figure that was asked for.
            ExpectedAnswer.Number => row.HasFigure ? 1
            : row.HasNumber ? 0
            : -1,
            _ => 0,
        };

    private static double Covered(Question question, ulong exact, ulong loose) =>
        (question.WeightOf(exact) + (LooseWeight * question.WeightOf(loose & ~exact))) / question.TotalWeight;

    /// <summary>The bits that a piece of text has, exactly or nearly.</summary>
    public static ulong Mentions(Question question, string text)
    {
        var bits = 0UL;
        foreach (var token in TextAnalyzer.Analyze(text, question.Language))
            bits |= question.TryFind(token.Term, out var bit, out var loose) || loose ? 1UL << bit : 0;
        return bits;
    }

    private static ulong Bits(Question question, string? text, List<Token> tokens)
    {
        if (string.IsNullOrEmpty(text))
            return 0;

        tokens.Clear();
        TextAnalyzer.Analyze(text, tokens, question.Language);
        var bits = 0UL;
        foreach (ref readonly var token in CollectionsMarshal.AsSpan(tokens))
            bits |= question.TryFind(token.Term, out var bit, out _) ? 1UL << bit : 0;
        return bits;
    }
}
