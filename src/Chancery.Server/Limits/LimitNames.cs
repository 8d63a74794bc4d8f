namespace Chancery.Server.Limits;

/// <summary>How a limit is counted.</summary>
public enum LimitKind
{
    /// <summary>Requests in a fixed window of time.</summary>
    Window,

    /// <summary>What is used in a month of UTC's calendar.</summary>
    Month,

    /// <summary>What there is at any moment.</summary>
    Stock,

    /// <summary>What runs at the same moment.</summary>
    AtOnce,
}

/// <summary>Whom a limit counts.</summary>
public enum LimitLevel
{
    Tenant,

    /// <summary>A person, or a key or client of theirs.</summary>
    Principal,
}

/// <summary>One thing that can be limited.</summary>
/// <param name="Name">In plans, overrides, headers and refusals.</param>
/// <param name="Window">Of <see cref="LimitKind.Window"/>; the length of the calling principal's is a setting.</param>
/// <param name="Words">What it counts, after a number: "requests that ask a model in an hour".</param>
public sealed record LimitName(string Name, LimitKind Kind, LimitLevel Level, TimeSpan? Window, string Words);

/// <summary>Everything that can be limited.</summary>
public static class LimitNames
{
    public static readonly LimitName RequestsPerHour = new(
        "requests_per_hour",
        LimitKind.Window,
        LimitLevel.Tenant,
        TimeSpan.FromHours(1),
        "costly requests (chat, search, embeddings, uploads) in an hour"
    );

    public static readonly LimitName Requests = new(
        "requests",
        LimitKind.Window,
        LimitLevel.Principal,
        TimeSpan.FromMinutes(1),
        "requests in a minute"
    );

    public static readonly LimitName PageRequests = new(
        "page_requests",
        LimitKind.Window,
        LimitLevel.Principal,
        TimeSpan.FromMinutes(1),
        "requests of the pages in a minute"
    );

    public static readonly LimitName UpgradesPerMinute = new(
        "upgrades_per_minute",
        LimitKind.Window,
        LimitLevel.Principal,
        TimeSpan.FromMinutes(1),
        "prompt upgrades in a minute"
    );

    public static readonly LimitName TokensPerMonth = Month("tokens_per_month", "tokens of models in a month");

    public static readonly LimitName CostPerMonth = Month("cost_per_month_nano", "nano-dollars for models in a month");

    public static readonly LimitName UpgradesPerMonth = Month("upgrades_per_month", "prompt upgrades in a month");

    public static readonly LimitName EmbeddingsPerMonth = Month(
        "embeddings_per_month",
        "requests for embeddings in a month"
    );

    public static readonly LimitName Documents = new(
        "documents",
        LimitKind.Stock,
        LimitLevel.Tenant,
        null,
        "documents"
    );

    public static readonly LimitName StorageBytes = new(
        "storage_bytes",
        LimitKind.Stock,
        LimitLevel.Tenant,
        null,
        "bytes of files"
    );

    public static readonly LimitName StreamsAtOnce = new(
        "streams_at_once",
        LimitKind.AtOnce,
        LimitLevel.Tenant,
        null,
        "streams at once"
    );

    public static readonly LimitName IngestionsAtOnce = new(
        "ingestions_at_once",
        LimitKind.AtOnce,
        LimitLevel.Tenant,
        null,
        "documents that are read at once"
    );

    /// <summary>The most that a limit may be: counts stay exact in a double, as scripts of Redis have them.</summary>
    public const long Largest = 4_000_000_000_000_000;

    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<LimitName> All { get; } =
    [
        RequestsPerHour,
        Requests,
        PageRequests,
        UpgradesPerMinute,
        TokensPerMonth,
        CostPerMonth,
        UpgradesPerMonth,
        EmbeddingsPerMonth,
        Documents,
        StorageBytes,
        StreamsAtOnce,
        IngestionsAtOnce,
    ];

    /// <summary>The limit of that name; null when there is none.</summary>
    public static LimitName? Find(string name) => All.FirstOrDefault(one => one.Name == name);

    private static LimitName Month(string name, string words) =>
        new(name, LimitKind.Month, LimitLevel.Tenant, null, words);
}
