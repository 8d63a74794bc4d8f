namespace Chancery.Contracts.Reading;

/// <summary>How far the place of a number speaks for a clause that begins there.</summary>
internal enum LabelPlace
{
    /// <summary>At the beginning of a line.</summary>
    Line,

    /// <summary>Behind a wide gap or at the beginning of a wrapped line.</summary>
    Gap,

    /// <summary>Right behind another number, as "(a)" in "4.2 (a)", or behind a heading on its line.</summary>
    Chained,

    /// <summary>Within a line, behind the end of a sentence.</summary>
    Sentence,

    /// <summary>Within a sentence.</summary>
    Within,
}

/// <summary>A number that may begin a clause.</summary>
/// <param name="Segment">The index of its segment.</param>
/// <param name="Start">Where it begins in the segment's text.</param>
/// <param name="End">Where the clause's words begin.</param>
/// <param name="Next">The first sign behind it; '\0' at the end of the text.</param>
internal sealed record LabelCandidate(PrintedLabel Label, LabelPlace Place, int Segment, int Start, int End, char Next)
{
    private static readonly string[] Naming =
    [
        "section",
        "sections",
        "article",
        "articles",
        "clause",
        "clauses",
        "paragraph",
        "paragraphs",
        "subsection",
        "subsections",
        "subparagraph",
        "exhibit",
        "schedule",
        "annex",
        "appendix",
        "attachment",
        "item",
        "items",
        "part",
        "no.",
        "nos.",
        "number",
        "rule",
        "form",
        "page",
        "ziffer",
        "absatz",
        "abs.",
        "nr.",
    ];

    private static readonly string[] Joining = ["and", "or", "und", "oder", "&"];

    /// <summary>Whether a sentence or a name follows, not the rest of one that was begun.</summary>
    public bool StartsSentence =>
        char.IsUpper(Next) || char.IsDigit(Next) || "\"“‘'[($•".Contains(Next, StringComparison.Ordinal);

    /// <summary>Whether it stands where no sentence is interrupted.</summary>
    public bool IsSetOff => Place is LabelPlace.Line or LabelPlace.Gap;

    public static List<LabelCandidate> Find(IReadOnlyList<TextSegment> segments)
    {
        var found = new List<LabelCandidate>();
        for (var i = 0; i < segments.Count; i++)
        {
            var text = segments[i].Text;
            var word = -1;
            var before = -1;
            var chainEnd = 0;
            for (var at = 0; at < text.Length; at = NextWord(text, at))
            {
                (before, word) = (word, at);
                if (!MayBegin(text[at]) || !PrintedLabel.TryRead(text, at, out var label))
                {
                    continue;
                }

                var end = at + label.Text.Length;
                while (end < text.Length && text[end] == ' ')
                {
                    end++;
                }

                var previous = before < 0 ? default : text.AsSpan(before, at - before).TrimEnd();
                var place =
                    at == 0 ? (segments[i].Break == SegmentBreak.Line ? LabelPlace.Line : LabelPlace.Gap)
                    : at == chainEnd ? LabelPlace.Chained
                    : IsSentenceEnd(text, before, at) ? LabelPlace.Sentence
                    : LabelPlace.Within;
                var next =
                    end < text.Length ? text[end]
                    : i + 1 < segments.Count ? segments[i + 1].Text[0]
                    : '\0';
                var names = at > 0 && IsAny(previous, Naming);
                var isPlain = label is { Close: ".", Open: "" } && char.IsAsciiDigit(label.Text[0]);
                if (!names && (place != LabelPlace.Within || label.IsDecimal || (isPlain && char.IsUpper(next))))
                {
                    found.Add(new LabelCandidate(label, place, i, at, end, next));
                }

                if (at == chainEnd && !names)
                {
                    chainEnd = end;
                }

                // "Section 4" must not be read again from its number.
                if (label.IsNamed)
                {
                    at += label.Text.Length - 1;
                }
            }
        }

        return found;
    }

    private static bool MayBegin(char c) => c is '(' or '§' || char.IsAsciiLetterOrDigit(c);

    private static int NextWord(string text, int at)
    {
        var space = text.IndexOf(' ', at);
        return space < 0 ? text.Length : space + 1;
    }

    /// <summary>"…agreed. 5. Term", "…; and (b) The", "…: (a) The".</summary>
    private static bool IsSentenceEnd(string text, int before, int at)
    {
        var previous = text.AsSpan(before, at - before).TrimEnd();
        if (before > 0 && IsAny(previous, Joining))
        {
            return text[before - 2] is ';' or ',' or '.';
        }

        previous = previous.TrimEnd("\"”’')]");
        return previous.Length > 0 && previous[^1] is '.' or ';' or ':' or '?' or '!' or '*';
    }

    private static bool IsAny(ReadOnlySpan<char> word, string[] words)
    {
        foreach (var known in words)
        {
            if (word.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
