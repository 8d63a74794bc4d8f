namespace Chancery.Server.Knowledge.Search;

/// <summary>Which engine answered, as the API names it.</summary>
internal static class SearchEngines
{
    /// <summary>The tenant's index in this process.</summary>
    public const string Memory = "memory";

    public const string Postgres = "postgres";

    public static bool Has(string engine) => engine is Memory or Postgres;
}

/// <summary>What the setting SEARCH_ENGINE takes.</summary>
public enum SearchEngineChoice
{
    /// <summary>In memory, and PostgreSQL where that cannot be.</summary>
    Auto,

    /// <summary>PostgreSQL alone.</summary>
    Postgres,

    /// <summary>PostgreSQL, with the nearest vectors from Redis.</summary>
    Redis,
}
