using Chancery.Server.Platform.Health;

namespace Chancery.Server.Inference.Routing;

/// <summary>What became of the latest calls to one target: counts by the minute, how long answers took, the last fault.</summary>
/// <remarks>A target's alone, so that its lock is short and rarely waited for. Safe for concurrent use.</remarks>
internal sealed class TargetRecord(TimeProvider time)
{
    /// <summary>Minutes that are looked back on.</summary>
    public const int Minutes = 15;

    private readonly Lock _gate = new();
    private readonly Minute[] _minutes = new Minute[Minutes];
    private TargetFailure? _lastFailure;
    private DateTimeOffset? _lastAnswerAt;

    private struct Minute
    {
        public long Number;
        public long Calls;
        public long Failures;
        public long Answers;
        public TimeSpan Took;
        public TimeSpan FirstPart;
    }

    /// <param name="Failures">Those that were the target's fault.</param>
    /// <param name="LatencyMs">Of whole answers, on average; null without one.</param>
    /// <param name="FirstPartMs">From the request to the first content of those.</param>
    public readonly record struct Summary(
        long Calls,
        long Failures,
        double? LatencyMs,
        double? FirstPartMs,
        DateTimeOffset? LastAnswerAt,
        TargetFailure? LastFailure
    );

    public static Summary None { get; }

    public void Answered(TimeSpan took, TimeSpan? firstPart)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            ref var minute = ref At(now);
            minute.Calls++;
            minute.Answers++;
            minute.Took += took;
            minute.FirstPart += firstPart ?? took;
            _lastAnswerAt = now;
        }
    }

    /// <param name="failure">Null where it was the caller who left, or the request that was at fault.</param>
    public void Ended(TargetFailure? failure)
    {
        lock (_gate)
        {
            ref var minute = ref At(time.GetUtcNow());
            minute.Calls++;
            if (failure is not null)
            {
                minute.Failures++;
                _lastFailure = failure;
            }
        }
    }

    public Summary Tell()
    {
        var oldest = NumberOf(time.GetUtcNow()) - Minutes;
        lock (_gate)
        {
            var sum = default(Minute);
            foreach (var minute in _minutes)
            {
                if (minute.Number > oldest)
                {
                    sum.Calls += minute.Calls;
                    sum.Failures += minute.Failures;
                    sum.Answers += minute.Answers;
                    sum.Took += minute.Took;
                    sum.FirstPart += minute.FirstPart;
                }
            }

            return new Summary(
                sum.Calls,
                sum.Failures,
                sum.Answers == 0 ? null : Math.Round(sum.Took.TotalMilliseconds / sum.Answers, 1),
                sum.Answers == 0 ? null : Math.Round(sum.FirstPart.TotalMilliseconds / sum.Answers, 1),
                _lastAnswerAt,
                _lastFailure
            );
        }
    }

    private ref Minute At(DateTimeOffset now)
    {
        var number = NumberOf(now);
        ref var minute = ref _minutes[number % Minutes];
        if (minute.Number != number)
        {
            minute = new Minute { Number = number };
        }

        return ref minute;
    }

    private static long NumberOf(DateTimeOffset now) => now.ToUnixTimeSeconds() / 60;
}
