using System.Text.RegularExpressions;
using Chancery.Documents;
using Chancery.Server.Knowledge.Upload;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>The title of a document that nobody gave one, from the best of what its file says.</summary>
internal static partial class DerivedTitle
{
    private const int MinLength = 3;
    private const int MaxLength = 200;
    private const int MaxHeading = 120;
    private const int MaxBlocks = 6;

    /// <summary>What the file's metadata says, unless a program wrote it for want of a title; else null.</summary>
    public static string? OfMetadata(string? title)
    {
        var text = FileNames.CleanText(title ?? "").Trim();
        return
            text.Length is >= MinLength and <= MaxLength
            && HasWord().IsMatch(text)
            && !LeftOver().IsMatch(text)
            && !IsFileName().IsMatch(text)
            ? text
            : null;
    }

    /// <summary>The heading that the first page begins with, if it looks like a title; else the file's name as words.</summary>
    public static string Of(DocumentPage firstPage, string fileName)
    {
        // A workbook begins with the name of a sheet, which says nothing of the others.
        foreach (var block in firstPage.Blocks.Take(IsSheet(firstPage) ? 0 : MaxBlocks))
        {
            if (block is { Kind: BlockKind.Heading, Level: 1 or 2 })
            {
                var text = FileNames.CleanText(firstPage.Text.Substring(block.Start, block.Length));
                return LooksLikeTitle(text) ? text : OfFileName(fileName);
            }
        }

        return OfFileName(fileName);
    }

    private static bool IsSheet(DocumentPage page) =>
        page.Label?.StartsWith("Sheet ", StringComparison.Ordinal) == true;

    /// <summary><c>employee-handbook.pdf</c> is the employee handbook; dates keep their hyphens.</summary>
    public static string OfFileName(string fileName)
    {
        var name = FileNames.TitleOf(fileName);
        if (name.Contains(' ', StringComparison.Ordinal))
        {
            return name;
        }

        var words = FileNames.CleanText(Joint().Replace(name, " ")).Trim();
        return words.Length == 0 ? name : char.ToUpperInvariant(words[0]) + words[1..];
    }

    // Forms begin with an authority's name in capitals, chapters with a number.
    private static bool LooksLikeTitle(string text) =>
        text.Length is >= 6 and <= MaxHeading
        && text.Contains(' ', StringComparison.Ordinal)
        && text.Any(char.IsLower)
        && char.IsLetter(text[0])
        && text[^1] is not (':' or ',' or ';')
        && !Numbered().IsMatch(text);

    [GeneratedRegex(@"\p{L}{2}")]
    private static partial Regex HasWord();

    [GeneratedRegex(
        @"^(microsoft\s+(word|excel|powerpoint|office)\b|(untitled|unbenannt|sans titre|sin título|no ?name|document|dokument|slide|folie|presentation|layout|page|seite|book|tabelle|sheet|title|new document)[\s\d.-]*$|powerpoint[- ]pr[aä]sentation|powerpoint presentation|print(ing)?\b.*\bpage|https?:|about:blank)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex LeftOver();

    [GeneratedRegex(
        @"(\.(pdf|docx?|dotx?|odt|rtf|txt|md|html?|xlsx?|csv|pptx?|indd|qxd|p65|tex|dvi|ps|eps|ai|cdr|pub|wpd|pages|fm|tmp|xml|json)$|^[a-z]:\\|^/|^\S*[_\\/]\S*$|^\S*\d\S*$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex IsFileName();

    [GeneratedRegex(@"[_+]+|(?<!\d)-+|-+(?!\d)")]
    private static partial Regex Joint();

    [GeneratedRegex(
        @"^(part|item|chapter|section|article|note|appendix|schedule|page|teil|kapitel)\s+(\d|[ivxlc]+\b|[a-z]\b)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Numbered();
}
