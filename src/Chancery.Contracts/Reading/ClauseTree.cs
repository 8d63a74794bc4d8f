namespace Chancery.Contracts.Reading;

/// <summary>Puts words under the clauses that begin before them, and clauses under those they are part of.</summary>
internal static class ClauseTree
{
    /// <returns>The clauses at the top; first the words before the first of them, where there are any.</returns>
    public static List<ClauseDraft> Build(IReadOnlyList<TextSegment> segments, IReadOnlyList<OutlineMark> marks)
    {
        var all = new List<ClauseDraft>();
        var current = new ClauseDraft(null, 0);
        all.Add(current);
        var next = 0;
        for (var i = 0; i < segments.Count; i++)
        {
            var text = segments[i].Text;
            var start = 0;
            for (; next < marks.Count && marks[next].Segment == i; next++)
            {
                var mark = marks[next];
                current.Add(text[start..Math.Max(start, mark.Start)].TrimEnd(), segments[i], start == 0);
                current = new ClauseDraft(mark, mark.Depth);
                all.Add(current);
                start = mark.End;
            }

            current.Add(text[start..], segments[i], start == 0);
        }

        foreach (var draft in all)
        {
            draft.Close();
        }

        return Nest(all);
    }

    private static List<ClauseDraft> Nest(List<ClauseDraft> all)
    {
        var top = new List<ClauseDraft>();
        var open = new Stack<ClauseDraft>();
        foreach (var draft in all)
        {
            if (draft.Mark is null && draft.Text.Length == 0)
            {
                continue;
            }

            while (open.TryPeek(out var above) && above.Depth >= draft.Depth)
            {
                open.Pop();
            }

            (open.TryPeek(out var parent) ? parent.Children : top).Add(draft);
            open.Push(draft);
        }

        return top;
    }
}
