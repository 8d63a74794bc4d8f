using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>How much memory and time indexes may take. Immutable.</summary>
/// <param name="MemoryBytes">Of all indexes together.</param>
internal sealed record IndexLimits(long MemoryBytes)
{
    /// <summary>Tenants whose indexes are made at the same time.</summary>
    public int LoadsAtOnce { get; init; } = 2;

    /// <summary>How long a query waits for an index; then PostgreSQL answers it.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>An index of so many passages is made in about that time, so that its first query waits for it.</summary>
    public int SmallPassages { get; init; } = 2_000;

    /// <summary>Passages read and put into an index at once.</summary>
    public int BatchPassages { get; init; } = 5_000;

    /// <summary>Changes read from the log at once.</summary>
    public int BatchChanges { get; init; } = 500;

    /// <summary>Below it an index is made anew as fast as it is opened, and is not kept on disk.</summary>
    public int SavedPassages { get; init; } = 2_000;

    /// <summary>Passages and vectors that may change before an index is written to disk again.</summary>
    public int UnsavedChanges { get; init; } = 5_000;

    /// <summary>After how long a tenant that was too large, or could not be loaded, is tried again.</summary>
    public TimeSpan TooLargeRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a tenant that waits for room is looked at again, at most.</summary>
    public TimeSpan RoomRest { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan FailureRest { get; init; } = TimeSpan.FromSeconds(5);

    // What the engine's benchmark measured is 1,450 to 1,770 bytes with vectors of 384 dimensions; of large texts it is more.
    private const long BytesPerPassage = 700;

    /// <summary>
    /// What an index is likely to take: two bytes, one byte and one bit for each dimension, and what words need.
    /// </summary>
    public static long Estimate(long passages, int dimensions) =>
        passages * (BytesPerPassage + (dimensions * 3L) + (dimensions / 8));

    public static IndexLimits Of(IOptions<KnowledgeOptions> options) =>
        new(
            options.Value.SearchIndexMemory > 0
                ? options.Value.SearchIndexMemory
                // Of the container, where that has a limit.
                : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4
        );
}
