using Chancery.Server.Knowledge.Upload;

namespace Chancery.Server.Knowledge.Tags;

/// <summary>
/// The rules for tags: 1 to 64 visible characters without a comma, more than one or two dots, at most 50 on a document.
/// </summary>
internal static class TagNames
{
    public const int MaxLength = 64;
    public const int MaxTags = 50;

    /// <summary>Cleaned, in the order given, none twice; or the sentence that says what is wrong.</summary>
    public static (string[] Tags, string? Error) Clean(IEnumerable<string> given)
    {
        var tags = given
            .Select(FileNames.CleanText)
            .Where(tag => tag.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (tags.Length > MaxTags)
        {
            return ([], $"At most {MaxTags} tags.");
        }

        // Such a part of a path is taken out of every address on its way.
        if (tags.Any(tag => tag is "." or ".."))
        {
            return ([], "A tag is more than a dot or two.");
        }

        return tags.Any(tag => tag.Length > MaxLength || tag.Contains(',', StringComparison.Ordinal))
            ? ([], $"A tag has at most {MaxLength} characters and no comma.")
            : (tags, null);
    }
}
