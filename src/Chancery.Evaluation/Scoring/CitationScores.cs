namespace Chancery.Evaluation.Scoring;

/// <summary>Whether an answer cites what it should: passages, pages, whatever both sides are named by.</summary>
public static class CitationScores
{
    /// <summary>
    /// The share of what is cited that was expected. Not applicable to an answer that cites nothing, and to a question for which nobody
    /// said what to expect.
    /// </summary>
    /// <param name="expected">Null where nobody said; empty where nothing should be cited.</param>
    public static Score Precision<TPlace>(IEnumerable<TPlace> cited, IReadOnlyCollection<TPlace>? expected)
    {
        ArgumentNullException.ThrowIfNull(cited);
        var places = cited.ToHashSet();
        return expected is null || places.Count == 0
            ? Score.None
            : Score.Of((double)places.Count(expected.Contains) / places.Count);
    }

    /// <summary>The share of what was expected that is cited; not applicable where nothing was.</summary>
    public static Score Recall<TPlace>(IEnumerable<TPlace> cited, IReadOnlyCollection<TPlace>? expected)
    {
        ArgumentNullException.ThrowIfNull(cited);
        var places = cited.ToHashSet();
        var wanted = (expected ?? []).ToHashSet();
        return wanted.Count == 0 ? Score.None : Score.Of((double)wanted.Count(places.Contains) / wanted.Count);
    }
}
