using System.Runtime.InteropServices;
using Chancery.Search.Engine.Lexical;
using Chancery.Search.Languages;

namespace Chancery.Search.Engine.Segments;

/// <summary>Builds text segments from passages: analysed row by row, then turned round by term.</summary>
internal static class TextSegmentBuilder
{
    // Two arrays of 16 bytes for each occurrence are held while a segment is built.
    private const int MostOccurrences = 4_000_000;

    /// <summary>One term in one field of one row.</summary>
    private readonly record struct Occurrence(int Term, int Row, int Field, int Position);

    /// <param name="passages">Sorted by id, each id once.</param>
    /// <returns>In their order: one segment, or several where the texts are large.</returns>
    public static IEnumerable<(TextSegment Segment, ReadOnlyMemory<IndexedPassage> Passages)> Build(
        ReadOnlyMemory<IndexedPassage> passages,
        FieldWeights weights,
        CancellationToken cancellationToken
    )
    {
        var start = 0;
        while (start < passages.Length)
        {
            var analysis = new Analysis();
            var end = start;
            while (end < passages.Length && (end == start || analysis.Occurrences.Count < MostOccurrences))
            {
                cancellationToken.ThrowIfCancellationRequested();
                analysis.Add(passages.Span[end++]);
            }

            var part = passages[start..end];
            yield return (analysis.Finish(part.Span, weights, cancellationToken), part);
            start = end;
        }
    }

    private sealed class Analysis
    {
        private readonly Dictionary<string, int> _terms = [];
        private readonly List<int> _lengths = [];
        private readonly List<Token> _tokens = [];

        public List<Occurrence> Occurrences { get; } = [];

        public void Add(IndexedPassage passage)
        {
            var row = _lengths.Count;
            var languages = PassageLanguages.Of(passage.Title, passage.Heading, passage.Body);
            _lengths.Add(
                Add(row, Field.Title, passage.Title, languages.Title)
                    + Add(row, Field.Heading, passage.Heading, languages.Heading)
                    + Add(row, Field.Body, passage.Body, languages.Body)
            );
            foreach (var language in languages.Set)
            {
                if (language is not Language.English)
                    Occurrences.Add(new Occurrence(TermOf(LanguageMark.Of(language)), row, (int)Field.Body, 0));
            }
        }

        public TextSegment Finish(
            ReadOnlySpan<IndexedPassage> passages,
            FieldWeights weights,
            CancellationToken cancellationToken
        )
        {
            var ids = new Guid[passages.Length];
            var documents = new Guid[passages.Length];
            var ordinals = new int[passages.Length];
            for (var row = 0; row < ids.Length; row++)
            {
                ids[row] = passages[row].Id;
                documents[row] = passages[row].Document.Id;
                ordinals[row] = passages[row].Ordinal;
            }

            int[] lengths = [.. _lengths];
            return new TextSegment(
                RowTable.Of(ids, documents),
                Section<int>.Of(lengths),
                Section<int>.Of(ordinals),
                Turn(lengths, weights, cancellationToken)
            );
        }

        private int TermOf(string term)
        {
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_terms, IndexTerm.Of(term), out var known);
            if (!known)
                place = _terms.Count - 1;
            return place;
        }

        private int Add(int row, Field field, string text, Language language)
        {
            if (string.IsNullOrEmpty(text))
                return 0;
            _tokens.Clear();
            TextAnalyzer.Analyze(text, _tokens, language);
            foreach (ref readonly var token in CollectionsMarshal.AsSpan(_tokens))
                Occurrences.Add(new Occurrence(TermOf(token.Term), row, (int)field, token.Position));

            return _tokens.Count;
        }

        private Postings Turn(int[] lengths, FieldWeights weights, CancellationToken cancellationToken)
        {
            // Sorting by counting keeps rows, fields and positions in the order in which they were read.
            var starts = new int[_terms.Count + 1];
            foreach (ref readonly var occurrence in CollectionsMarshal.AsSpan(Occurrences))
                starts[occurrence.Term + 1]++;
            for (var i = 0; i < _terms.Count; i++)
                starts[i + 1] += starts[i];
            var byTerm = new Occurrence[Occurrences.Count];
            var next = starts.AsSpan(0, _terms.Count).ToArray();
            foreach (ref readonly var occurrence in CollectionsMarshal.AsSpan(Occurrences))
                byTerm[next[occurrence.Term]++] = occurrence;

            var terms = _terms.Select(pair => (Bytes: IndexTerm.Bytes(pair.Key), pair.Value)).ToArray();
            Array.Sort(terms, static (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));

            var writer = new PostingsWriter(lengths, weights);
            foreach (var (bytes, term) in terms)
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.BeginTerm(bytes);
                Write(writer, byTerm.AsSpan(starts[term]..starts[term + 1]));
                writer.EndTerm();
            }

            return writer.Finish();
        }

        private readonly List<int> _positions = [];

        private void Write(PostingsWriter writer, ReadOnlySpan<Occurrence> occurrences)
        {
            Span<int> frequencies = stackalloc int[3];
            for (var i = 0; i < occurrences.Length; )
            {
                var row = occurrences[i].Row;
                frequencies.Clear();
                _positions.Clear();
                for (; i < occurrences.Length && occurrences[i].Row == row; i++)
                {
                    frequencies[occurrences[i].Field]++;
                    _positions.Add(occurrences[i].Position);
                }

                writer.Add(row, frequencies, CollectionsMarshal.AsSpan(_positions));
            }
        }
    }
}
