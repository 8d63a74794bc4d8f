using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Health;
using Chancery.Testing;

namespace Chancery.Server.Tests.Inference;

public sealed class TargetRecordTests
{
    private readonly MovedClock _clock = new();

    [Fact]
    public void Counts_and_times_are_of_the_last_quarter_of_an_hour_and_the_last_fault_stays()
    {
        var record = new TargetRecord(_clock);
        record.Answered(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(200));
        record.Ended(new TargetFailure(_clock.GetUtcNow(), "timeout", null));
        _clock.Ahead += TimeSpan.FromMinutes(10);
        record.Answered(TimeSpan.FromSeconds(3), null);
        record.Ended(null);

        var first = record.Tell();
        _clock.Ahead += TimeSpan.FromMinutes(10);
        var later = record.Tell();
        _clock.Ahead += TimeSpan.FromHours(2);
        var last = record.Tell();

        Assert.Equal<(long, long, double?, double?)>(
            (4, 1, 2000, 1600),
            (first.Calls, first.Failures, first.LatencyMs, first.FirstPartMs)
        );
        Assert.Equal<(long, long, double?)>((2, 0, 3000), (later.Calls, later.Failures, later.LatencyMs));
        Assert.Equal<(long, long, double?)>((0, 0, null), (last.Calls, last.Failures, last.LatencyMs));
        Assert.Equal("timeout", last.LastFailure?.Kind);
        Assert.NotNull(last.LastAnswerAt);
    }

    [Fact]
    public void No_call_is_lost_among_many_at_once()
    {
        var record = new TargetRecord(_clock);

        Parallel.For(
            0,
            2_000,
            at =>
            {
                if (at % 2 == 0)
                {
                    record.Answered(TimeSpan.FromMilliseconds(10), null);
                }
                else
                {
                    record.Ended(new TargetFailure(_clock.GetUtcNow(), "rate", 429));
                }
            }
        );

        var told = record.Tell();
        Assert.Equal<(long, long, double?)>((2_000, 1_000, 10), (told.Calls, told.Failures, told.LatencyMs));
    }
}
