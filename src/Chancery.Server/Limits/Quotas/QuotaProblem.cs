using System.Globalization;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Quotas;

/// <summary>What somebody is told whose organisation has used what its plan allows.</summary>
public static class QuotaProblem
{
    /// <summary>
    /// 429 of a code of its own, because a minute's wait does not help: which quota, how much it is and how much is used, when it begins
    /// anew, and what to do.
    /// </summary>
    /// <param name="resetsAt">Null for what there is at any moment, and what runs at once.</param>
    public static ProblemHttpResult Of(LimitName quota, long most, long used, DateTimeOffset? resetsAt)
    {
        ArgumentNullException.ThrowIfNull(quota);
        var problem = Problem.Of(
            StatusCodes.Status429TooManyRequests,
            "quota-exceeded",
            "The quota is used up",
            $"Quota exceeded: {Sentence(quota, most, used)} {Advice(quota, resetsAt)}"
        );
        var more = problem.ProblemDetails.Extensions;
        more["limit_name"] = quota.Name;
        more["limit"] = most;
        more["used"] = used;
        if (resetsAt is { } end)
        {
            more["resets_at"] = end;
        }

        return problem;
    }

    /// <summary>The same, and in a header when it begins anew.</summary>
    public static ProblemHttpResult Of(
        HttpContext http,
        LimitName quota,
        long most,
        long used,
        DateTimeOffset resetsAt,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(http);
        http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling((resetsAt - now).TotalSeconds))
            .ToString(CultureInfo.InvariantCulture);
        return Of(quota, most, used, resetsAt);
    }

    private static string Sentence(LimitName quota, long most, long used) =>
        quota.Name switch
        {
            "tokens_per_month" =>
                $"your organisation's models may take {Number(most)} tokens a month; {Number(used)} are used or held by running calls, and this one could take more than is left.",
            "cost_per_month_nano" =>
                $"your organisation's models may cost {Dollars(most)} dollars a month; {Dollars(used)} are spent or held by running calls, and this one could cost more than is left.",
            "upgrades_per_month" => $"your organisation may have {Number(most)} prompts upgraded a month.",
            "embeddings_per_month" => $"your organisation may ask for embeddings {Number(most)} times a month.",
            "documents" => $"your organisation may have {Number(most)} documents, and has {Number(used)}.",
            "storage_bytes" =>
                $"your organisation's files may take {Number(most)} bytes, and take {Number(used)}: this one does not fit in.",
            _ => $"your organisation may have {Number(most)} {quota.Words}.",
        };

    private static string Advice(LimitName quota, DateTimeOffset? resetsAt) =>
        quota.Kind switch
        {
            LimitKind.Month =>
                $"The next month begins at {resetsAt?.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Wait for it, or ask the operator for a larger plan.",
            LimitKind.Stock => "Delete what is not needed any more, for good, or ask the operator for a larger plan.",
            _ => "Try again when one has ended, or ask the operator for a larger plan.",
        };

    private static string Dollars(long nano) =>
        (nano / 1_000_000_000m).ToString("#,0.00####", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
