namespace Chancery.Contracts.Word;

public enum PaperSize
{
    /// <summary>210 × 297 mm.</summary>
    A4,

    /// <summary>8.5 × 11 inches.</summary>
    Letter,
}

/// <summary>What a contract's Word file holds besides the contract.</summary>
public sealed record WordOptions
{
    /// <summary>A list of the headings with their pages, after the parties.</summary>
    public bool TableOfContents { get; init; }

    /// <summary>Null: Letter where the contract's language names a region that prints on it, else A4.</summary>
    public PaperSize? Paper { get; init; }

    /// <summary>Who is named in the file's properties; null: nobody.</summary>
    public string? Author { get; init; }

    /// <summary>When the text was made, for the file's properties; null: not said.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>
    /// What whoever wrote the file knows it by when it comes back; Word and LibreOffice keep it. Null: nothing.
    /// </summary>
    public string? Mark { get; init; }

    /// <summary>Remarks beside the text. One whose clause the contract does not have is left out.</summary>
    public IReadOnlyList<WordComment> Comments { get; init; } = [];
}

/// <summary>Whose changes a redline shows.</summary>
/// <param name="Author">Named beside every change; "Unknown" where empty, as Word does.</param>
/// <param name="Date">When they were made, to the second.</param>
public sealed record RedlineOptions(string Author, DateTimeOffset Date)
{
    /// <summary>Null: Letter where the new text's language names a region that prints on it, else A4.</summary>
    public PaperSize? Paper { get; init; }

    /// <summary>
    /// What whoever wrote the file knows it by when it comes back; Word and LibreOffice keep it. Null: nothing.
    /// </summary>
    public string? Mark { get; init; }

    /// <summary>Remarks on clauses of the new text, or else of the old one. One whose clause neither has is left out.</summary>
    public IReadOnlyList<WordComment> Comments { get; init; } = [];

    /// <summary>Whether Word goes on recording what is changed after the file is opened.</summary>
    public bool TrackFurtherChanges { get; init; } = true;
}

/// <summary>A remark on a clause, as Word shows it in the margin.</summary>
/// <param name="Clause">Null only in what was read: it stood where no clause is.</param>
/// <param name="Text">A paragraph a line ('\n').</param>
/// <param name="Replies">In their order; replies of replies are replies of the first remark, as in Word.</param>
/// <param name="IsResolved">Shown greyed: the matter is settled.</param>
public sealed record WordComment(
    Guid? Clause,
    string Author,
    DateTimeOffset? Date,
    string Text,
    IReadOnlyList<WordReply> Replies,
    bool IsResolved = false
);

/// <summary>An answer to a remark.</summary>
public sealed record WordReply(string Author, DateTimeOffset? Date, string Text);
