using System.Globalization;
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

    /// <summary><c>hit</c>, <c>miss</c> or <c>off</c>.</summary>
    public const string Cache = "X-Chancery-Cache";

    /// <summary>In dollars. Not on streams: what they cost is known when they end.</summary>
    public const string Cost = "X-Chancery-Cost";

    public static void Tell<T>(HttpResponse response, RoutedAnswer<T> answer, bool withCost)
    {
        var headers = response.Headers;
        headers[Call] = answer.CallId.ToString();
        headers[Model] = answer.Model.Id;
        headers[Provider] = answer.Model.ProviderName;
        var attempts = answer.Before.Count(IsAttempt) + (withCost ? 0 : 1);
        headers[Attempts] = Count(attempts);
        response.HttpContext.TagSpan(SpanNames.Attempts, attempts);
        headers[Cache] = "off";
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
