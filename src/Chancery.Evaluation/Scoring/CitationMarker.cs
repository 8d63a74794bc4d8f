using System.Buffers;

namespace Chancery.Evaluation.Scoring;

/// <summary>"[1]" and "[2, 3]" in an answer, which point to passages and are no numbers of the text.</summary>
internal static class CitationMarker
{
    private static readonly SearchValues<char> _inside = SearchValues.Create("0123456789, ;-–");

    /// <summary>The index after the marker that begins here; null where none does.</summary>
    public static int? EndOf(string text, int at)
    {
        if (at >= text.Length || text[at] != '[')
        {
            return null;
        }

        var length = text.AsSpan(at + 1).IndexOfAnyExcept(_inside);
        return length > 0 && text[at + 1 + length] == ']' ? at + length + 2 : null;
    }
}
