using System.Runtime.InteropServices;
using Chancery.Search.Engine.Lexical;

namespace Chancery.Search.Engine.Segments;

/// <summary>Joins text segments into one with their living rows, as if it had been built from those passages.</summary>
internal static class TextSegmentMerger
{
    private readonly record struct Posting(int Row, int Title, int Heading, int Body, int FirstPosition);

    public static TextSegment Merge(
        IReadOnlyList<TextView> sources,
        RowOrigins origins,
        FieldWeights weights,
        CancellationToken cancellationToken
    )
    {
        var lengths = new int[origins.Count];
        var ordinals = new int[origins.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            var source = sources[origins.Source[i]];
            lengths[i] = source.Segment.Lengths.Span[origins.Row[i]];
            ordinals[i] = source.Ordinals[origins.Row[i]];
        }

        return new TextSegment(
            origins.Table(sources),
            Section<int>.Of(lengths),
            Section<int>.Of(ordinals),
            MergePostings(sources, origins, new PostingsWriter(lengths, weights), cancellationToken)
        );
    }

    private static Postings MergePostings(
        IReadOnlyList<TextView> sources,
        RowOrigins origins,
        PostingsWriter writer,
        CancellationToken cancellationToken
    )
    {
        var next = new int[sources.Count];
        var postings = new List<Posting>();
        var positions = new List<int>();
        while (Least(sources, next) is var least and >= 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var term = sources[least].Segment.Postings.Terms[next[least]];
            postings.Clear();
            positions.Clear();
            for (var i = 0; i < sources.Count; i++)
            {
                var terms = sources[i].Segment.Postings.Terms;
                if (next[i] < terms.Count && terms[next[i]].SequenceEqual(term))
                    Read(sources[i], next[i]++, origins.Targets[i], postings, positions);
            }

            // Rows of one source are in order already; those of several lie between each other.
            postings.Sort(static (a, b) => a.Row.CompareTo(b.Row));
            writer.BeginTerm(term);
            foreach (ref readonly var posting in CollectionsMarshal.AsSpan(postings))
            {
                writer.Add(
                    posting.Row,
                    [posting.Title, posting.Heading, posting.Body],
                    CollectionsMarshal
                        .AsSpan(positions)
                        .Slice(posting.FirstPosition, posting.Title + posting.Heading + posting.Body)
                );
            }

            writer.EndTerm();
        }

        return writer.Finish();
    }

    /// <summary>The source whose next term comes first; -1 when all are read.</summary>
    private static int Least(IReadOnlyList<TextView> sources, int[] next)
    {
        var least = -1;
        for (var i = 0; i < sources.Count; i++)
        {
            var terms = sources[i].Segment.Postings.Terms;
            if (next[i] == terms.Count)
                continue;
            if (least < 0 || terms[next[i]].SequenceCompareTo(sources[least].Segment.Postings.Terms[next[least]]) < 0)
                least = i;
        }

        return least;
    }

    private static void Read(TextView source, int term, int[] targets, List<Posting> postings, List<int> positions)
    {
        var cursor = PostingsCursor.Rent(source.Segment.Postings, term);
        for (; !cursor.AtEnd; cursor.MoveNext())
        {
            var target = targets[cursor.Row];
            if (target < 0)
                continue;
            postings.Add(
                new Posting(
                    target,
                    cursor.FrequencyIn(Field.Title),
                    cursor.FrequencyIn(Field.Heading),
                    cursor.FrequencyIn(Field.Body),
                    positions.Count
                )
            );
            cursor.ReadPositions(Field.Title, positions);
            cursor.ReadPositions(Field.Heading, positions);
            cursor.ReadPositions(Field.Body, positions);
        }

        PostingsCursor.Return(cursor);
    }
}
