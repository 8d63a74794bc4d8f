using Chancery.Search;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Whether a passage is where somebody said that an answer stands.</summary>
internal static class PlaceMatch
{
    public static bool Fits(EvalPlace place, Passage passage) =>
        IsDocument(place.Document.Trim(), passage)
        && (place.Page is null || place.Page == passage.Page)
        && (place.Quote is null || Plain(passage.Text).Contains(Plain(place.Quote), StringComparison.Ordinal));

    /// <summary>By its id, its path, the last part of its path, or its title.</summary>
    private static bool IsDocument(string named, Passage passage) =>
        (Guid.TryParse(named, out var id) && id == passage.DocumentId)
        || named.Equals(passage.Path, StringComparison.OrdinalIgnoreCase)
        || named.Equals(passage.Title, StringComparison.OrdinalIgnoreCase)
        || passage.Path.EndsWith($"/{named}", StringComparison.OrdinalIgnoreCase);

    private static string Plain(string text) =>
        string.Join(
            ' ',
            Folding
                .Fold(text)
                .Split(default(char[]), StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );
}
