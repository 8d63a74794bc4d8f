using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Word;

/// <summary>What became of paragraphs, word by word and end by end.</summary>
internal static class TrackedText
{
    /// <summary>Both sides have a paragraph at least.</summary>
    public static List<TrackedParagraph> Between(
        IReadOnlyList<LaidOutParagraph> from,
        IReadOnlyList<LaidOutParagraph> to
    )
    {
        var numbers = new Dictionary<string, int>();
        var (keptFrom, keptTo) = SequenceDiff.Kept(Number(from), Number(to));
        List<TrackedParagraph> tracked = [];
        int i = 0,
            j = 0;
        while (i < from.Count || j < to.Count)
        {
            var (iStart, jStart) = (i, j);
            for (; i < from.Count && !keptFrom[i]; i++) { }

            for (; j < to.Count && !keptTo[j]; j++) { }

            AddGap(tracked, [.. from.Skip(iStart).Take(i - iStart)], [.. to.Skip(jStart).Take(j - jStart)]);
            if (i < from.Count)
            {
                tracked.Add(Unchanged(from[i++].Look, to[j++]));
            }
        }

        return tracked;

        int[] Number(IReadOnlyList<LaidOutParagraph> paragraphs) =>
            [
                .. paragraphs.Select(paragraph =>
                {
                    numbers.TryAdd(paragraph.Text.Key, numbers.Count);
                    return numbers[paragraph.Text.Key];
                }),
            ];
    }

    /// <summary>Whether one side is the other, to the letter.</summary>
    public static bool IsSame(IEnumerable<TrackedParagraph> tracked) =>
        tracked.All(paragraph =>
            paragraph.End == Change.Kept && paragraph.Pieces.TrueForAll(piece => piece.Change == Change.Kept)
        );

    /// <summary>
    /// "A[+b+]¶[+C¶+]" becomes "A[+b¶C+]¶": LibreOffice takes new words at a paragraph's end and new paragraphs after it for one, and
    /// drops the end between them where it rejects it.
    /// </summary>
    public static void JoinInsertions(IReadOnlyList<TrackedParagraph> paragraphs)
    {
        for (var i = 0; i < paragraphs.Count - 1; i++)
        {
            var last = i;
            while (last + 1 < paragraphs.Count && paragraphs[last + 1].End == Change.Inserted)
            {
                last++;
            }

            if (last > i && paragraphs[i] is { End: Change.Kept, Pieces: [.., { Change: Change.Inserted }] } first)
            {
                first.End = Change.Inserted;
                paragraphs[last].End = Change.Kept;
                paragraphs[last].From = first.From;
                first.From = null;
            }

            i = last;
        }
    }

    private static TrackedParagraph Unchanged(ParagraphLook before, LaidOutParagraph now)
    {
        var kept = TrackedParagraph.Whole(now, Change.Kept);
        kept.From = before;
        return kept;
    }

    private static void AddGap(List<TrackedParagraph> tracked, List<LaidOutParagraph> from, List<LaidOutParagraph> to)
    {
        if (from.Count == 0 || to.Count == 0)
        {
            tracked.AddRange(from.Select(paragraph => TrackedParagraph.Whole(paragraph, Change.Deleted)));
            tracked.AddRange(to.Select(paragraph => TrackedParagraph.Whole(paragraph, Change.Inserted)));
            return;
        }

        var writer = new GapWriter(tracked, from, to);
        foreach (var change in WholeParagraphs(WordDiff.Between(Join(from), Join(to))))
        {
            writer.Add(change);
        }

        writer.Close();
    }

    private static string Join(List<LaidOutParagraph> paragraphs) =>
        string.Join('\n', paragraphs.Select(paragraph => paragraph.Text.Text));

    /// <summary>"A[-¶B-]¶C" is "A¶[-B¶-]C": a paragraph goes with its own end, not with that of the one above.</summary>
    private static IEnumerable<WordChange> WholeParagraphs(IReadOnlyList<WordChange> changes)
    {
        var shifted = false;
        for (var i = 0; i < changes.Count; i++)
        {
            var (kind, text) = (changes[i].Kind, shifted ? changes[i].Text[1..] : changes[i].Text);
            shifted =
                kind != WordChangeKind.Kept
                && text.StartsWith('\n')
                && i + 1 < changes.Count
                && changes[i + 1].Kind == WordChangeKind.Kept
                && changes[i + 1].Text.StartsWith('\n')
                && (i == 0 || changes[i - 1].Kind == WordChangeKind.Kept);
            if (shifted)
            {
                yield return new WordChange(WordChangeKind.Kept, "\n");
                yield return new WordChange(kind, text[1..] + "\n");
            }
            else if (text.Length > 0)
            {
                yield return new WordChange(kind, text);
            }
        }
    }

    /// <summary>Cuts changes of joined paragraphs into paragraphs again.</summary>
    private sealed class GapWriter(
        List<TrackedParagraph> tracked,
        List<LaidOutParagraph> from,
        List<LaidOutParagraph> to
    )
    {
        private TrackedParagraph _open = new();
        private (int Paragraph, int Letter) _from;
        private (int Paragraph, int Letter) _to;

        public void Add(WordChange change)
        {
            var kind = change.Kind switch
            {
                WordChangeKind.Inserted => Change.Inserted,
                WordChangeKind.Deleted => Change.Deleted,
                _ => Change.Kept,
            };
            var parts = change.Text.Split('\n');
            for (var i = 0; i < parts.Length; i++)
            {
                AddWords(kind, parts[i].Length);
                if (i < parts.Length - 1)
                {
                    End(kind);
                }
            }
        }

        /// <summary>The last ends of both sides are one.</summary>
        public void Close() => End(Change.Kept);

        private void AddWords(Change kind, int length)
        {
            if (length == 0)
            {
                return;
            }

            var before = kind == Change.Inserted ? null : from[_from.Paragraph].Text;
            var after = kind == Change.Deleted ? null : to[_to.Paragraph].Text;
            if (before is not null && after is not null && before.LooksAs(after, _from.Letter, _to.Letter, length))
            {
                _open.Add(kind, after, _to.Letter, length);
            }
            else
            {
                // The same letters in another role, as a name that became an address, are others.
                if (before is not null)
                {
                    _open.Add(Change.Deleted, before, _from.Letter, length);
                }

                if (after is not null)
                {
                    _open.Add(Change.Inserted, after, _to.Letter, length);
                }
            }

            _from.Letter += before is null ? 0 : length;
            _to.Letter += after is null ? 0 : length;
        }

        private void End(Change kind)
        {
            _open.End = kind;
            if (kind != Change.Inserted)
            {
                _open.From = from[_from.Paragraph].Look;
                _from = (_from.Paragraph + 1, 0);
            }

            if (kind != Change.Deleted)
            {
                _open.To = to[_to.Paragraph].Look;
                _to = (_to.Paragraph + 1, 0);
            }

            tracked.Add(_open);
            _open = new TrackedParagraph();
        }
    }
}
