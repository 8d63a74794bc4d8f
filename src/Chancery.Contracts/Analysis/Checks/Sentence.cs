namespace Chancery.Contracts.Analysis.Checks;

/// <summary>The sentence around a place of a text.</summary>
internal readonly record struct Sentence(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>Ends at a line's end, a semicolon, or a full stop before a capital letter.</summary>
    public static Sentence Around(string text, int place)
    {
        var start = place;
        while (start > 0 && !IsEnd(text, start - 1))
        {
            start--;
        }

        var end = place;
        while (end < text.Length && !IsEnd(text, end))
        {
            end++;
        }

        return new Sentence(start, end - start);
    }

    public string Of(string text) => text.Substring(Start, Length);

    private static bool IsEnd(string text, int at) =>
        text[at] is '\n' or ';'
        || (text[at] == '.' && at + 2 < text.Length && text[at + 1] == ' ' && char.IsUpper(text[at + 2]));
}
