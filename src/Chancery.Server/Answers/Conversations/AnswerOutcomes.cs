using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Conversations;

/// <summary>How answers of conversations ended.</summary>
/// <param name="Answers">All of them.</param>
/// <param name="Unsupported">Nothing in the documents supports one: it said so instead.</param>
/// <param name="Partial">Cut off.</param>
/// <param name="Blocked">Stopped because of what it would have told.</param>
/// <param name="AnsweredShare">Of all, 0 to 1.</param>
/// <param name="RefusedShare">Unsupported and blocked ones, of all, 0 to 1.</param>
public sealed record AnswerShares(
    long Answers,
    long Answered,
    long Unsupported,
    long Partial,
    long Failed,
    long Blocked,
    double AnsweredShare,
    double RefusedShare
);

/// <summary>Counts how answers ended, without reading any. Safe for concurrent use.</summary>
internal sealed class AnswerOutcomes(TenantDatabase database)
{
    private const string CountSql =
        "SELECT outcome, answers FROM answer_outcomes(@since, @who) ORDER BY outcome LIMIT 20";

    private sealed record Row(string Outcome, long Answers);

    /// <summary>Of everybody for whoever manages the organisation, else the caller's own.</summary>
    public async Task<AnswerShares> SinceAsync(
        Principal principal,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var counts = (
            await session.QueryAsync<Row>(
                CountSql,
                new { since, who = principal.May(Permission.OrganizationManage) ? (Guid?)null : principal.Id },
                cancellationToken
            )
        ).ToDictionary(row => row.Outcome, row => row.Answers);
        var all = counts.Values.Sum();
        var answered = counts.GetValueOrDefault(AnswerOutcome.Answered);
        var unsupported = counts.GetValueOrDefault(AnswerOutcome.Unsupported);
        var blocked = counts.GetValueOrDefault(AnswerOutcome.Blocked);
        return new AnswerShares(
            all,
            answered,
            unsupported,
            counts.GetValueOrDefault(AnswerOutcome.Partial),
            counts.GetValueOrDefault(AnswerOutcome.Failed),
            blocked,
            ShareOf(answered),
            ShareOf(unsupported + blocked)
        );

        double ShareOf(long some) => all == 0 ? 0 : Math.Round((double)some / all, 4);
    }
}
