namespace Chancery.Search.Engine;

/// <summary>How large an index is.</summary>
/// <param name="Passages">That can be found.</param>
/// <param name="Vectors">Of those with a vector.</param>
/// <param name="RemovedRows">Rows that the next merges will leave out.</param>
/// <param name="Bytes">Of all segments, in memory or mapped.</param>
public readonly record struct IndexStatistics(
    int Passages,
    int Vectors,
    int TextSegments,
    int VectorSegments,
    int RemovedRows,
    long Bytes
)
{
    internal static IndexStatistics Of(Generation generation) =>
        new(
            generation.PassageCount,
            generation.VectorCount,
            generation.Texts.Count,
            generation.Vectors.Count,
            generation.Texts.Sum(view => view.Rows.Count - view.AliveCount)
                + generation.Vectors.Sum(view => view.Rows.Count - view.AliveCount),
            generation.Texts.Sum(view => view.Bytes) + generation.Vectors.Sum(view => view.Bytes)
        );
}
