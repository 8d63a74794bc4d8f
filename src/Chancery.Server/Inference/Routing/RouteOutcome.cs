using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Inference.Routing;

/// <summary>What became of a call until its first content.</summary>
public abstract record RouteOutcome<T>
{
    private RouteOutcome() { }

    /// <summary>A model answers. Dispose it, in all cases: that settles.</summary>
    public sealed record Answering(RoutedAnswer<T> Answer) : RouteOutcome<T>;

    /// <summary>No model gave an answer.</summary>
    public sealed record Failed(RoutingFailure Failure) : RouteOutcome<T>;

    /// <summary>There is no money left for it. Nothing was sent anywhere.</summary>
    public sealed record OverBudget(BudgetRefusal Refusal) : RouteOutcome<T>;

    /// <summary>Money cannot be counted just now. Nothing was sent anywhere.</summary>
    public sealed record Uncounted(string Why) : RouteOutcome<T>;
}

/// <summary>Why no target answered.</summary>
/// <param name="CallId">Of the call, in the ledger and the traces.</param>
/// <param name="Kind">What the caller can do about it.</param>
/// <param name="Cause">Of the attempt that decided; null when none was made.</param>
/// <param name="RetryAfter">How long to leave it; null where nobody knows.</param>
/// <param name="Attempts">Each that was made, in order; and those targets that were left alone.</param>
public sealed record RoutingFailure(
    Guid CallId,
    RoutingFailureKind Kind,
    ModelException? Cause,
    TimeSpan? RetryAfter,
    IReadOnlyList<AttemptReport> Attempts
);

public enum RoutingFailureKind
{
    /// <summary>Every target failed, or gave no complete answer.</summary>
    Failed,

    /// <summary>They took too long, alone or together.</summary>
    TimedOut,

    /// <summary>They have too many requests.</summary>
    RateLimited,

    /// <summary>Their credentials were refused.</summary>
    CredentialRefused,

    /// <summary>The request itself was refused.</summary>
    Client,

    /// <summary>It fits into no model's window.</summary>
    TooLong,

    /// <summary>A content filter refused.</summary>
    Policy,

    /// <summary>All of them are left alone for a while, because they failed.</summary>
    AllOpen,

    /// <summary>What one of them costs is not known, and there is a budget to be kept.</summary>
    Unpriced,
}

/// <summary>One target, and what became of it.</summary>
/// <param name="Outcome"><c>answered</c>, <c>failed</c>, <c>truncated</c>, <c>cancelled</c> or <c>skipped</c>.</param>
/// <param name="Why">The kind of fault, or why it was skipped; null when it answered.</param>
/// <param name="IsBeside">Whether it was asked beside another, which showed nothing for long.</param>
public sealed record AttemptReport(
    ChatModel Model,
    string Outcome,
    string? Why,
    int? Status,
    TimeSpan Took,
    bool IsBeside = false
);
