using Chancery.Server.Access;
using Chancery.Server.Inference.Caching;

namespace Chancery.Server.Gateway;

/// <summary>How a program's request may be answered from the cache.</summary>
/// <param name="Space">The caller's own, unless the request shares it.</param>
/// <remarks>
/// OpenAI's and Anthropic's clients send any header that they are given, for one call or for all, and their bodies are the
/// providers'. So it is asked for by a header: <c>X-Chancery-Cache: on</c> for answers that the same person was given before,
/// <c>shared</c> for those of everybody in the organisation who shares theirs, <c>off</c> for none; <c>Cache-Control</c> says the rest.
/// </remarks>
internal sealed record RequestCaching(CacheSpace Space, CacheFreshness Freshness)
{
    /// <summary>Null where the cache is not to be asked; a fault where the request says what nobody understands.</summary>
    public static (RequestCaching? Caching, OpenAIError? Error) Of(
        HttpContext http,
        Principal principal,
        AnswerCacheOptions options
    )
    {
        var asked = http.Request.Headers[CacheHeader.Name];
        if (asked.Count == 0)
        {
            return options is { IsOn: true, Gateway: GatewayCaching.On } ? (Mine(), null) : (null, null);
        }

        var isOn = options is { IsOn: true, Gateway: not GatewayCaching.Off };
        return asked.ToString().Trim().ToLowerInvariant() switch
        {
            "off" => (null, null),
            "on" => (isOn ? Mine() : null, null),
            "shared" => (isOn ? In(userId: null) : null, null),
            _ => (
                null,
                OpenAIError.Invalid(CacheHeader.Name, $"The header {CacheHeader.Name} takes on, shared or off.")
            ),
        };

        RequestCaching Mine() => In(principal.UserId);

        RequestCaching In(Guid? userId) =>
            new(new CacheSpace(principal.Tenant, CacheNamespace.Gateway, userId), CacheFreshness.Of(http.Request));
    }

    /// <summary>Of a question to documents, which is answered from the cache unless the request refuses it.</summary>
    public static CacheFreshness FreshnessOf(HttpRequest request) =>
        request.Headers[CacheHeader.Name].ToString().Trim().Equals("off", StringComparison.OrdinalIgnoreCase)
            ? CacheFreshness.None
            : CacheFreshness.Of(request);
}
