using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Where a run stands.</summary>
internal static class RunState
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    /// <summary>It reached its cap on cost before its end.</summary>
    public const string OverCap = "over_cap";
}

/// <summary>Who began a run.</summary>
internal static class RunOrigin
{
    public const string Person = "person";
    public const string Nightly = "nightly";
}

/// <summary>A run of a dataset's questions.</summary>
/// <param name="Judges">Versions of the judges' prompts that it is judged by, from its beginning on.</param>
/// <param name="Repeats">How often each question is asked.</param>
/// <param name="Total">Questions that it has to ask.</param>
/// <param name="Asked">Questions that have a result.</param>
/// <param name="Failed">Of those, the ones that got no answer.</param>
/// <param name="CostUsd">What models cost so far, in dollars.</param>
/// <param name="CostCapUsd">No further question is asked once it is reached.</param>
/// <param name="Scores">Means over the questions, once it has ended.</param>
/// <param name="Regressions">Of a nightly run: scores that fell surely below those of the run before.</param>
/// <param name="Failure">Why it did not come to its end.</param>
public sealed record EvalRun(
    Guid Id,
    Guid DatasetId,
    string DatasetName,
    [property: OneOf("EvalRunOrigin", RunOrigin.Person, RunOrigin.Nightly)] string Origin,
    Guid StartedBy,
    EvalTarget Target,
    EvalJudging? Judging,
    IReadOnlyList<EvalJudge>? Judges,
    [property: OneOf(
        "EvalRunState",
        RunState.Queued,
        RunState.Running,
        RunState.Done,
        RunState.Failed,
        RunState.Cancelled,
        RunState.OverCap
    )]
        string State,
    int Repeats,
    int Total,
    int Asked,
    int Failed,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    decimal? CostCapUsd,
    IReadOnlyList<ScoreMean>? Scores,
    IReadOnlyList<ScoreChange>? Regressions,
    string? Failure,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt
)
{
    /// <summary>Of the words of the prompt's version that it was begun with; null where it names none, and of old runs.</summary>
    internal string? PromptSha256 { get; init; }

    internal bool HasEnded => State is not (RunState.Queued or RunState.Running);

    /// <inheritdoc cref="EvalJudge.AreAlike"/>
    internal bool IsJudgedAs(EvalRun other) => EvalJudge.AreAlike((Judging, Judges), (other.Judging, other.Judges));
}

/// <summary>A place that an answer cites, or that a search found.</summary>
/// <param name="Quote">What is cited; of a search the beginning of the passage.</param>
/// <param name="IsExpected">Whether it is one of the places that the question names; left out where it names none.</param>
public sealed record FoundPlace(
    Guid DocumentId,
    string Title,
    string Path,
    int Page,
    string Quote,
    bool? IsExpected = null
);

/// <summary>What became of one question.</summary>
/// <param name="Outcome">As of an answer: answered, unsupported, failed; searched where only that was asked for.</param>
/// <param name="Times">How often it was asked so far: scores are means over these, tokens and cost their sums, all else is of the first time.</param>
/// <param name="Withheld">True where the answer was made from a document that you may not read: answer, places and notes are left out.</param>
/// <param name="Notes">Sentences that no passage supports.</param>
/// <param name="Labels">What people called it, good or bad, by criterion; left out where nobody did.</param>
/// <param name="Error">Why there is no answer.</param>
public sealed record EvalResult(
    Guid QuestionId,
    int Number,
    string Question,
    string? Answer,
    string Outcome,
    string? Model,
    IReadOnlyList<FoundPlace>? Places,
    IReadOnlyList<ScoreView> Scores,
    IReadOnlyList<string>? Notes,
    IReadOnlyDictionary<string, string>? Labels,
    string? Error,
    int Times,
    bool? Withheld,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    double DurationMs,
    DateTimeOffset CreatedAt
);

/// <summary>A run that is to be queued.</summary>
internal sealed record NewRun(
    Guid Dataset,
    string Origin,
    RunStarter Starter,
    EvalTarget Target,
    EvalJudging? Judging,
    NanoDollars? Cap,
    int Repeats = 1
);

/// <summary>A run as its worker sees it.</summary>
/// <param name="StartedAt">When the first of its workers began.</param>
internal sealed record OpenRun(
    Guid Id,
    Guid Dataset,
    string Origin,
    RunStarter Starter,
    EvalTarget Target,
    EvalJudging? Judging,
    IReadOnlyList<KeptJudge>? Judges,
    int LastNumber,
    int Repeats,
    NanoDollars? Cap,
    NanoDollars Spent,
    DateTimeOffset StartedAt
);

/// <summary>A question that is to be asked.</summary>
/// <param name="Scores">Of each time that it was asked before in this run; none where it was not.</param>
internal sealed record NextQuestion(EvalQuestion Question, IReadOnlyList<IReadOnlyDictionary<string, Score>> Scores);

/// <summary>A run as it ended.</summary>
internal sealed record EndedRun(Guid Id, Guid DatasetId, string State, int Asked, int Total, long CostNano);

/// <summary>What is kept of a question that was asked.</summary>
internal sealed record ScoredQuestion(
    AskedQuestion Asked,
    IReadOnlyDictionary<string, Score> Scores,
    IReadOnlyList<string> Notes,
    NanoDollars Cost,
    long InputTokens,
    long OutputTokens
)
{
    /// <summary>Why no further question is asked; null where the run goes on.</summary>
    public string? Stop { get; init; }

    /// <summary>Why judges gave their scores, by the score's name; for traces, and not kept.</summary>
    public IReadOnlyDictionary<string, string> Reasons { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of scores for which no judge was asked, because one had said it before.</summary>
    public IReadOnlyList<string> Cached { get; init; } = [];

    /// <summary>The provider's id of the answer, for traces; null where nobody listens, and without a provider.</summary>
    public string? ResponseId { get; init; }
}
