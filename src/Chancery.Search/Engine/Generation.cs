using Chancery.Search.Engine.Segments;
using Chancery.Search.Languages;

namespace Chancery.Search.Engine;

/// <summary>All that a query sees of an index. Immutable.</summary>
internal sealed class Generation
{
    private readonly Lazy<LanguageSet> _languages;

    public Generation(IndexRevision revision, IReadOnlyList<TextView> texts, IReadOnlyList<VectorView> vectors)
    {
        Revision = revision;
        Texts = texts;
        Vectors = vectors;
        PassageCount = texts.Sum(view => view.AliveCount);
        VectorCount = vectors.Sum(view => view.AliveCount);
        _languages = new(() => LanguageMark.Present(mark => FrequencyOf(mark) > 0));
        AverageLength = PassageCount == 0 ? 0 : texts.Sum(view => view.AliveLength) / (double)PassageCount;
    }

    public IndexRevision Revision { get; }

    public IReadOnlyList<TextView> Texts { get; }

    public IReadOnlyList<VectorView> Vectors { get; }

    public int PassageCount { get; }

    public int VectorCount { get; }

    /// <summary>Of living passages, in tokens.</summary>
    public double AverageLength { get; }

    /// <summary>Of living passages.</summary>
    public LanguageSet Languages => _languages.Value;

    /// <summary>Living passages that hold a term.</summary>
    public int FrequencyOf(string term)
    {
        var frequency = 0;
        foreach (var view in Texts)
        {
            if (view.Segment.Postings.Terms.Find(term) is var found and >= 0)
                frequency += view.FrequencyOf(found);
        }

        return frequency;
    }

    /// <summary>The view and row of a passage's text; view -1 when it is not there.</summary>
    public (int View, int Row) Find(Guid passage)
    {
        for (var i = 0; i < Texts.Count; i++)
        {
            if (Texts[i].AliveRowOf(passage) is var row and >= 0)
                return (i, row);
        }

        return (-1, -1);
    }
}
