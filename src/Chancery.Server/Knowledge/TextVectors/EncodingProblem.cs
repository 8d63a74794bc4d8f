using System.Diagnostics;
using System.Globalization;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>What a call is answered whose texts were not all encoded.</summary>
internal static class EncodingProblem
{
    // Of many wrong texts the first tell what is wrong.
    private const int MostNamed = 100;

    public static ProblemHttpResult Of(HttpContext http, EncodingOutcome outcome, int texts, string field = "input") =>
        outcome switch
        {
            EncodingOutcome.NoModel => Problem.Of(
                503,
                "no-embedding-model",
                "There is no embedding model",
                "Ask the operator to install one (chancery models pull) or to name an endpoint (EMBEDDING_URL)."
            ),
            EncodingOutcome.OverBudget over => Problem.Invalid(
                field,
                $"The texts have {over.Tokens} tokens together, and one call takes {over.Most}. Send them in several calls."
            ),
            EncodingOutcome.QuotaUsed used => QuotaUsed(http, used),
            EncodingOutcome.OverMoney { Refusal: var refusal } => OverMoney(http, refusal),
            EncodingOutcome.Uncounted => Problem.Unavailable(
                "What calls cost cannot be counted just now, so that none is made. Try again in a moment."
            ),
            EncodingOutcome.Done { Failed: { Count: > 0 } failed } => Of(http, failed, texts, field),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };

    private static ProblemHttpResult QuotaUsed(HttpContext http, EncodingOutcome.QuotaUsed used)
    {
        WaitUntil(http, used.ResetsAt);
        return Problem.TooManyRequests(
            $"Your organisation has used up its {used.Limit} embedding tokens of this month; the next begins at {used.ResetsAt:u}."
        );
    }

    private static ProblemHttpResult OverMoney(HttpContext http, BudgetRefusal refusal) =>
        BudgetProblem.Of(refusal, http, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    private static void WaitUntil(HttpContext http, DateTimeOffset moment)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        http.Response.Headers.RetryAfter = Math.Ceiling((moment - time.GetUtcNow()).TotalSeconds)
            .ToString(CultureInfo.InvariantCulture);
    }

    private static ProblemHttpResult Of(HttpContext http, IReadOnlyList<UnencodedText> failed, int texts, string field)
    {
        // What the caller can mend comes first; what is left may pass by itself.
        var own = failed.Where(one => one.IsOwnFault).Take(MostNamed).ToArray();
        if (own.Length > 0)
        {
            return Problem.Invalid(
                own.ToDictionary(one => texts == 1 ? field : $"{field}[{one.Index}]", one => new[] { one.Detail })
            );
        }

        var what = texts == 1 ? "" : $"{failed.Count} of {texts} texts have no vector. ";
        if (failed.All(one => one.Failure?.Kind is ModelFailure.Rate))
        {
            var wait = failed.Max(one => one.Failure!.RetryAfter) ?? TimeSpan.FromSeconds(10);
            http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return Problem.TooManyRequests(what + failed[0].Detail);
        }

        return Problem.Of(502, "embedding-failed", "Embedding generation failed", what + failed[0].Detail);
    }
}
