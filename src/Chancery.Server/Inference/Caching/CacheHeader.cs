namespace Chancery.Server.Inference.Caching;

/// <summary><c>X-Chancery-Cache</c>: of a request what it wants of the cache, of a response what the cache had to do with it.</summary>
public static class CacheHeader
{
    public const string Name = "X-Chancery-Cache";

    public static void Tell(HttpResponse response, CacheOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.Headers[Name] = TextOf(outcome);
    }

    /// <summary><c>hit</c>, <c>miss</c>, <c>bypass</c> or <c>off</c>.</summary>
    public static string TextOf(CacheOutcome outcome) =>
        outcome switch
        {
            CacheOutcome.Hit => "hit",
            CacheOutcome.Miss => "miss",
            CacheOutcome.Bypass => "bypass",
            _ => "off",
        };
}
