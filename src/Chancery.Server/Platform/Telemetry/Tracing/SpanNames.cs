namespace Chancery.Server.Platform.Telemetry.Tracing;

/// <summary>Names on spans that the platform itself goes by.</summary>
public static class SpanNames
{
    public const string Tenant = "chancery.tenant.id";
    public const string User = "chancery.user.id";
    public const string Key = "chancery.key.id";
    public const string RequestId = "chancery.request.id";

    // For the server's span of a call through the gateway.
    public const string CacheStatus = "chancery.cache.status";
    public const string Attempts = "chancery.attempts";
    public const string FallbackIndex = "chancery.fallback.index";
    public const string CostNanoDollars = "chancery.cost.nanousd";

    /// <summary>Why a trace is worth keeping whatever the sampler says, such as <c>guard</c> or <c>canary</c>.</summary>
    public const string Keep = "chancery.keep";

    /// <summary>What makes a span one of a call to a model.</summary>
    public const string ModelOperation = "gen_ai.operation.name";

    public const string Conversation = "gen_ai.conversation.id";

    /// <summary>A property, not an attribute, of a span whose request below is repeated: how many times by now.</summary>
    public const string Resent = "chancery.resent";

    /// <summary>A property, not an attribute, of the span that models are called in: the provider's id of the newest answer.</summary>
    public const string NewestResponse = "chancery.newest_response";
}
