namespace Chancery.Server.Limits.Windows;

/// <summary>A limit on requests as it is counted.</summary>
/// <param name="Name">Of the limit; a field of the hash.</param>
/// <param name="Key">The hash of Redis that counts it: a subject's.</param>
public sealed record WindowRule(string Name, string Key, long Most, TimeSpan Window);

/// <summary>Where a rule stands.</summary>
/// <param name="Used">Requests that passed in this window and were not given back, never more than may.</param>
/// <param name="ResetsAt">When the next window begins.</param>
/// <param name="ResetsIn">How long that is.</param>
public sealed record WindowState(WindowRule Rule, long Used, DateTimeOffset ResetsAt, TimeSpan ResetsIn)
{
    public long Remaining => Math.Max(0, Rule.Most - Used);
}

/// <summary>The windows that count the present request, for what refuses it later and gives them back.</summary>
internal sealed record CountedWindows(IReadOnlyList<WindowState> States);

/// <summary>What came of a request that several rules count.</summary>
/// <param name="Refused">The rule that lets it through last; null when it passed and counts in all of them.</param>
/// <param name="IsShared">Counted on all servers together; false while Redis is gone.</param>
public sealed record WindowOutcome(IReadOnlyList<WindowState> States, WindowState? Refused, bool IsShared);
