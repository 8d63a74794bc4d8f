using System.Globalization;
using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Word;

/// <summary>
/// The clauses of two texts in one order: those that kept theirs hold it together, and between two of them stands first what left and
/// then what came.
/// </summary>
internal sealed class RedlinedClauses(ContractLayout from, ContractLayout to, WordCommentParts comments)
{
    private readonly Dictionary<Guid, string> _moves = [];

    public IEnumerable<TrackedParagraph> All()
    {
        var stable = Stable();
        int i = 0,
            j = 0;
        while (i < from.Order.Count || j < to.Order.Count)
        {
            for (; i < from.Order.Count && !stable.Contains(from.Order[i]); i++)
            {
                foreach (var paragraph in Gone(from.Order[i]))
                {
                    yield return paragraph;
                }
            }

            for (; j < to.Order.Count && !stable.Contains(to.Order[j]); j++)
            {
                foreach (var paragraph in Come(to.Order[j]))
                {
                    yield return paragraph;
                }
            }

            if (i < from.Order.Count)
            {
                var id = from.Order[i++];
                j++;
                var paragraphs = Between(id);
                ClauseParagraphs.Mark(id, paragraphs, isLeft: false, comments);
                foreach (var paragraph in paragraphs)
                {
                    yield return paragraph;
                }
            }
        }
    }

    private HashSet<Guid> Stable()
    {
        var places = from.Order.Select((id, at) => (id, at)).ToDictionary(pair => pair.id, pair => pair.at);
        Guid[] common = [.. to.Order.Where(from.Has)];
        var kept = StableOrder.Longest([.. common.Select(id => places[id])], [.. common.Select(Length)]);
        return [.. common.Where((_, i) => kept[i])];
    }

    private int Length(Guid id) => to[id].Text.Sum(paragraph => paragraph.Text.Text.Length) + 1;

    private List<TrackedParagraph> Gone(Guid id) =>
        to.Has(id) ? Moved(id, isThere: false) : ClauseParagraphs.Whole(id, from[id], Change.Deleted, comments);

    private List<TrackedParagraph> Come(Guid id) =>
        from.Has(id) ? Moved(id, isThere: true) : ClauseParagraphs.Whole(id, to[id], Change.Inserted, comments);

    private List<TrackedParagraph> Moved(Guid id, bool isThere)
    {
        if (!_moves.TryGetValue(id, out var name))
        {
            _moves[id] = name = string.Create(CultureInfo.InvariantCulture, $"move{_moves.Count + 1}");
        }

        var paragraphs = TrackedText.SideOf(Between(id), isThere);
        paragraphs[0].MoveBegins = name;
        paragraphs[^1].MoveEnds = name;
        ClauseParagraphs.Mark(id, paragraphs, isLeft: !isThere, comments);
        return paragraphs;
    }

    private List<TrackedParagraph> Between(Guid id)
    {
        var (was, now) = (from[id], to[id]);
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
