namespace Chancery.Server.Inference.Caching;

/// <summary>What the cache of answers had to do with a call.</summary>
public enum CacheOutcome
{
    /// <summary>It was not to be asked.</summary>
    Off,

    /// <summary>It was asked, and had nothing: a model answers.</summary>
    Miss,

    /// <summary>It answers.</summary>
    Hit,

    /// <summary>It was to be asked, but the caller did not want that now, or such a request is never answered from it.</summary>
    Bypass,
}
