using Chancery.Server.Knowledge.Ingestion;

namespace Chancery.Server.Knowledge.Documents;

/// <summary>Which documents a list shows. Null lets everything through.</summary>
internal sealed record DocumentFilter
{
    /// <summary>What a list takes for a state beside those of a version: all in which something goes on.</summary>
    public const string Working = "working";

    /// <summary>At most this many ids in one call.</summary>
    public const int MaxIds = 200;

    private static readonly string[] WorkingStates =
    [
        .. VersionState.All.Where(state => !VersionState.IsSettled(state)),
    ];

    public string? Tag { get; init; }

    /// <summary>Of the latest version; <see cref="Working"/> is more than one.</summary>
    public string? State { get; init; }

    /// <summary>Part of the title or of the name that it was uploaded under.</summary>
    public string? Text { get; init; }

    /// <summary>The media type of the latest version.</summary>
    public string? Type { get; init; }
    public Guid? CollectionId { get; init; }

    /// <summary>Uploaded then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Uploaded before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only these.</summary>
    public Guid[]? Ids { get; init; }

    /// <summary>Deleted documents instead of the others.</summary>
    public bool Deleted { get; init; }

    /// <summary>Null lets every state through.</summary>
    public string[]? States =>
        State switch
        {
            null => null,
            Working => WorkingStates,
            _ => [State],
        };

    public static bool IsState(string state) => state == Working || VersionState.All.Contains(state);
}
