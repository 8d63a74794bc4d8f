namespace Chancery.Server.Knowledge.Bulk;

/// <summary>What can be done to many documents at once, by the words of the API.</summary>
internal static class BulkAction
{
    public const string Delete = "delete";
    public const string Restore = "restore";
    public const string Move = "move";
    public const string Tag = "tag";
    public const string Untag = "untag";
    public const string Process = "process";

    public static readonly string[] All = [Delete, Restore, Move, Tag, Untag, Process];
}

/// <summary>What became of one document of a bulk call.</summary>
internal static class BulkOutcome
{
    public const string Done = "done";

    /// <summary>It was that way already.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>There is no such document, or it is somebody else's.</summary>
    public const string NotFound = "not-found";

    /// <summary>It has to be restored first.</summary>
    public const string IsDeleted = "document-deleted";

    /// <summary>It would have more than 50 tags.</summary>
    public const string TooManyTags = "too-many-tags";

    /// <summary>The plan has no room for so many documents: none of them is restored.</summary>
    public const string Full = "quota-exceeded";
}

/// <summary>One thing to do to many documents.</summary>
/// <param name="Action">delete, restore, move, tag, untag or process.</param>
/// <param name="Ids">At most 200.</param>
/// <param name="CollectionId">Where they go; for move.</param>
/// <param name="Tags">Which come on or off; for tag and untag.</param>
public sealed record BulkRequest(
    string? Action,
    IReadOnlyList<Guid>? Ids,
    Guid? CollectionId = null,
    IReadOnlyList<string>? Tags = null
);

/// <param name="Outcome">done, unchanged, not-found, document-deleted, too-many-tags or quota-exceeded.</param>
public sealed record BulkResult(Guid Id, string Outcome);

/// <param name="Results">One for each id, in the order given.</param>
/// <param name="Changed">How many are done.</param>
/// <param name="Undo">Calls of this route that take it back; empty where nothing can be taken back.</param>
public sealed record BulkAnswer(IReadOnlyList<BulkResult> Results, int Changed, IReadOnlyList<BulkRequest> Undo);
