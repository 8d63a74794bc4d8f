using System.Numerics.Tensors;

namespace Chancery.Bench.Peers;

/// <summary>What a scan of all vectors in 32-bit floats finds, for each filter, and how much of it others found.</summary>
internal sealed class PeerTruth
{
    private const int Hits = 10;

    /// <summary>Of twins either counts.</summary>
    private const float Tie = 1e-6f;

    private readonly PeerSet _set;

    /// <summary>By filter, for each query, the cosine of the last that must be found, and how many there are.</summary>
    private readonly (float Last, int Count)[][] _bounds;

    public PeerTruth(PeerSet set)
    {
        _set = set;
        _bounds = [.. PeerSet.Filters.Select(_ => new (float, int)[set.QueryCount])];
        // Rows of one block stay near while all queries look at them.
        const int block = 512;
        Parallel.For(
            0,
            Environment.ProcessorCount,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            part =>
            {
                int[] mine =
                [
                    .. Enumerable.Range(0, set.QueryCount).Where(query => query % Environment.ProcessorCount == part),
                ];
                var nearest = mine.Select(_ => PeerSet.Filters.Select(_ => new PriorityQueue<int, float>()).ToArray())
                    .ToArray();
                for (var from = 0; from < set.Count; from += block)
                {
                    for (var i = 0; i < mine.Length; i++)
                    {
                        for (var row = from; row < Math.Min(set.Count, from + block); row++)
                            Offer(nearest[i], row, TensorPrimitives.Dot(set.Vector(row), set.Query(mine[i])));
                    }
                }

                for (var i = 0; i < mine.Length; i++)
                {
                    for (var filter = 0; filter < _bounds.Length; filter++)
                    {
                        nearest[i][filter].TryPeek(out _, out var last);
                        _bounds[filter][mine[i]] = (last, nearest[i][filter].Count);
                    }
                }
            }
        );
    }

    /// <param name="found">For each query, from the first on, the rows that were found.</param>
    public double Recall(int? filter, IReadOnlyList<IReadOnlyList<int>> found)
    {
        var bounds = _bounds[Array.IndexOf(PeerSet.Filters, filter)];
        return found
            .Select(
                (rows, query) =>
                    bounds[query].Count == 0
                        ? 1
                        : rows.Distinct()
                            .Take(Hits)
                            .Count(row =>
                                _set.IsAllowed(row, filter)
                                && TensorPrimitives.Dot(_set.Vector(row), _set.Query(query)) >= bounds[query].Last - Tie
                            ) / (double)bounds[query].Count
            )
            .Average();
    }

    private void Offer(PriorityQueue<int, float>[] nearest, int row, float cosine)
    {
        for (var filter = 0; filter < nearest.Length; filter++)
        {
            var queue = nearest[filter];
            if (!_set.IsAllowed(row, PeerSet.Filters[filter]))
                continue;
            if (queue.Count < Hits)
                queue.Enqueue(row, cosine);
            else if (queue.TryPeek(out _, out var least) && cosine > least)
                queue.EnqueueDequeue(row, cosine);
        }
    }
}
