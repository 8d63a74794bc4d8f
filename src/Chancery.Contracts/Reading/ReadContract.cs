namespace Chancery.Contracts.Reading;

/// <summary>A plain text as a contract, and what of the text is not in it.</summary>
/// <param name="Labels">
/// What each clause bore as its number in the text, as printed: "4.2", "(a)", "ARTICLE IV"; nothing for clauses that bore none. Where
/// <see cref="ClauseNumbers"/> would compute another number, the clause is not numbered and its printed number stands before its
/// heading or words, so that nothing changes its number by being read.
/// </param>
/// <param name="Furniture">What belongs to pages and not to the contract, in the text's order.</param>
/// <param name="Warnings">What a person should look at, as sentences.</param>
public sealed record ReadContract(
    ContractText Text,
    IReadOnlyDictionary<Guid, string> Labels,
    IReadOnlyList<PageFurniture> Furniture,
    IReadOnlyList<string> Warnings
);

/// <summary>What a page carries beside the contract.</summary>
public enum FurnitureKind
{
    PageNumber,

    /// <summary>A line that stands at the head or foot of many pages.</summary>
    RunningLine,

    /// <summary>A table of contents: the clauses themselves say it again.</summary>
    Contents,

    /// <summary>Lines of signs only: "* * *", "_____" between parts.</summary>
    Rule,
}

/// <summary>A line of page furniture.</summary>
/// <param name="Line">Which line of the text, from 1.</param>
/// <param name="Column">Where it begins in that line, from 0.</param>
/// <param name="Text">Its words, with single spaces between them.</param>
public readonly record struct PageFurniture(FurnitureKind Kind, int Line, int Column, string Text);

/// <summary>What is known of a text before it is read; all may be left out.</summary>
public sealed record ReadingHints
{
    public static ReadingHints None { get; } = new();

    /// <summary>What the contract is called where its text does not say: a file's name without its extension.</summary>
    public string? Title { get; init; }

    /// <summary>A BCP 47 tag, where it is known; else it is told from the words.</summary>
    public string? Language { get; init; }
}
