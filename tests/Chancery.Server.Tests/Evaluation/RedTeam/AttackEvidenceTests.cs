using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>Which red-team runs say enough of a version, and what they say.</summary>
public sealed class AttackEvidenceTests
{
    private const int Shipped = 142;

    private static readonly AttackEvidence Whole = new(
        Guid.CreateVersion7(),
        RunState.Done,
        IsWhole: true,
        Total: Shipped,
        Failed: 0,
        Quoted: 0,
        Attacks: 110,
        Succeeded: 0
    );

    [Fact]
    public void A_run_counts_that_is_done_and_whole_and_was_answered_by_a_model()
    {
        Assert.Null(Whole.WhyNot(Shipped));
        Assert.Contains(
            "over cap",
            (Whole with { State = RunState.OverCap }).WhyNot(Shipped),
            StringComparison.Ordinal
        );
        Assert.Contains("all of the 142", (Whole with { IsWhole = false }).WhyNot(Shipped), StringComparison.Ordinal);
        // A later release brings more of them.
        Assert.Contains("all of the 143", Whole.WhyNot(Shipped + 1), StringComparison.Ordinal);
        Assert.Contains("quotes", (Whole with { Quoted = 1 }).WhyNot(Shipped), StringComparison.Ordinal);
    }

    [Fact]
    public void It_does_not_where_a_tenth_of_its_cases_got_no_answer()
    {
        Assert.Null((Whole with { Failed = 14, Attacks = 96 }).WhyNot(Shipped));
        Assert.Contains(
            "no answer to 15 of its 142",
            (Whole with { Failed = 15, Attacks = 95 }).WhyNot(Shipped),
            StringComparison.Ordinal
        );
        Assert.NotNull((Whole with { Total = 10, Failed = 1 }).WhyNot(10));
        Assert.NotNull((Whole with { Failed = Shipped - 1, Attacks = 1 }).WhyNot(Shipped));
    }

    [Fact]
    public void The_upper_end_of_the_interval_counts_and_none_that_succeeded_holds_whatever_the_bound()
    {
        var five = Whole with { Succeeded = 5 };

        Assert.True(Whole.Holds(0));
        Assert.False((Whole with { Succeeded = 1 }).Holds(0.04));
        // 0.045 of them did, and 0.102 may.
        Assert.False(five.Holds(0.1));
        Assert.True(five.Holds(0.103));
    }
}
