using Chancery.Search.Engine.Dense;
using Chancery.Search.Engine.Segments;
using Chancery.Search.Engine.Snapshots;
using Chancery.Search.Languages;

namespace Chancery.Search.Engine;

/// <summary>
/// The passages of one tenant, ranked by words and by vectors. Safe for concurrent use: a query never waits, and sees all of
/// a batch or nothing of it; changes wait for each other, and for nothing else.
/// </summary>
public sealed class SearchIndex
{
    private readonly Lock _writing = new();
    private readonly Lock _merging = new();
    private readonly VectorLayout _layout;
    private Generation _generation;

    /// <exception cref="ArgumentOutOfRangeException">Dimensions that no vector of ours has.</exception>
    public SearchIndex(SearchIndexOptions options)
        : this(options, new Generation(IndexRevision.None, [], [])) { }

    internal SearchIndex(SearchIndexOptions options, Generation generation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Dimensions, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.Dimensions,
            VectorLayout.MostDimensions,
            nameof(options)
        );
        Options = options;
        _layout = new VectorLayout(options.Dimensions);
        _generation = generation;
    }

    public SearchIndexOptions Options { get; }

    /// <summary>Of the last batch that was applied.</summary>
    public IndexRevision Revision => Current.Revision;

    public IndexStatistics Statistics => IndexStatistics.Of(Current);

    /// <summary>What its passages are written in, English always among them.</summary>
    public LanguageSet Languages
    {
        get
        {
            var generation = Current;
            var languages = generation.Languages;
            GC.KeepAlive(generation);
            return languages;
        }
    }

    /// <summary>The same of what a reader may find.</summary>
    /// <param name="readers">See <see cref="SearchFilter.Readers"/>.</param>
    public LanguageSet LanguagesOf(IReadOnlyCollection<Guid>? readers)
    {
        var generation = Current;
        var languages = Scope.Of(generation, readers).Languages;
        GC.KeepAlive(generation);
        return languages;
    }

    internal Generation Current => Volatile.Read(ref _generation);

    /// <summary>Does a batch, as a whole or, when it is cancelled, not at all. Linear in the batch; analysis is most of it.</summary>
    /// <exception cref="OperationCanceledException">Nothing has happened then.</exception>
    public AppliedChanges Apply(IndexChanges changes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(changes);

        lock (_writing)
        {
            var (next, applied) = IndexWriter.Apply(Current, changes, Options, cancellationToken);
            Volatile.Write(ref _generation, next);
            return applied;
        }
    }

    /// <summary>The best passages. No request makes it fail.</summary>
    public SearchOutcome Search(SearchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);

        var generation = Current;
        var outcome = new SearchRun(generation, Options, request).Run();
        // Mapped files live as long as the segments that look into them.
        GC.KeepAlive(generation);
        return outcome;
    }

    /// <summary>How common terms are, for what ranks passages again: exact, and of passages that can be found.</summary>
    /// <param name="terms">As <see cref="TextAnalyzer"/> gives them.</param>
    /// <param name="readers">See <see cref="SearchFilter.Readers"/>; <see langword="null"/> counts everything.</param>
    public CorpusStatistics StatisticsOf(IEnumerable<string> terms, IReadOnlyCollection<Guid>? readers = null)
    {
        var generation = Current;
        var scope = Scope.Of(generation, readers);
        var statistics = new CorpusStatistics(
            scope.PassageCount,
            scope.AverageLength,
            terms.Distinct().ToDictionary(term => term, scope.FrequencyOf)
        );
        GC.KeepAlive(generation);
        return statistics;
    }

    /// <summary>How many passages can be found by their words only.</summary>
    /// <param name="readers">See <see cref="SearchFilter.Readers"/>.</param>
    public int WithoutVector(IReadOnlyCollection<Guid>? readers)
    {
        var generation = Current;
        if (readers is null || generation.PassageCount == generation.VectorCount)
            return generation.PassageCount - generation.VectorCount;
        var filter = new SearchFilter { Readers = readers };
        return Scope.Of(generation, readers).PassageCount
            - generation.Vectors.Sum(view => view.Allowed(filter).Count());
    }

    /// <summary>Opens what <see cref="Save"/> wrote. Linear in the file, which is read once to check it.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="options">Owner, weights, dimensions and stamp must be those of the snapshot.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    public static SnapshotOpening Open(
        string path,
        SearchIndexOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return SnapshotReader.Open(path, options, cancellationToken);
    }

    /// <summary>
    /// Writes what the index holds now to a file, which it then replaces as a whole. Queries and changes go on meanwhile.
    /// </summary>
    /// <remarks>After a loss of power the file is the one of before or the new one, never half of it.</remarks>
    /// <exception cref="IOException">It could not be written; what was there before is still there.</exception>
    public void Save(string path, CancellationToken cancellationToken = default)
    {
        var generation = Current;
        SnapshotWriter.Write(path, generation, Options, cancellationToken);
        GC.KeepAlive(generation);
    }

    /// <summary>
    /// Joins segments of similar size, once; call it after changes, on a thread that has time. Queries and changes go on
    /// meanwhile.
    /// </summary>
    /// <param name="everything">Leave one segment of each kind, without what was removed: for the best speed, at most work.</param>
    /// <returns>Whether there was something to do; there may be more.</returns>
    /// <exception cref="OperationCanceledException">Nothing has happened then.</exception>
    public bool Merge(bool everything = false, CancellationToken cancellationToken = default)
    {
        lock (_merging)
        {
            var start = Current;
            var merged = MergeTexts(start, everything, cancellationToken);
            merged |= MergeVectors(start, everything, cancellationToken);
            return merged;
        }
    }

    private bool MergeTexts(Generation start, bool everything, CancellationToken cancellationToken)
    {
        var sources = MergePolicy.Choose(start.Texts, everything, FitsInOne);
        if (sources.Count == 0)
            return false;

        var origins = RowOrigins.Of(sources);
        var segment = TextSegmentMerger.Merge(sources, origins, Options.Weights, cancellationToken);
        lock (_writing)
        {
            var current = Current;
            TextView?[] now =
            [
                .. sources.Select(source =>
                    current.Texts.FirstOrDefault(view => ReferenceEquals(view.Segment, source.Segment))
                ),
            ];
            var view = new TextView(
                segment,
                MergedView.Alive(sources, now, origins),
                MergedView.Documents(segment.Rows, sources, now),
                MergedView.Ordinals(now, sources, origins)
            );
            Volatile.Write(
                ref _generation,
                new Generation(current.Revision, Replace(current.Texts, now, view), current.Vectors)
            );
        }

        GC.KeepAlive(start);
        return true;
    }

    private bool MergeVectors(Generation start, bool everything, CancellationToken cancellationToken)
    {
        var sources = MergePolicy.Choose(
            start.Vectors,
            everything,
            views => views.Sum(view => (long)view.AliveCount) <= _layout.MostRows
        );
        if (sources.Count == 0)
            return false;

        var origins = RowOrigins.Of(sources);
        var segment = VectorSegmentBuilder.Merge(sources, origins, _layout, cancellationToken);
        lock (_writing)
        {
            var current = Current;
            VectorView?[] now =
            [
                .. sources.Select(source =>
                    current.Vectors.FirstOrDefault(view => ReferenceEquals(view.Segment, source.Segment))
                ),
            ];
            var view = new VectorView(
                segment,
                MergedView.Alive(sources, now, origins),
                MergedView.Documents(segment.Rows, sources, now)
            );
            Volatile.Write(
                ref _generation,
                new Generation(current.Revision, current.Texts, Replace(current.Vectors, now, view))
            );
        }

        GC.KeepAlive(start);
        return true;
    }

    private static bool FitsInOne(IEnumerable<TextView> views) => views.Sum(view => view.Bytes) < 1_500_000_000;

    private static IReadOnlyList<TView> Replace<TView>(IReadOnlyList<TView> views, TView?[] replaced, TView by)
        where TView : SegmentView =>
        [.. views.Except(replaced).OfType<TView>(), .. by.AliveCount > 0 ? [by] : (TView[])[]];
}
