using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Search;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>
/// Ranks again what another search found, where that is wanted. It is asked for as many passages as the reranker looks at; no database
/// session is open while that thinks. Whatever goes wrong, the former order is served, and the answer says so.
/// </summary>
internal sealed class RerankedPassageSearch : IPassageSearch
{
    private readonly IPassageSearch _search;
    private readonly Rerankers _rerankers;
    private readonly TimeProvider _time;
    private readonly ILogger<RerankedPassageSearch> _logger;
    private readonly Histogram<double> _duration;

    public RerankedPassageSearch(
        IPassageSearch search,
        Rerankers rerankers,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<RerankedPassageSearch> logger
    )
    {
        (_search, _rerankers, _time, _logger) = (search, rerankers, time, logger);
        _duration = meters
            .Create(MeasuredPassageSearch.MeterName)
            .CreateHistogram<double>(
                "vector_rerank_duration_seconds",
                "s",
                "How long searches waited for passages to be ranked again."
            );
    }

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);

        var choice = _rerankers.Of(query.Rerank);
        IReranker? reranker = choice switch
        {
            RerankChoice.MaxSim => _rerankers.MaxSim,
            RerankChoice.Cross => _rerankers.Cross,
            _ => null,
        };
        if (reranker is null)
        {
            var plain = await _search.SearchAsync(tenant, query, cancellationToken);
            return choice is RerankChoice.Off ? plain : plain with { Rerank = Unavailable(choice) };
        }

        var found = await _search.SearchAsync(
            tenant,
            query with
            {
                Limit = Math.Max(query.Limit, reranker.Settings.Candidates),
            },
            cancellationToken
        );
        // Pages that hold a figure say little else: what reads like the question is not what answers it.
        if (found.IsByPages || found.Passages.Count == 0)
        {
            return Cut(found, query.Limit);
        }

        var outcome = await SecondLook.RunAsync(
            reranker,
            QuerySyntax.Parse(query.Text).Wanted,
            [
                .. found.Passages.Select(passage => new RerankPassage(
                    passage.ChunkId,
                    passage.Score,
                    passage.Text,
                    passage.Heading
                )),
            ],
            _rerankers.Budget,
            _time,
            cancellationToken
        );
        if (outcome.Fault is { } fault)
        {
            Log.RerankFailed(_logger, reranker.Name, fault);
        }

        var report = ReportOf(reranker, outcome);
        _duration.Record(
            outcome.Elapsed.TotalSeconds,
            new TagList { { "reranker", report.Reranker }, { "outcome", report.Outcome } }
        );
        return Cut(found with { Passages = InOrder(found.Passages, outcome, query.Explain) }, query.Limit) with
        {
            Rerank = report,
            StageMilliseconds = new Dictionary<string, double>(found.StageMilliseconds)
            {
                [StageTimes.Reranking] = outcome.Elapsed.TotalMilliseconds,
            },
        };
    }

    private static PassageResults Cut(PassageResults found, int limit) =>
        found.Passages.Count <= limit ? found : found with { Passages = [.. found.Passages.Take(limit)] };

    private static Passage[] InOrder(IReadOnlyList<Passage> passages, RerankOutcome outcome, bool isExplained)
    {
        var ranks = outcome
            .Scores.Index()
            .OrderByDescending(one => one.Item)
            .Select((one, rank) => (one.Index, Stage: new StageRank(rank + 1, one.Item)))
            .ToDictionary(one => one.Index, one => one.Stage);
        return
        [
            .. outcome.Ranked.Select(ranked =>
            {
                var passage = passages[ranked.Index] with { Score = ranked.Score };
                return isExplained && passage.Explain is { } explanation
                    ? passage with
                    {
                        Explain = explanation with { Rerank = ranks.GetValueOrDefault(ranked.Index) },
                    }
                    : passage;
            }),
        ];
    }

    private RerankReport ReportOf(IReranker reranker, RerankOutcome outcome) =>
        new(
            reranker.Name,
            outcome.State switch
            {
                RerankState.Done => RerankReport.Done,
                RerankState.OverBudget => RerankReport.OverBudget,
                RerankState.Failed => RerankReport.Failed,
                _ => throw new UnreachableException($"Unhandled state {outcome.State}."),
            },
            outcome.Candidates,
            outcome.Elapsed.TotalMilliseconds,
            (int)_rerankers.Budget.TotalMilliseconds,
            outcome.State switch
            {
                RerankState.OverBudget =>
                    "Ranking the passages again would have taken longer than it may: they stand as they were ranked before.",
                RerankState.Failed =>
                    "The passages could not be ranked again (the server's log tells why): they stand as they were ranked before.",
                _ => null,
            }
        );

    private RerankReport Unavailable(RerankChoice choice) =>
        new(
            choice is RerankChoice.Cross ? RerankNames.Cross : RerankNames.MaxSim,
            RerankReport.Unavailable,
            Candidates: 0,
            TookMs: 0,
            (int)_rerankers.Budget.TotalMilliseconds,
            choice is RerankChoice.Cross
                ? "This server has no cross-encoder (setting CROSS_ENCODER): the passages were not ranked again."
                : "No model runs in this server (setting EMBEDDING_LOCAL): the passages were not ranked again."
        );
}
