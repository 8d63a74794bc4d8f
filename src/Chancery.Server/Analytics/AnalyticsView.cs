using Chancery.Server.Answers.Conversations;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Ledger.Usage;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Analytics;

/// <summary>Where a figure comes from.</summary>
internal static class FigureSource
{
    /// <summary>Counters that are up to date to the moment.</summary>
    public const string Redis = "redis";

    /// <summary>The ledger in PostgreSQL: for one's own figures, for long ranges, and where Redis is gone or has lost something.</summary>
    public const string Ledger = "ledger";
}

/// <summary>Answered messages of all time.</summary>
/// <param name="Since">When Redis began to count; absent for the ledger, which has all.</param>
/// <param name="Total">Messages that a model answered, or the cache of answers.</param>
/// <param name="ByType">By what was asked of the model.</param>
/// <param name="ByPerson">By their ids, the 50 busiest.</param>
/// <param name="ByModel">The 50 that answered most.</param>
public sealed record MessageFigures(
    [property: OneOf("FigureSource", FigureSource.Redis, FigureSource.Ledger)] string Source,
    DateTimeOffset? Since,
    long Total,
    IReadOnlyList<MessageCount> ByType,
    IReadOnlyList<MessageCount> ByPerson,
    IReadOnlyList<MessageCount> ByModel
);

/// <param name="At">Where the step begins.</param>
public sealed record SeriesPoint(DateTimeOffset At, long Messages);

/// <summary>Answered messages over time, one point for each step; the last step is not over.</summary>
/// <param name="Note">Why it does not come from where it usually does, in a sentence; else absent.</param>
public sealed record MessageSeries(
    [property: OneOf("FigureSource", FigureSource.Redis, FigureSource.Ledger)] string Source,
    [property: OneOf("SeriesStep", "minute", "hour", "day", "month")] string Step,
    string? Note,
    IReadOnlyList<SeriesPoint> Points
);

/// <param name="IsRecorded">False where the operator or the organisation does not let searches be written down.</param>
/// <param name="Days">So far back.</param>
/// <param name="Items">The ten that were searched for most.</param>
public sealed record TopQuestions(bool IsRecorded, int Days, IReadOnlyList<TopQuery> Items);

/// <param name="Scope">Whose figures they are: the organisation's, or the caller's own.</param>
/// <param name="IsRedisAvailable">Whether counters in Redis could be asked; without them all comes from the ledger.</param>
/// <param name="Today">Of all calls to models, since midnight of UTC.</param>
/// <param name="Month">The same since the first of the month.</param>
/// <param name="Answers">How answers of conversations ended this month.</param>
public sealed record AnalyticsView(
    [property: OneOf("AnalyticsScope", "organization", "own")] string Scope,
    [property: OneOf(
        "AnalyticsRange",
        AnalyticsRange.Hour,
        AnalyticsRange.TwoDays,
        AnalyticsRange.ThirtyDays,
        AnalyticsRange.Year
    )]
        string Range,
    bool IsRedisAvailable,
    MessageFigures Messages,
    MessageSeries Series,
    UsageSums Today,
    UsageSums Month,
    AnswerShares Answers,
    TopQuestions Questions
);
