using System.Globalization;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Inference.Ledger;

/// <summary>What somebody is told whose call is not made.</summary>
public static class BudgetProblem
{
    /// <summary>429, with <c>Retry-After</c> and which cap it was. Of a code of its own: waiting a minute does not help here.</summary>
    public static ProblemHttpResult Of(BudgetRefusal refusal, HttpContext http, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        ArgumentNullException.ThrowIfNull(http);
        TellWhen(http, refusal.ResetsAt, now);
        return Of(refusal);
    }

    /// <summary>In a header, when the next window begins.</summary>
    public static void TellWhen(HttpContext http, DateTimeOffset resetsAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(http);
        var seconds = Math.Max(1, (long)Math.Ceiling((resetsAt - now).TotalSeconds));
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The same where a header cannot be set any more, as in a stream.</summary>
    public static ProblemHttpResult Of(BudgetRefusal refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        if (refusal.Quota is { } quota)
        {
            return QuotaProblem.Of(quota, refusal.Cap.Value, refusal.Used.Value, refusal.ResetsAt);
        }

        var isOwn = refusal.Level is BudgetLevel.User or BudgetLevel.Key or BudgetLevel.Tenant;
        var problem = Problem.Of(
            429,
            "budget-exhausted",
            "The budget is used up",
            isOwn
                ? $"The cap on the {WordOf(refusal.Level)} is {refusal.Cap.ToDollarText()} dollars a {refusal.Period}, and this call could cross it. Ask an admin to raise it, or wait for the next {refusal.Period}."
                : $"The installation's cap for this {refusal.Period} is reached. Ask the operator, or wait for the next {refusal.Period}."
        );
        problem.ProblemDetails.Extensions["level"] = refusal.Level;
        problem.ProblemDetails.Extensions["period"] = refusal.Period;
        problem.ProblemDetails.Extensions["resets_at"] = refusal.ResetsAt;
        return problem;
    }

    private static string WordOf(string level) =>
        level switch
        {
            BudgetLevel.User => "person",
            BudgetLevel.Key => "key",
            _ => "organisation",
        };
}
