namespace Chancery.Search;

/// <summary>Ranks the best passages again, within a time after which their former order is served. Safe for concurrent use.</summary>
public static class SecondLook
{
    /// <param name="query">Plain text; phrases and exclusions are the caller's.</param>
    /// <param name="passages">Best first.</param>
    /// <param name="budget">
    /// How long somebody waits for it. What has not ended by then is told to, and not waited for. Zero or less is over at once.
    /// </param>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public static async Task<RerankOutcome> RunAsync(
        IReranker reranker,
        string query,
        IReadOnlyList<RerankPassage> passages,
        TimeSpan budget,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(reranker);
        ArgumentNullException.ThrowIfNull(passages);
        ArgumentNullException.ThrowIfNull(time);

        RerankPassage[] best = [.. passages.Take(reranker.Settings.Candidates)];
        var began = time.GetTimestamp();
        if (best.Length == 0 || budget <= TimeSpan.Zero)
            return AsBefore(best.Length == 0 ? RerankState.Done : RerankState.OverBudget);

        var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // On another thread: one that begins with work of its own would hold the caller beyond the budget.
        var scoring = Task.Run(() => reranker.ScoreAsync(query, best, ends.Token), CancellationToken.None);
        try
        {
            var scores = await scoring.WaitAsync(budget, time, cancellationToken);
            if (scores.Length != best.Length || !scores.All(double.IsFinite))
                return AsBefore(
                    RerankState.Failed,
                    new InvalidOperationException("It did not give one number for each passage.")
                );

            return new RerankOutcome(
                RerankState.Done,
                Blend(passages, scores, reranker.Settings.Weight),
                scores,
                best.Length,
                time.GetElapsedTime(began)
            );
        }
        catch (Exception exception)
        {
            // Whatever else a reranker does, its own cancellation too, there is an order to serve.
            cancellationToken.ThrowIfCancellationRequested();
            return exception is TimeoutException && !scoring.IsFaulted
                ? AsBefore(RerankState.OverBudget)
                : AsBefore(RerankState.Failed, exception);
        }
        finally
        {
            // It may still run for a moment, and is not waited for; its end is nobody's fault any more.
            _ = Task.WhenAll(scoring, ends.CancelAsync())
                .ContinueWith(
                    ended =>
                    {
                        _ = ended.Exception;
                        ends.Dispose();
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default
                );
        }

        RerankOutcome AsBefore(RerankState state, Exception? fault = null) =>
            new(
                state,
                [.. passages.Select((passage, place) => new RankedCandidate(place, passage.Score))],
                [],
                best.Length,
                time.GetElapsedTime(began),
                fault
            );
    }

    /// <summary>
    /// Both scores of the first passages, each scaled to them, as a weighted sum; brought back to the scale of the former scores, so
    /// that those stay behind which nobody looked at. Equal ones keep their order.
    /// </summary>
    /// <param name="passages">Best first.</param>
    /// <param name="scores">Of the first of them.</param>
    public static IReadOnlyList<RankedCandidate> Blend(
        IReadOnlyList<RerankPassage> passages,
        IReadOnlyList<double> scores,
        double weight
    )
    {
        ArgumentNullException.ThrowIfNull(passages);
        ArgumentNullException.ThrowIfNull(scores);

        var former = passages.Take(scores.Count).Select(passage => passage.Score).ToArray();
        if (former.Length == 0)
            return [.. passages.Select((passage, place) => new RankedCandidate(place, passage.Score))];

        var (low, high) = (former.Min(), former.Max());
        var (least, most) = (scores.Min(), scores.Max());
        return
        [
            .. former
                .Select(
                    (score, place) =>
                        (place, joined: Join(Scaled(score, low, high), Scaled(scores[place], least, most)))
                )
                .OrderByDescending(one => one.joined)
                .Select(one => new RankedCandidate(one.place, low + (one.joined * (high - low)))),
            .. passages.Select((passage, place) => new RankedCandidate(place, passage.Score)).Skip(former.Length),
        ];

        double Join(double before, double now) => ((1 - weight) * before) + (weight * now);

        static double Scaled(double score, double from, double to) => to > from ? (score - from) / (to - from) : 1;
    }
}
