using Chancery.Search.Engine.Lexical;
using Chancery.Search.Engine.Segments;
using Chancery.Search.Languages;

namespace Chancery.Search.Engine;

/// <summary>
/// The passages of a generation that a reader may find, and how common words are among those: whoever may not read a passage gets the
/// ranks and scores of an index without it. For the query that makes it; not for concurrent use.
/// </summary>
internal sealed class Scope
{
    private readonly Generation _generation;

    // Null where every passage may be found.
    private readonly Bitmap[]? _readable;

    private Scope(Generation generation, Bitmap[]? readable)
    {
        (_generation, _readable) = (generation, readable);
        if (readable is null)
        {
            (PassageCount, AverageLength) = (generation.PassageCount, generation.AverageLength);
            return;
        }

        var tokens = 0L;
        for (var i = 0; i < readable.Length; i++)
        {
            PassageCount += readable[i].Count();
            var lengths = generation.Texts[i].Segment.Lengths.Span;
            for (var row = readable[i].Next(0); row < readable[i].Length; row = readable[i].Next(row + 1))
                tokens += lengths[row];
        }

        AverageLength = PassageCount == 0 ? 0 : tokens / (double)PassageCount;
    }

    public int PassageCount { get; }

    /// <summary>In tokens.</summary>
    public double AverageLength { get; }

    /// <summary>What they are written in, English always among them.</summary>
    public LanguageSet Languages =>
        _readable is null ? _generation.Languages : LanguageMark.Present(mark => Count(mark, most: 1) > 0);

    /// <param name="readers">See <see cref="SearchFilter.Readers"/>.</param>
    public static Scope Of(Generation generation, IReadOnlyCollection<Guid>? readers)
    {
        if (readers is null)
            return new Scope(generation, null);
        var filter = new SearchFilter { Readers = readers };
        return new Scope(generation, [.. generation.Texts.Select(view => view.Allowed(filter))]);
    }

    /// <summary>Passages that hold a term. Linear in its postings where some may not be found.</summary>
    public int FrequencyOf(string term) =>
        _readable is null ? _generation.FrequencyOf(term) : Count(term, int.MaxValue);

    /// <param name="most">Where it may end.</param>
    private int Count(string term, int most)
    {
        var frequency = 0;
        for (var i = 0; i < _readable!.Length && frequency < most; i++)
        {
            var postings = _generation.Texts[i].Segment.Postings;
            if (postings.Terms.Find(term) is var found and >= 0)
                frequency += Count(postings, found, _readable[i], most);
        }

        return frequency;
    }

    private static int Count(Postings postings, int term, Bitmap readable, int most)
    {
        var count = 0;
        var cursor = PostingsCursor.Rent(postings, term);
        while (!cursor.AtEnd && count < most)
        {
            foreach (var row in cursor.Rows)
                count += readable[(int)row] ? 1 : 0;
            cursor.Index = cursor.Count - 1;
            cursor.MoveNext();
        }

        PostingsCursor.Return(cursor);
        return count;
    }
}
