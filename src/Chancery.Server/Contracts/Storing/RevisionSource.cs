namespace Chancery.Server.Contracts.Storing;

/// <summary>How a revision came to be.</summary>
public static class RevisionSource
{
    /// <summary>The first one, from an instruction.</summary>
    public const string Drafted = "drafted";

    /// <summary>A model, or our own rules, changed what an instruction asked for.</summary>
    public const string Refined = "refined";

    /// <summary>A person changed it by hand.</summary>
    public const string Edited = "edited";

    /// <summary>Read from a file; or what its tracked changes made of it.</summary>
    public const string Imported = "imported";

    /// <summary>An earlier revision, again.</summary>
    public const string Restored = "restored";

    /// <summary>Changes of a proposal that were accepted.</summary>
    public const string Accepted = "accepted";
}

/// <summary>Where a contract stands.</summary>
public static class ContractStatus
{
    public const string Draft = "draft";
    public const string InReview = "in_review";
    public const string Agreed = "agreed";
    public const string Archived = "archived";

    public static bool IsOne(string? status) => status is Draft or InReview or Agreed or Archived;
}
