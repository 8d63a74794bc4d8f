namespace Chancery.Server.Inference.Caching;

/// <summary>How a call may be answered from the cache.</summary>
/// <typeparam name="T">A part of an answer, as the caller wants to have it.</typeparam>
/// <param name="Key">Null for a request that is never answered from it: it was to be, and is told so.</param>
/// <param name="Freshness">What the caller wants of it.</param>
public sealed record CacheWish<T>(AnswerCacheKey? Key, IAnswerCodec<T> Codec, CacheFreshness Freshness)
{
    /// <summary>What the answer rests on.</summary>
    public IReadOnlyList<Guid> Documents { get; init; } = [];

    /// <summary>Whether a text may be kept: not one that is stopped before it is shown. Null for any.</summary>
    public Func<string, bool>? IsFit { get; init; }
}

/// <summary>What a caller wants of the cache.</summary>
/// <param name="Looks">Whether an answer that is there will do.</param>
/// <param name="Stores">Whether others may be given the answer that is made now.</param>
/// <param name="MostAge">An older answer will not do; null for any.</param>
public sealed record CacheFreshness(bool Looks, bool Stores, TimeSpan? MostAge = null)
{
    public static CacheFreshness Any { get; } = new(Looks: true, Stores: true);

    /// <summary>Made anew, for others too.</summary>
    public static CacheFreshness New { get; } = new(Looks: false, Stores: true);

    public static CacheFreshness None { get; } = new(Looks: false, Stores: false);

    /// <summary>What a request's <c>Cache-Control</c> says (RFC 9111): <c>no-store</c>, <c>no-cache</c>, <c>max-age</c>.</summary>
    public static CacheFreshness Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Headers.CacheControl.Count == 0)
        {
            return Any;
        }

        var control = request.GetTypedHeaders().CacheControl;
        return control switch
        {
            null => Any,
            { NoStore: true } => None,
            { NoCache: true } => New,
            { MaxAge: { } age } when age <= TimeSpan.Zero => New,
            { MaxAge: { } age } => Any with { MostAge = age },
            _ => Any,
        };
    }
}
