namespace Chancery.Server.Knowledge.Search.Recall;

/// <summary>What a search took for the nearest passages, by whatever is faster than looking at every vector.</summary>
/// <param name="Ids">Nearest first; a hundred of them where there are so many.</param>
/// <param name="Revision">The token of the tenant's revision at which they were found.</param>
internal sealed record ServedNearest(
    string Model,
    ReadOnlyMemory<float> Vector,
    IReadOnlyList<Guid> Ids,
    Guid Revision
);

/// <summary>The truth about a <see cref="ServedNearest"/>.</summary>
/// <param name="Nearest">Cosines of the nearest passages, nearest first.</param>
/// <param name="Served">Cosines of those that were served, in their order; null where there is none to be seen.</param>
internal sealed record ExactNearest(IReadOnlyList<double> Nearest, IReadOnlyList<double?> Served)
{
    /// <summary>
    /// Which share of the <paramref name="k"/> nearest was served among as many. One that is exactly as near as the last of them is as
    /// good. Where there are fewer passages, of those; null where there is none.
    /// </summary>
    public double? RecallAt(int k)
    {
        var wanted = Math.Min(k, Nearest.Count);
        return wanted == 0 ? null : Served.Take(wanted).Count(cosine => cosine >= Nearest[wanted - 1]) / (double)wanted;
    }
}
