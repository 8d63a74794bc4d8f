using Chancery.Contracts.Word;

namespace Chancery.Contracts.Printing;

/// <summary>What a contract's PDF holds besides the contract.</summary>
public sealed record PdfOptions
{
    /// <summary>A list of the top headings with their pages, after the parties.</summary>
    public bool TableOfContents { get; init; }

    /// <summary>Null: Letter where the contract's language names a region that prints on it, else A4.</summary>
    public PaperSize? Paper { get; init; }

    /// <summary>Who is named in the file's properties; null: nobody.</summary>
    public string? Author { get; init; }
}

/// <summary>What came of printing.</summary>
/// <param name="MissingLetters">
/// The different characters that the font does not have, or that would stand in the wrong order (Hebrew, Arabic): shown as □. Latin,
/// Greek and Cyrillic are all there.
/// </param>
public sealed record PrintedContract(int Pages, IReadOnlyList<string> MissingLetters);
