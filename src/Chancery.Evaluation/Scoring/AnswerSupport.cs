namespace Chancery.Evaluation.Scoring;

/// <summary>Why a sentence is not supported.</summary>
public enum SupportFault
{
    /// <summary>Too few of its content words stand together in a passage.</summary>
    Words,

    /// <summary>The best place does not hold one of its numbers.</summary>
    Numbers,

    /// <summary>The best place denies what the sentence says, or the other way round.</summary>
    Negation,
}

/// <summary>What the passages say to one sentence of an answer.</summary>
/// <param name="Start">Where it begins in the answer, in UTF-16 units.</param>
/// <param name="Length">In UTF-16 units.</param>
/// <param name="Passage">Index of the passage that fits best; null where none shares a word.</param>
/// <param name="Coverage">Share of its content words that stand together there, 0 to 1.</param>
/// <param name="Fault">Null where the sentence is supported.</param>
/// <param name="MissingNumbers">Numbers of the sentence that are not there.</param>
public sealed record SentenceSupport(
    int Start,
    int Length,
    int? Passage,
    double Coverage,
    SupportFault? Fault,
    IReadOnlyList<string> MissingNumbers
);

/// <summary>
/// Whether the sentences of an answer stand in the passages that it was given, without a model: content words together in one place, every
/// number exactly, and denied in both or in neither. It sees what is made up, not what is concluded wrongly: words in another relation
/// pass, and a true paraphrase in other words fails.
/// </summary>
/// <param name="Share">Share of sentences that are supported; not applicable where none says anything.</param>
/// <param name="Sentences">
/// In the answer's order. Those without a content word or number are left out; beside others, those of one word ("Certainly!"), too.
/// </param>
public sealed record AnswerSupport(Score Share, IReadOnlyList<SentenceSupport> Sentences)
{
    /// <summary>Share of content words from which on a place is taken to say the same.</summary>
    private const double EnoughWords = 0.6;

    /// <param name="fold">As in <see cref="AnswerScores"/>.</param>
    public static AnswerSupport Of(string answer, IReadOnlyList<string> passages, Func<string, string> fold)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(passages);
        ArgumentNullException.ThrowIfNull(fold);

        var places = Places(passages, fold);
        var statements = (
            from span in SentenceSpans.In(answer)
            let statement = Statement.Of(answer.Substring(span.Start, span.Length), fold)
            where statement.Content.Count + statement.Numbers.Count > 0
            select (Statement: statement, span.Start, span.Length)
        ).ToList();
        List<SentenceSupport> sentences =
        [
            .. from said in statements
            where statements.Count == 1 || said.Statement.Content.Count > 1 || said.Statement.Numbers.Count > 0
            select Judge(said.Statement, said.Start, said.Length, places),
        ];
        return new(
            sentences.Count == 0
                ? Score.None
                : Score.Of((double)sentences.Count(sentence => sentence.Fault is null) / sentences.Count),
            sentences
        );
    }

    /// <summary>Each sentence of each passage, and each two neighbours, since an answer often puts two sentences into one.</summary>
    private static List<(int Passage, Statement Statement)> Places(
        IReadOnlyList<string> passages,
        Func<string, string> fold
    )
    {
        var places = new List<(int, Statement)>();
        for (var i = 0; i < passages.Count; i++)
        {
            Statement? before = null;
            foreach (var (start, length) in SentenceSpans.In(passages[i]))
            {
                var statement = Statement.Of(passages[i].Substring(start, length), fold);
                places.Add((i, statement));
                if (before is not null)
                {
                    places.Add((i, before.With(statement)));
                }

                before = statement;
            }
        }

        return places;
    }

    private static SentenceSupport Judge(
        Statement sentence,
        int start,
        int length,
        List<(int Passage, Statement Statement)> places
    )
    {
        // A single word names something and says nothing of it that could be denied.
        var isClaim = sentence.IsDenied is true || sentence.Content.Count + sentence.Numbers.Count > 1;
        SentenceSupport? best = null;
        var bestRank = (-1.0, 0, false, false);
        foreach (var (passage, place) in places)
        {
            var coverage = sentence.CoveredBy(place);
            List<string> missing = [.. sentence.Numbers.Where(number => !place.Numbers.Contains(number))];
            SupportFault? fault =
                coverage < EnoughWords ? SupportFault.Words
                : missing.Count > 0 ? SupportFault.Numbers
                : isClaim && place.IsDenied is { } isDenied && isDenied != sentence.IsDenied ? SupportFault.Negation
                : null;
            var found = new SentenceSupport(start, length, passage, coverage, fault, missing);
            // Two neighbours count only where they cover more than one sentence does: one that denies the answer is not to hide in them.
            var rank = (Math.Round(coverage, 6), -missing.Count, !place.IsPair, fault is null);
            if (rank.CompareTo(bestRank) > 0)
            {
                (best, bestRank) = (found, rank);
            }
        }

        return best is { Coverage: > 0 } || best is { Fault: null }
            ? best
            : new(start, length, null, 0, SupportFault.Words, [.. sentence.Numbers]);
    }
}
