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

    public IEnumerable<TrackedParagraph> All()
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
        _to.Has(id) ? MovedSide(id, isThere: false) : ClauseParagraphs.Whole(id, _from[id], Change.Deleted, _comments);

    private List<TrackedParagraph> Come(Guid id) =>
        _from.Has(id) ? MovedSide(id, isThere: true) : ClauseParagraphs.Whole(id, _to[id], Change.Inserted, _comments);

    private List<TrackedParagraph> MovedSide(Guid id, bool isThere)
    {
        if (!_moves.TryGetValue(id, out var name))
        {
            _moves[id] = name = string.Create(CultureInfo.InvariantCulture, $"move{_moves.Count + 1}");
        }

        var paragraphs = TrackedText.SideOf(Between(id), isThere);
        paragraphs[0].MoveBegins = name;
        paragraphs[^1].MoveEnds = name;
        ClauseParagraphs.Mark(id, paragraphs, isLeft: !isThere, _comments);
        return paragraphs;
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
