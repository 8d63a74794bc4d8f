namespace Chancery.Search.Tests.Reranking;

public sealed class SecondLookTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static readonly RerankPassage[] Passages =
    [
        Passage(10, "a"),
        Passage(8, "b"),
        Passage(6, "c"),
        Passage(5, "d"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_best_are_ranked_by_both_scores_and_the_others_stay_behind_them()
    {
        // Scaled to the three: 1, 0.5 and 0 before; 0, 0.25 and 1 now.
        var outcome = await RunAsync(new Scripted([1, 2, 5], new(3, Weight: 0.75)));

        Assert.Equal(RerankState.Done, outcome.State);
        Assert.Equal([2, 1, 0, 3], outcome.Ranked.Select(one => one.Index));
        // 0.75, 0.3125 and 0.25 of the way from 6 to 10.
        Assert.Equal([9, 7.25, 7, 5], outcome.Ranked.Select(one => one.Score));
        Assert.Equal([1, 2, 5], outcome.Scores);
        Assert.Equal(3, outcome.Candidates);
    }

    [Fact]
    public async Task A_weight_of_nothing_keeps_the_order_and_one_of_all_takes_the_new_one()
    {
        var none = await RunAsync(new Scripted([1, 2, 3, 4], new(4, Weight: 0)));
        var all = await RunAsync(new Scripted([1, 2, 3, 4], new(4, Weight: 1)));

        Assert.Equal(Passages.Select(one => one.Score), none.Ranked.Select(one => one.Score));
        Assert.Equal([3, 2, 1, 0], all.Ranked.Select(one => one.Index));
    }

    [Fact]
    public async Task Scores_that_tell_nothing_keep_the_order()
    {
        var outcome = await RunAsync(new Scripted([7, 7, 7, 7], new(10, Weight: 1)));

        Assert.Equal([0, 1, 2, 3], outcome.Ranked.Select(one => one.Index));
    }

    [Fact]
    public async Task When_the_time_is_over_the_former_order_is_served_and_the_reranker_is_told()
    {
        var reranker = new Endless();

        var outcome = await RunAsync(reranker, TimeSpan.FromMilliseconds(1));

        Assert.Equal(RerankState.OverBudget, outcome.State);
        Assert.Equal(Passages.Select(one => one.Score), outcome.Ranked.Select(one => one.Score));
        Assert.Empty(outcome.Scores);
        Assert.Equal(4, outcome.Candidates);
        await reranker.Told.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task One_that_holds_its_thread_and_listens_to_nobody_is_not_waited_for()
    {
        using var goesOn = new ManualResetEventSlim();
        var reranker = new Scripted(() =>
        {
            goesOn.Wait(TestContext.Current.CancellationToken);
            return [1, 2, 3, 4];
        });

        var outcome = await RunAsync(reranker, TimeSpan.FromMilliseconds(1));
        goesOn.Set();

        Assert.Equal(RerankState.OverBudget, outcome.State);
    }

    [Fact]
    public async Task Without_any_time_nobody_is_asked()
    {
        var outcome = await RunAsync(new Scripted(() => throw new InvalidOperationException("asked")), TimeSpan.Zero);

        Assert.Equal(RerankState.OverBudget, outcome.State);
        Assert.Equal(4, outcome.Ranked.Count);
    }

    [Fact]
    public async Task A_reranker_that_fails_costs_nothing_but_its_order()
    {
        IReranker[] rerankers =
        [
            new Scripted(() => throw new InvalidOperationException("broken")),
            new Scripted(() => throw new TimeoutException("its own")),
            new Scripted(() => throw new OperationCanceledException("its own")),
            new Scripted(() => [1, 2, 3]),
            new Scripted(() => [1, 2, 3, double.NaN]),
            new Scripted(() => [1, 2, 3, double.PositiveInfinity]),
        ];

        foreach (var reranker in rerankers)
        {
            var outcome = await RunAsync(reranker);

            Assert.Equal(RerankState.Failed, outcome.State);
            Assert.NotNull(outcome.Fault);
            Assert.Equal([0, 1, 2, 3], outcome.Ranked.Select(one => one.Index));
        }
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_it_and_gets_no_order()
    {
        using var leaving = new CancellationTokenSource();
        var reranker = new Endless();

        var running = SecondLook.RunAsync(reranker, "query", Passages, Long, TimeProvider.System, leaving.Token);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await reranker.Told.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task Where_nothing_was_found_nothing_is_asked()
    {
        var reranker = new Scripted(() => throw new InvalidOperationException("asked"));

        var outcome = await SecondLook.RunAsync(reranker, "query", [], Long, TimeProvider.System, Cancel);

        Assert.Equal(RerankState.Done, outcome.State);
        Assert.Empty(outcome.Ranked);
    }

    private static Task<RerankOutcome> RunAsync(IReranker reranker, TimeSpan? budget = null) =>
        SecondLook.RunAsync(reranker, "query", Passages, budget ?? Long, TimeProvider.System, Cancel);

    private static RerankPassage Passage(double score, string text) => new(Guid.CreateVersion7(), score, text);

    private sealed class Scripted(Func<double[]> score) : IReranker
    {
        public Scripted(double[] scores, RerankSettings settings)
            : this(() => scores) => Settings = settings;

        public string Name => "scripted";

        public RerankSettings Settings { get; } = new(10, 1);

        public Task<double[]> ScoreAsync(
            string query,
            IReadOnlyList<RerankPassage> passages,
            CancellationToken cancellationToken
        ) => Task.FromResult(score());
    }

    private sealed class Endless : IReranker
    {
        public TaskCompletionSource Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "endless";

        public RerankSettings Settings { get; } = new(10, 1);

        public async Task<double[]> ScoreAsync(
            string query,
            IReadOnlyList<RerankPassage> passages,
            CancellationToken cancellationToken
        )
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                Told.SetResult();
            }

            return [];
        }
    }
}
