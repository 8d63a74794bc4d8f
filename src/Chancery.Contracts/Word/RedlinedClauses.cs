using System.Globalization;
using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Word;

/// <summary>
/// The clauses of two texts in one order: those that kept theirs hold it together, and between two of them stands first what left and
/// then what came.
/// </summary>
internal sealed class RedlinedClauses
{
    private readonly ContractLayout _from;
    private readonly ContractLayout _to;
    private readonly WordCommentParts _comments;
    private readonly HashSet<Guid> _moved;
    private readonly Dictionary<Guid, string> _moves = [];

    public RedlinedClauses(ContractLayout from, ContractLayout to, WordCommentParts comments)
    {
        (_from, _to, _comments) = (from, to, comments);
        var places = from.Order.Select((id, at) => (id, at)).ToDictionary(pair => pair.id, pair => pair.at);
        Guid[] common = [.. to.Order.Where(from.Has)];
        var kept = StableOrder.Longest([.. common.Select(id => places[id])], [.. common.Select(Length)]);
        _moved = [.. common.Where((_, i) => !kept[i])];
    }

    /// <summary>The clauses that both texts have, at places that cannot both be kept.</summary>
    public IReadOnlySet<Guid> Moved => _moved;

    public IReadOnlyList<TrackedParagraph> All()
    {
        List<TrackedParagraph> paragraphs = [.. InOrder()];
        JoinMoves(paragraphs);
        return paragraphs;
    }

    private IEnumerable<TrackedParagraph> InOrder()
    {
        int i = 0,
            j = 0;
        while (i < _from.Order.Count || j < _to.Order.Count)
        {
            for (; i < _from.Order.Count && !IsStable(_from.Order[i]); i++)
            {
                foreach (var paragraph in Gone(_from.Order[i]))
                {
                    yield return paragraph;
                }
            }

            for (; j < _to.Order.Count && !IsStable(_to.Order[j]); j++)
            {
                foreach (var paragraph in Come(_to.Order[j]))
                {
                    yield return paragraph;
                }
            }

            if (i < _from.Order.Count)
            {
                var id = _from.Order[i++];
                j++;
                var paragraphs = Between(id);
                ClauseParagraphs.Mark(id, paragraphs, isLeft: false, _comments);
                foreach (var paragraph in paragraphs)
                {
                    yield return paragraph;
                }
            }
        }
    }

    private bool IsStable(Guid id) => _from.Has(id) && _to.Has(id) && !_moved.Contains(id);

    private int Length(Guid id) => _to[id].Text.Sum(paragraph => paragraph.Text.Text.Length) + 1;

    private List<TrackedParagraph> Gone(Guid id) =>
        _to.Has(id)
            ? Side(id, isThere: false)
            : ClauseParagraphs.Whole(id, _from[id], Change.Deleted, isLeft: false, _comments);

    private List<TrackedParagraph> Come(Guid id) =>
        _from.Has(id)
            ? Side(id, isThere: true)
            : ClauseParagraphs.Whole(id, _to[id], Change.Inserted, isLeft: false, _comments);

    /// <summary>
    /// One place of a clause that has two. Only what says the same at both is a move: a reader may pass over those. And what goes or
    /// comes is all of one kind, as LibreOffice resolves changes from the last to the first, and gives the paragraph below the look of
    /// one whose end goes before its words.
    /// </summary>
    private List<TrackedParagraph> Side(Guid id, bool isThere)
    {
        var isMove = TrackedText.IsSame(Between(id)) && ClauseParagraphs.Of(_to[id]).All(IsPlain);
        var change = (isMove, isThere) switch
        {
            (true, true) => Change.MovedHere,
            (true, false) => Change.MovedAway,
            (false, true) => Change.Inserted,
            (false, false) => Change.Deleted,
        };
        var paragraphs = ClauseParagraphs.Whole(id, (isThere ? _to : _from)[id], change, isLeft: !isThere, _comments);
        if (isMove)
        {
            if (!_moves.TryGetValue(id, out var name))
            {
                _moves[id] = name = string.Create(CultureInfo.InvariantCulture, $"move{_moves.Count + 1}");
            }

            paragraphs[0].MoveBegins = name;
            paragraphs[^1].MoveEnds = name;
        }

        return paragraphs;
    }

    /// <summary>What went together and is together again, as a section with all that is in it, is one move.</summary>
    private static void JoinMoves(List<TrackedParagraph> paragraphs)
    {
        var follows = Follow(Change.MovedAway)
            .Intersect(Follow(Change.MovedHere))
            .ToDictionary(pair => pair.Next, pair => pair.Name);
        foreach (var paragraph in paragraphs)
        {
            if (paragraph.MoveEnds is { } ended)
            {
                paragraph.MoveEnds = follows.ContainsValue(ended) ? null : First(ended);
            }

            if (paragraph.MoveBegins is { } begun && follows.ContainsKey(begun))
            {
                paragraph.MoveBegins = null;
            }
        }

        IEnumerable<(string Name, string Next)> Follow(Change change) =>
            paragraphs
                .Zip(paragraphs.Skip(1))
                .Where(pair => pair.First.End == change && pair.Second.End == change)
                .Where(pair => pair is { First.MoveEnds: not null, Second.MoveBegins: not null })
                .Select(pair => (pair.First.MoveEnds!, pair.Second.MoveBegins!));

        string First(string name)
        {
            while (follows.TryGetValue(name, out var before))
            {
                name = before;
            }

            return name;
        }
    }

    private List<TrackedParagraph> Between(Guid id)
    {
        var (was, now) = (_from[id], _to[id]);
        List<TrackedParagraph> tracked =
        [
            .. Parts(was.Heading is { } before ? [before] : [], now.Heading is { } after ? [after] : []),
            .. Parts(was.Text, now.Text),
        ];
        return tracked;
    }

    /// <summary>LibreOffice leaves the end of a moved paragraph behind where it has no words, or a field among them.</summary>
    private static bool IsPlain(LaidOutParagraph paragraph) =>
        paragraph.Text.Text.Length > 0 && !ClauseReference.In(paragraph.Text.Text).Any();

    private static List<TrackedParagraph> Parts(
        IReadOnlyList<LaidOutParagraph> was,
        IReadOnlyList<LaidOutParagraph> now
    ) =>
        was.Count > 0 && now.Count > 0
            ? TrackedText.Between(was, now)
            :
            [
                .. was.Select(paragraph => TrackedParagraph.Whole(paragraph, Change.Deleted)),
                .. now.Select(paragraph => TrackedParagraph.Whole(paragraph, Change.Inserted)),
            ];
}
