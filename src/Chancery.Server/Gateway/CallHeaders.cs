using System.Globalization;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Gateway;

/// <summary>What response headers tell of a call that the body, which is OpenAI's or Anthropic's, has no place for.</summary>
internal static class CallHeaders
{
    /// <summary>The call as the usage ledger and the traces name it.</summary>
    public const string Call = "X-Chancery-Call";

    /// <summary>The id, in the registry, of the model that answered.</summary>
    public const string Model = "X-Chancery-Model";

    public const string Provider = "X-Chancery-Provider";

    /// <summary>How many targets were asked, the one that answered included.</summary>
    public const string Attempts = "X-Chancery-Attempts";

    /// <summary>On an answer of the cache: what a model would have cost, in dollars.</summary>
    public const string Saved = "X-Chancery-Saved";

    /// <summary>In dollars. Not on streams: what they cost is known when they end.</summary>
    public const string Cost = "X-Chancery-Cost";

    public static void Tell<T>(HttpResponse response, RoutedAnswer<T> answer, bool withCost)
    {
        var headers = response.Headers;
        headers[Call] = answer.CallId.ToString();
        headers[Model] = answer.Model.Id;
        headers[Provider] = answer.Model.ProviderName;
        var isHit = answer.Cache is CacheOutcome.Hit;
        var attempts = answer.Before.Count(IsAttempt) + (withCost || isHit ? 0 : 1);
        headers[Attempts] = Count(attempts);
        response.HttpContext.TagSpan(SpanNames.Attempts, attempts);
        CacheHeader.Tell(response, answer.Cache);
        if (isHit)
        {
            headers[Saved] = answer.Saved.ToDollarText();
        }

        if (withCost)
        {
            headers[Cost] = answer.Cost.ToDollarText();
            response.HttpContext.TagSpan(SpanNames.CostNanoDollars, answer.Cost.Value);
        }
    }

    public static void Tell(HttpResponse response, RoutingFailure failure)
    {
        response.Headers[Call] = failure.CallId.ToString();
        response.Headers[Attempts] = Count(failure.Attempts.Count(IsAttempt));
    }

    private static bool IsAttempt(AttemptReport report) => report.Outcome != "skipped";

    private static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);
}
