using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Makes the tree of clauses of a view: by our own marks where the file has them, else by headings, lists and typed numbers.</summary>
/// <param name="ids">The ids of clauses by the stored paragraph that they begin with: the same in every view.</param>
internal sealed partial class ClauseTreeReader(bool isOurs, Dictionary<int, Guid> ids)
{
    private const int LongestHeading = 150;
    private const int LongestRunIn = 80;

    private readonly List<ClauseNode> _roots = [];
    private readonly List<ClauseNode> _stack = [];
    private readonly HashSet<Guid> _taken = [];
    private readonly SchemeReader _scheme = new();

    /// <summary>What stood before the first clause.</summary>
    public List<ViewedParagraph> Preamble { get; } = [];

    public IReadOnlyList<ClauseNode> Roots => _roots;

    public SchemeReader Scheme => _scheme;

    public List<SourceLink> Links { get; } = [];

    /// <summary>Which clause the stored paragraphs belong to.</summary>
    public Dictionary<int, Guid> Owners { get; } = [];

    /// <summary>Which clause the bookmarks of the file stand in.</summary>
    public Dictionary<string, Guid> Bookmarks { get; } = [];

    public void Add(ViewedParagraph paragraph)
    {
        if (Start(paragraph) is { } node)
        {
            Own(paragraph, node);
        }
        else if (_stack.Count == 0)
        {
            Preamble.Add(paragraph);
        }
        else
        {
            AddLine(_stack[^1], paragraph);
            Own(paragraph, _stack[^1]);
        }
    }

    /// <summary>A clause without a heading and number at the very beginning, of what stood before the others.</summary>
    public void AddPreamble(IReadOnlyList<ViewedParagraph> paragraphs)
    {
        if (paragraphs.Count == 0)
        {
            return;
        }

        var node = new ClauseNode(IdOf(paragraphs[0]));
        foreach (var paragraph in paragraphs)
        {
            AddLine(node, paragraph);
            Own(paragraph, node);
        }

        _roots.Insert(0, node);
    }

    private void Own(ViewedParagraph paragraph, ClauseNode node)
    {
        foreach (var source in paragraph.Sources)
        {
            Owners.TryAdd(source, node.Id);
        }

        foreach (var bookmark in paragraph.Bookmarks)
        {
            Bookmarks.TryAdd(bookmark, node.Id);
        }
    }

    private void AddLine(ClauseNode node, ViewedParagraph paragraph)
    {
        var text = OpenReferences.Write(Words(paragraph), Links);
        if (isOurs)
        {
            node.Lines.Add(text);
        }
        else if (text.Trim().Length > 0)
        {
            node.Lines.Add(paragraph.Place is { IsBullet: true } ? "• " + text.Trim() : text.Trim());
        }
    }

    private static IEnumerable<SourcePiece> Words(ViewedParagraph paragraph) =>
        paragraph.Pieces.Where(piece => piece.Style != ViewedParagraph.TypedNumber);

    private Guid IdOf(ViewedParagraph paragraph)
    {
        var own = paragraph.Clauses.FirstOrDefault(id => !_taken.Contains(id));
        if (own == Guid.Empty && (!ids.TryGetValue(paragraph.Key, out own) || _taken.Contains(own)))
        {
            own = Guid.CreateVersion7();
            ids[paragraph.Key] = own;
        }

        _taken.Add(own);
        return own;
    }

    /// <summary>The clause that begins with this paragraph; null where none does.</summary>
    private ClauseNode? Start(ViewedParagraph paragraph)
    {
        if (isOurs)
        {
            return StartOurs(paragraph);
        }

        // A number without words counts, and those after it go on from it.
        var place = paragraph.Place is { IsBullet: false, Label.Length: > 0 } listed ? listed : null;
        if (paragraph.IsRow || (place is null && string.IsNullOrWhiteSpace(paragraph.Text)))
        {
            return null;
        }

        if (place is not null || paragraph.Outline is not null)
        {
            var typed = place is null ? Typed(paragraph.Text) : null;
            List<(string, int)> places = [];
            if (paragraph.Outline is { } outline)
            {
                places.Add(("outline", outline));
            }

            if (place is not null)
            {
                places.Add((ScopeOf(place.List), place.Level));
            }

            return Open(paragraph, places, place, typed);
        }

        if (Typed(paragraph.Text) is { } label)
        {
            return Open(paragraph, [(label.Scope, label.Level)], null, label);
        }

        return IsPartOfItsOwn(paragraph) ? Open(paragraph, [("part", 0)], null, null) : null;
    }

    private ClauseNode? StartOurs(ViewedParagraph paragraph)
    {
        var isHeading = paragraph.Outline is not null;
        if (paragraph.Clauses.Count == 0 && !isHeading && paragraph.Place is not { IsBullet: false })
        {
            return null;
        }

        if (paragraph.Clauses.Count == 0 && paragraph.Text.Length == 0)
        {
            return null;
        }

        // LibreOffice gives each paragraph of a clause a bookmark of the clause's name.
        if (!isHeading && _stack.Count > 0 && paragraph.Clauses.Contains(_stack[^1].Id))
        {
            return null;
        }

        var depth = Math.Min(
            paragraph.Outline ?? DepthOfStyle(paragraph.Style.Id) ?? paragraph.Place?.Level ?? 0,
            _stack.Count
        );
        _stack.RemoveRange(depth, _stack.Count - depth);
        var typed = paragraph.Pieces.FirstOrDefault(piece => piece.Style == ViewedParagraph.TypedNumber)?.Text.Trim();
        var node = new ClauseNode(IdOf(paragraph))
        {
            IsNumbered = typed is not null || paragraph.Place is { IsBullet: false },
            Label = typed ?? paragraph.Place?.Label ?? "",
        };
        Attach(node);
        var text = OpenReferences.Write(Words(paragraph), Links);
        if (isHeading)
        {
            node.Heading = text.ReplaceLineEndings(" ");
        }
        else
        {
            node.Lines.Add(text);
        }

        return node;
    }

    /// <summary>"Clause3" and "ClauseText3" → 2.</summary>
    private static int? DepthOfStyle(string style) =>
        style.StartsWith("Clause", StringComparison.Ordinal) && style[^1] is >= '1' and <= '9' ? style[^1] - '1' : null;

    private ClauseNode Open(
        ViewedParagraph paragraph,
        List<(string Scope, int Level)> places,
        ListPlace? place,
        TypedLabel? typed
    )
    {
        MakeRoom(places);
        var node = new ClauseNode(IdOf(paragraph))
        {
            IsNumbered = place is not null || typed is not null,
            Label = place?.Label ?? typed?.Shown ?? "",
            Value = typed?.Value ?? 0,
        };
        node.Places.AddRange(places);
        if (typed is not null && !node.Places.Contains((typed.Scope, typed.Level)))
        {
            node.Places.Add((typed.Scope, typed.Level));
        }

        Attach(node);
        if (place is not null)
        {
            _scheme.Add(_stack.Count - 1, place, level => DepthOf(ScopeOf(place.List), level));
        }
        else if (typed is not null)
        {
            _scheme.Add(_stack.Count - 1, typed, level => DepthOf(typed.Scope, level));
        }

        var pieces = Skip(Words(paragraph), typed?.Length ?? 0);
        var heading = HeadingLength(paragraph, pieces, node.IsNumbered);
        var (first, rest) = Cut(pieces, heading);
        node.Heading = OpenReferences.Write(first, Links).ReplaceLineEndings(" ").Trim();
        var text = OpenReferences.Write(rest, Links).Trim();
        if (heading > 0 && text.Length > 0)
        {
            // "Term. The term…": what parts the two goes with the heading's look.
            node.Heading = node.Heading.TrimEnd('.', ':', '-', '–', '—', ' ');
            text = text.TrimStart('.', ':', '-', '–', '—', ' ', '\u00a0');
        }

        if (text.Length > 0)
        {
            node.Lines.Add(text);
        }

        return node;
    }

    private static string ScopeOf(int list) => string.Create(CultureInfo.InvariantCulture, $"list:{list}");

    private void Attach(ClauseNode node)
    {
        (_stack.Count == 0 ? _roots : _stack[^1].Children).Add(node);
        _stack.Add(node);
    }

    /// <summary>Leaves on the stack what a clause that stands at one of these places is under.</summary>
    private void MakeRoom(List<(string Scope, int Level)> places)
    {
        foreach (var (scope, level) in places)
        {
            var known = _stack.FindIndex(node => node.Places.Exists(at => at.Scope == scope && at.Level >= level));
            if (known >= 0)
            {
                _stack.RemoveRange(known, _stack.Count - known);
                return;
            }

            var above = _stack.FindLastIndex(node => node.Places.Exists(at => at.Scope == scope));
            if (above >= 0)
            {
                _stack.RemoveRange(above + 1, _stack.Count - above - 1);
                return;
            }
        }

        if (places.Exists(place => place is ("outline", 0) or ("part", 0)))
        {
            _stack.Clear();
        }
    }

    private int? DepthOf(string scope, int level)
    {
        var depth = _stack.FindIndex(node => node.Places.Contains((scope, level)));
        return depth < 0 ? null : depth;
    }

    /// <summary>A typed number that goes on from those before it, or begins anew; else it is words.</summary>
    private TypedLabel? Typed(string text)
    {
        var meanings = TypedLabel.Read(text);
        var next = meanings.FirstOrDefault(label =>
            _stack.Exists(node => node.Places.Contains((label.Scope, label.Level)) && node.Value + 1 == label.Value)
        );
        return next
            ?? meanings.FirstOrDefault(label =>
                (label.Value == 1 || label.HasWord)
                && (
                    label.Level == 0
                    || label.HasWord
                    || _stack.Exists(node =>
                        node.Places.Contains((label.Scope, label.Level - 1)) && node.Value == label.Parent
                    )
                )
            );
    }

    private static bool IsPartOfItsOwn(ViewedParagraph paragraph)
    {
        var text = paragraph.Text.Trim();
        return text.Length <= LongestHeading && PartNames().IsMatch(text);
    }

    /// <summary>How many letters of a clause's first paragraph are its heading.</summary>
    private static int HeadingLength(ViewedParagraph paragraph, List<SourcePiece> pieces, bool isNumbered)
    {
        var length = pieces.Sum(piece => piece.Text.Length);
        var marked = pieces
            .TakeWhile(piece => piece.IsMarked || string.IsNullOrWhiteSpace(piece.Text))
            .Sum(piece => piece.Text.Length);
        if (marked > 0 && marked < length && marked <= LongestRunIn)
        {
            var (first, rest) = Cut(pieces, marked);
            var words = string.Concat(first.Select(piece => piece.Text)).Trim();
            var following = string.Concat(rest.Select(piece => piece.Text)).TrimStart();
            var isParted =
                words.EndsWith('.') || words.EndsWith(':') || following.StartsWith('.') || following.StartsWith(':');
            if (isParted && words.Any(char.IsLetter) && words[0] is not ('“' or '"' or '„' or '«'))
            {
                return marked;
            }
        }

        var text = string.Concat(pieces.Select(piece => piece.Text)).Trim();
        var isShort = text.Length <= LongestHeading && !text.Contains('\n', StringComparison.Ordinal);
        return
            isShort
            && (
                paragraph.Outline is not null
                || !isNumbered
                || (
                    text.Length <= LongestRunIn
                    && text.Any(char.IsLetter)
                    && !text.EndsWith(';')
                    && !text.EndsWith(',')
                    && (marked == length || paragraph.Style.IsBold || !text.Any(char.IsLower))
                )
            )
            ? length
            : 0;
    }

    private static List<SourcePiece> Skip(IEnumerable<SourcePiece> pieces, int count)
    {
        List<SourcePiece> left = [];
        foreach (var piece in pieces)
        {
            var skipped = Math.Min(count, piece.Text.Length);
            count -= skipped;
            if (skipped < piece.Text.Length)
            {
                left.Add(skipped == 0 ? piece : piece with { Text = piece.Text[skipped..] });
            }
        }

        return left;
    }

    private static (List<SourcePiece> First, List<SourcePiece> Left) Cut(List<SourcePiece> pieces, int length)
    {
        List<SourcePiece> first = [];
        var taken = 0;
        foreach (var piece in pieces)
        {
            var part = Math.Min(length - taken, piece.Text.Length);
            if (part > 0)
            {
                first.Add(part == piece.Text.Length ? piece : piece with { Text = piece.Text[..part] });
                taken += part;
            }
        }

        return (first, Skip(pieces, taken));
    }

    [GeneratedRegex(
        @"^(?:(?:EXHIBIT|SCHEDULE|ANNEX|APPENDIX|ATTACHMENT|ANLAGE|ANHANG|Exhibit|Schedule|Annex|Appendix|Attachment|Anlage|Anhang)\s+[A-Z0-9IVX][\w.-]{0,6}\b(?!.*[.;,]$)|(?:RECITALS|Recitals|BACKGROUND|Background|PREAMBLE|Preamble|W\s?I\s?T\s?N\s?E\s?S\s?S\s?E\s?T\s?H|SIGNATURES|Signatures)\s*:?$|IN WITNESS WHEREOF)"
    )]
    private static partial Regex PartNames();
}
