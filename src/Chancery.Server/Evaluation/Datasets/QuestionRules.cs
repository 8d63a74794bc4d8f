using Chancery.Server.Knowledge.Tags;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary>What a question has to be, whichever way it came.</summary>
internal static class QuestionRules
{
    public const int MostQuestions = 10_000;

    private const int LongestQuestion = 4000;
    private const int LongestAnswer = 10_000;
    private const int MostAnswers = 20;
    private const int MostPlaces = 50;

    /// <summary>The question as it is kept; or the sentence that says what is wrong with it.</summary>
    public static (NewQuestion? Question, string? Why) Clean(NewQuestion given)
    {
        var answers = (given.ExpectedAnswers ?? []).Where(answer => !string.IsNullOrWhiteSpace(answer)).ToArray();
        var (tags, wrongTags) = TagNames.Clean((given.Tags ?? []).Where(tag => tag is not null));
        var why =
            string.IsNullOrWhiteSpace(given.Question) ? "There is no question."
            : given.Question.Length > LongestQuestion ? $"A question has at most {LongestQuestion} characters."
            : answers.Length > MostAnswers ? $"At most {MostAnswers} expected answers."
            : answers.Any(answer => answer.Length > LongestAnswer)
                ? $"An expected answer has at most {LongestAnswer} characters."
            : WrongPlaces(given.ExpectedPlaces ?? []) is { } places ? places
            : given.ShouldRefuse is true && (answers.Length > 0 || given.ExpectedPlaces is { Length: > 0 })
                ? "What is to be refused has no expected answer and no place."
            : TextsOf(given, answers).Any(text => text.Contains('\0', StringComparison.Ordinal))
                ? "The character NUL is no text."
            : wrongTags;
        return why is null
            ? (
                given with
                {
                    Question = given.Question.Trim(),
                    ExpectedAnswers = answers,
                    Language = string.IsNullOrWhiteSpace(given.Language) ? null : given.Language.Trim(),
                    Tags = tags,
                },
                null
            )
            : (null, why);
    }

    private static string? WrongPlaces(EvalPlace[] places) =>
        places.Length > MostPlaces ? $"At most {MostPlaces} places."
        : places.Any(place => place is null || string.IsNullOrWhiteSpace(place.Document)) ? "A place names a document."
        : places.Any(place => place.Page is < 1) ? "Pages begin at 1."
        : null;

    private static IEnumerable<string> TextsOf(NewQuestion given, string[] answers) =>
        answers
            .Append(given.Question)
            .Append(given.Language ?? "")
            .Concat((given.ExpectedPlaces ?? []).SelectMany(place => (string[])[place.Document, place.Quote ?? ""]));
}
