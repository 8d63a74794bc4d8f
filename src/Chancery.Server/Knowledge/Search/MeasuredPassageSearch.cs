using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>Counts and times searches, whichever engine does them, and has some of them looked into.</summary>
internal sealed class MeasuredPassageSearch : IPassageSearch
{
    public const string MeterName = "Chancery.Search";

    private readonly IPassageSearch _search;
    private readonly RecallProbe _recall;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _requests;

    public MeasuredPassageSearch(IPassageSearch search, RecallProbe recall, IMeterFactory meters, TimeProvider time)
    {
        (_search, _recall, _time) = (search, recall, time);
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram<double>(
            "vector_search_duration_seconds",
            "s",
            "How long searches took, embedding and texts included."
        );
        _requests = meter.CreateCounter<long>("vector_search_requests_total", description: "Searches.");
    }

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var began = _time.GetTimestamp();
        var status = "error";
        string? model = null;
        try
        {
            var results = await _search.SearchAsync(tenant, query, cancellationToken);
            status = "success";
            _recall.Offer(tenant, query, results.Nearest);
            model = results.Model;
            return results;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            status = "cancelled";
            throw;
        }
        finally
        {
            var tags = new TagList { { "status", status }, { "model", model ?? "none" } };
            _duration.Record(_time.GetElapsedTime(began).TotalSeconds, tags);
            _requests.Add(1, tags);
        }
    }
}
