namespace Chancery.Contracts.Word;

/// <summary>What a Word file says, as a contract.</summary>
/// <param name="Text">With every tracked change accepted.</param>
/// <param name="Steps">
/// Oldest first: the text without any tracked change, then with the changes of each author in turn, the last being
/// <paramref name="Text"/>. A clause has one id in all of them. Empty where nothing was tracked.
/// </param>
/// <param name="Warnings">What could not be taken over as it was, a sentence each.</param>
public sealed record ImportedContract(
    ContractText Text,
    IReadOnlyList<ImportedRevision> Steps,
    IReadOnlyList<WordComment> Comments,
    IReadOnlyList<string> Warnings
)
{
    /// <summary>That of <see cref="WordOptions.Mark"/>, as whoever sent the file left it; null where it has none.</summary>
    public string? Mark { get; init; }
}

/// <summary>The text after one author's tracked changes.</summary>
/// <param name="Author">Null for the text before all of them.</param>
/// <param name="Date">Of the author's last change; null where the file does not say.</param>
public sealed record ImportedRevision(string? Author, DateTimeOffset? Date, ContractText Text);
