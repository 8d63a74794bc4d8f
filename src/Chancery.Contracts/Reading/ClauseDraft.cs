using System.Text;

namespace Chancery.Contracts.Reading;

/// <summary>A clause while its words are gathered.</summary>
internal sealed class ClauseDraft(OutlineMark? mark, int depth)
{
    private readonly List<(string Text, SegmentBreak Break)> _slices = [];
    private readonly List<StringBuilder> _paragraphs = [];

    /// <summary>A clause that holds the place of a number which the text leaves out.</summary>
    public static ClauseDraft Missing(int depth) => new(null, depth) { IsNumbered = true };

    public Guid Id { get; } = Guid.CreateVersion7();

    public OutlineMark? Mark { get; } = mark;

    public int Depth { get; } = depth;

    public PrintedLabel? Label => Mark?.Label;

    public List<ClauseDraft> Children { get; } = [];

    public string Heading { get; private set; } = "";

    public string Text { get; private set; } = "";

    public bool IsNumbered { get; set; }

    public void Add(string text, TextSegment segment, bool isContinued)
    {
        if (text.Length > 0)
        {
            var isLine = segment.Break == SegmentBreak.Line && isContinued;
            _slices.Add((text, isLine && !CarriesOn(text, segment) ? SegmentBreak.Line : SegmentBreak.Gap));
        }
    }

    /// <summary>Decides what of the words is the heading.</summary>
    public void Close()
    {
        if (_slices.Count == 0)
        {
            return;
        }

        var first = _slices[0].Text;
        var length = HeadingLength(first);
        var joins = 0;
        Heading = first[..length].TrimEnd(' ', '.', ':', '–', '—', '-');
        if (
            Mark?.Kind == MarkKind.Attachment
            && length == first.Length
            && _slices.Count > 1
            && IsAttachmentTitle(_slices[1].Text)
        )
        {
            Heading = $"{first[..length].TrimEnd()} {_slices[1].Text}".TrimEnd(' ', '.', ':');
            joins = 1;
        }

        AddParagraph(first[length..].TrimStart(' ', '.', ':', '–', '—', '-'), SegmentBreak.Line);
        for (var i = 1 + joins; i < _slices.Count; i++)
        {
            AddParagraph(
                _slices[i].Text,
                i == 1 + joins && _paragraphs.Count == 0 ? SegmentBreak.Line : _slices[i].Break
            );
        }

        Text = string.Join('\n', _paragraphs);
    }

    /// <summary>Puts the printed number before the words, where numbers that are computed would not show it.</summary>
    public void KeepLabelAsWords()
    {
        if (Heading.Length > 0)
        {
            Heading = $"{Label!.Text} {Heading}";
        }
        else
        {
            Text = Text.Length > 0 ? $"{Label!.Text} {Text}" : Label!.Text;
        }
    }

    public Clause ToClause() =>
        new(Id)
        {
            Heading = Heading,
            Text = Text,
            IsNumbered = IsNumbered,
            Children = [.. Children.Select(child => child.ToClause())],
        };

    private int HeadingLength(string first)
    {
        var isAlone = _slices.Count == 1 || _slices[1].Break == SegmentBreak.Line || IsTitleBeforeGap(first);
        switch (Mark?.Kind)
        {
            case MarkKind.Numbered:
                return Headings.LengthIn(first, isAlone);
            case MarkKind.Heading:
                return Headings.IsHeadingLine(first) || Headings.NamesRecitals(first)
                    ? first.Length
                    : Headings.LengthIn(first, isAlone);
            case MarkKind.Attachment:
                var name = Headings.AttachmentNameOf(first);
                return first.Length <= 120 || first[name..].Length == 0 ? first.Length : name;
            default:
                return 0;
        }
    }

    /// <summary>"APPOINTMENT     The Company…": a heading set off by space alone.</summary>
    private bool IsTitleBeforeGap(string first) =>
        first.Length <= 60
        && first[^1] != ','
        && Headings.IsCapitalised(first)
        && char.IsUpper(_slices[1].Text[0])
        && !first.Any(char.IsLower);

    private static bool IsAttachmentTitle(string text) => text.Length <= 120 && Headings.IsHeadingLine(text);

    /// <summary>A line that goes on in small letters carries on the sentence that a page's end, or a line's, broke.</summary>
    private bool CarriesOn(string text, TextSegment segment)
    {
        if (_slices.Count == 0)
        {
            return false;
        }

        var before = _slices[^1].Text;
        var isOpen = before[^1] is not ('.' or ';' or ':' or '!' or '?');
        return isOpen
            && before.Length > 40
            && (
                char.IsLower(text[0])
                || (segment.StartsPage && (before[^1] == ',' || (before.Length > 100 && char.IsLower(before[^1]))))
            );
    }

    private void AddParagraph(string text, SegmentBreak kind)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (kind == SegmentBreak.Gap && _paragraphs.Count > 0)
        {
            _paragraphs[^1].Append(' ').Append(text);
        }
        else
        {
            _paragraphs.Add(new StringBuilder(text));
        }
    }
}
