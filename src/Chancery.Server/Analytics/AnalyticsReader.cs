using Chancery.Server.Access;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Ledger.Usage;
using Chancery.Server.Knowledge.QueryLog;

namespace Chancery.Server.Analytics;

/// <summary>
/// Puts the figures of the capabilities together. Whoever looks at the same figures shares them: they are read once in two seconds,
/// and what takes longer to sum once in ten, however many watch. Safe for concurrent use.
/// </summary>
internal sealed class AnalyticsReader(
    MessageCounts counts,
    UsageFigures usage,
    TopQueries queries,
    AnswerOutcomes answers,
    TimeProvider time
)
{
    /// <summary>How often figures are read anew.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private const int MostShared = 1000;
    private const int MostQuestions = 10;
    private const int QuestionDays = 30;

    private const string OfOneCaller =
        "Counters in Redis are of the whole organisation; your own figures are the ledger's.";
    private const string RedisGone = "Redis cannot be reached: the figures are the ledger's.";
    private const string RedisLost = "Redis has not counted all of them: the figures are the ledger's.";
    private const string Cut =
        "Redis keeps the newest 10,000 messages, which do not reach so far back: the figures are the ledger's.";

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    private readonly ExpiringCache<Audience, Lazy<Task<Summed>>> _summed = new(time, Slow, MostShared);
    private readonly ExpiringCache<(Audience, string), Lazy<Task<AnalyticsView>>> _views = new(time, Fresh, MostShared);

    /// <summary>At most as old as <see cref="Fresh"/>.</summary>
    public Task<AnalyticsView> ReadAsync(
        Principal principal,
        AnalyticsRange range,
        CancellationToken cancellationToken
    ) =>
        SharedAsync(_views, (Audience.Of(principal), range.Name), () => PutTogetherAsync(principal, range))
            .WaitAsync(cancellationToken);

    /// <summary>No caller's leaving ends what others wait for; what failed is tried again by the next one.</summary>
    private static async Task<TValue> SharedAsync<TKey, TValue>(
        ExpiringCache<TKey, Lazy<Task<TValue>>> shared,
        TKey key,
        Func<Task<TValue>> read
    )
        where TKey : notnull
    {
        if (!shared.TryGet(key, out var reading))
        {
            var generation = shared.Generation;
            shared.Set(key, reading = new Lazy<Task<TValue>>(read), generation);
        }

        try
        {
            return await reading.Value;
        }
        catch
        {
            shared.Drop(key);
            throw;
        }
    }

    private async Task<AnalyticsView> PutTogetherAsync(Principal principal, AnalyticsRange range)
    {
        var isWhole = IsWhole(principal);
        var now = time.GetUtcNow();
        var starts = range.StartsAt(now);
        var counted = isWhole
            ? await counts.ReadAsync(
                principal.Tenant,
                starts[0],
                range.Length,
                range.IsFine ? starts.Count : 0,
                CancellationToken.None
            )
            : null;
        await usage.SettleDownAsync(CancellationToken.None);
        var summed = await SharedAsync(_summed, Audience.Of(principal), () => SumAsync(principal, now));
        // One's own are few, and not counted anywhere else.
        var messages = isWhole ? summed.Messages : await usage.MessagesAsync(principal, CancellationToken.None);
        var isWholeInRedis = counted is not null && counted.Total >= messages.Total;
        var (today, month) = await usage.SpentAsync(
            principal,
            DateOnly.FromDateTime(now.UtcDateTime),
            CancellationToken.None
        );
        return new AnalyticsView(
            isWhole ? "organization" : "own",
            range.Name,
            !isWhole || counted is not null,
            isWholeInRedis
                ? new MessageFigures(
                    FigureSource.Redis,
                    counted!.Since,
                    counted.Total,
                    counted.ByType,
                    counted.ByPerson,
                    counted.ByModel
                )
                : new MessageFigures(
                    FigureSource.Ledger,
                    null,
                    messages.Total,
                    messages.ByType,
                    messages.ByPerson,
                    messages.ByModel
                ),
            await SeriesAsync(principal, range, starts, counted, isWholeInRedis, now),
            today,
            month,
            summed.Answers,
            new TopQuestions(summed.Questions is not null, QuestionDays, summed.Questions ?? [])
        );
    }

    private async Task<MessageSeries> SeriesAsync(
        Principal principal,
        AnalyticsRange range,
        IReadOnlyList<DateTimeOffset> starts,
        CountedMessages? counted,
        bool isWholeInRedis,
        DateTimeOffset now
    )
    {
        // Before the oldest of a series that was cut there were others; before the first message of all there were none.
        var isCut = counted?.CompleteSince > counted?.Since && counted?.CompleteSince > starts[0];
        if (range.IsFine && isWholeInRedis && !isCut)
        {
            return Series(FigureSource.Redis, note: null, at => counted!.Series[at]);
        }

        var known = await usage.SeriesAsync(
            principal,
            range.Step,
            starts[0],
            now.AddMinutes(1),
            CancellationToken.None
        );
        var note =
            !range.IsFine ? null
            : !IsWhole(principal) ? OfOneCaller
            : counted is null ? RedisGone
            : isCut ? Cut
            : RedisLost;
        return Series(FigureSource.Ledger, note, at => known.GetValueOrDefault(starts[at]));

        MessageSeries Series(string source, string? note, Func<int, long> messages) =>
            new(
                source,
                range.Step.ToString().ToLowerInvariant(),
                note,
                [.. starts.Select((start, at) => new SeriesPoint(start, messages(at)))]
            );
    }

    private async Task<Summed> SumAsync(Principal principal, DateTimeOffset now) =>
        new(
            await usage.MessagesAsync(principal, CancellationToken.None),
            await answers.SinceAsync(
                principal,
                new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero),
                CancellationToken.None
            ),
            await queries.OfAsync(principal, now.AddDays(-QuestionDays), MostQuestions, CancellationToken.None)
        );

    private static bool IsWhole(Principal principal) => principal.May(Permission.OrganizationManage);

    /// <summary>Who sees the same figures.</summary>
    private readonly record struct Audience(Guid Tenant, Guid User, Guid Principal, bool SeesQueries)
    {
        public static Audience Of(Principal principal) =>
            IsWhole(principal)
                ? new(principal.Tenant.Value, Guid.Empty, Guid.Empty, principal.May(Permission.DocumentsRead))
                : new(principal.Tenant.Value, principal.UserId, principal.Id, principal.May(Permission.DocumentsRead));
    }

    private sealed record Summed(MessageSums Messages, AnswerShares Answers, IReadOnlyList<TopQuery>? Questions);
}
