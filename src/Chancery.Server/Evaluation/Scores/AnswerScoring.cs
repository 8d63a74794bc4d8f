using Chancery.Evaluation.Scoring;
using Chancery.Search;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Evaluation.Scores;

/// <summary>What can be computed of an answer without a model.</summary>
internal static class AnswerScoring
{
    private const int Depth = 10;
    private const int MostNotes = 20;

    private static readonly AnswerScores Answers = new(text => Folding.Fold(text));

    /// <param name="notes">Sentences of the answer that no passage supports.</param>
    public static SortedDictionary<string, Score> Of(
        EvalQuestion question,
        AskedQuestion asked,
        string kind,
        out IReadOnlyList<string> notes
    )
    {
        notes = [];
        var scores = new SortedDictionary<string, Score>(StringComparer.Ordinal);
        if (EvalTargetKind.IsOfWordsAlone(kind))
        {
            AddWords(scores, question, asked);
            return scores;
        }

        if (kind is EvalTargetKind.Answer && asked.Error is { } error)
        {
            AddRanking(scores, question, asked);
            AddFailed(scores, question, error);
            return scores;
        }

        AddRanking(scores, question, asked);
        if (kind is not EvalTargetKind.Answer)
        {
            return scores;
        }

        var answer = AddWords(scores, question, asked);
        AddCitations(scores, question, asked);
        scores[ScoreName.Refusal] = ShouldRefuse(question) is { } should
            ? RefusalScores.Correctness(should, asked.Outcome == AnswerOutcome.Unsupported)
            : Score.None;
        if (asked.Outcome == AnswerOutcome.Answered)
        {
            var support = AnswerSupport.Of(
                answer,
                [.. asked.Passages.Select(passage => passage.Text)],
                text => Folding.Fold(text)
            );
            scores[ScoreName.Support] = support.Share;
            notes =
            [
                .. support
                    .Sentences.Where(sentence => sentence.Fault is not null)
                    .Select(sentence => answer.Substring(sentence.Start, sentence.Length))
                    .Take(MostNotes),
            ];
        }
        else
        {
            scores[ScoreName.Support] = Score.None;
        }

        return scores;
    }

    /// <summary>How near an answer's words come to those that are expected.</summary>
    /// <returns>The answer; empty where there is none.</returns>
    private static string AddWords(SortedDictionary<string, Score> scores, EvalQuestion question, AskedQuestion asked)
    {
        if (asked.Error is { } error)
        {
            var failed = question.ExpectedAnswers.Count > 0 ? new Score.Failed(error) : Score.None;
            scores[ScoreName.ExactMatch] = scores[ScoreName.TokenF1] = scores[ScoreName.Contains] = failed;
            return "";
        }

        var answer = asked.Outcome == AnswerOutcome.Answered ? asked.Answer : "";
        scores[ScoreName.ExactMatch] = Answers.ExactMatch(answer, question.ExpectedAnswers, question.Language);
        scores[ScoreName.TokenF1] = Answers.TokenF1(answer, question.ExpectedAnswers, question.Language);
        scores[ScoreName.Contains] = Answers.Contains(answer, question.ExpectedAnswers, question.Language);
        return answer;
    }

    /// <summary>Null where nobody said, in one way or the other.</summary>
    private static bool? ShouldRefuse(EvalQuestion question) =>
        question.ShouldRefuse
        ?? (question.ExpectedAnswers.Count > 0 || question.ExpectedPlaces is { Count: > 0 } ? false : null);

    private static void AddRanking(SortedDictionary<string, Score> scores, EvalQuestion question, AskedQuestion asked)
    {
        var places = question.ExpectedPlaces ?? [];
        var grades = Enumerable.Range(0, places.Count).ToDictionary(place => place, _ => 1);
        var ranked = Ranked(asked.Passages, places);
        scores[ScoreName.Ndcg] = RetrievalScores.Ndcg(ranked, grades, Depth);
        scores[ScoreName.Recall] = RetrievalScores.Recall(ranked, grades, Depth);
        scores[ScoreName.ReciprocalRank] = RetrievalScores.ReciprocalRank(ranked, grades, Depth);
    }

    private static void AddCitations(SortedDictionary<string, Score> scores, EvalQuestion question, AskedQuestion asked)
    {
        IReadOnlyList<Passage> cited = [.. asked.Passages.Where(passage => asked.Cited.Contains(passage.ChunkId))];
        int[]? expected = question.ExpectedPlaces is { } places ? [.. Enumerable.Range(0, places.Count)] : null;
        var found = Ranked(cited, question.ExpectedPlaces ?? []);
        scores[ScoreName.CitationPrecision] = CitationScores.Precision(found, expected);
        scores[ScoreName.CitationRecall] = CitationScores.Recall(found, expected);
    }

    private static void AddFailed(SortedDictionary<string, Score> scores, EvalQuestion question, string error)
    {
        var failed = new Score.Failed(error);
        var hasAnswers = question.ExpectedAnswers.Count > 0;
        foreach (var name in (string[])[ScoreName.ExactMatch, ScoreName.TokenF1, ScoreName.Contains])
        {
            scores[name] = hasAnswers ? failed : Score.None;
        }

        scores[ScoreName.CitationPrecision] = question.ExpectedPlaces is null ? Score.None : failed;
        scores[ScoreName.CitationRecall] = question.ExpectedPlaces is { Count: > 0 } ? failed : Score.None;
        scores[ScoreName.Refusal] = ShouldRefuse(question) is null ? Score.None : failed;
        scores[ScoreName.Support] = failed;
    }

    /// <summary>By rank, which of the places each passage is: its number, or a negative one of its own for none.</summary>
    private static List<int> Ranked(IReadOnlyList<Passage> passages, IReadOnlyList<EvalPlace> places)
    {
        var ranked = new List<int>();
        for (var i = 0; i < passages.Count; i++)
        {
            var before = ranked.Count;
            for (var place = 0; place < places.Count; place++)
            {
                if (PlaceMatch.Fits(places[place], passages[i]))
                {
                    ranked.Add(place);
                }
            }

            if (ranked.Count == before)
            {
                ranked.Add(-1 - i);
            }
        }

        return ranked;
    }
}
