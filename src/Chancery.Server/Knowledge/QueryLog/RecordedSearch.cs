using Chancery.Server.Access;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Knowledge.QueryLog;

/// <summary>
/// Search as callers of the API do it, written down. Questions of conversations go past it: those are their asker's alone.
/// Safe for concurrent use.
/// </summary>
internal sealed class RecordedSearch(IPassageSearch search, QueryRecorder recorder, TimeProvider time)
{
    /// <param name="source">One of <see cref="QuerySource"/>.</param>
    public async Task<PassageResults> SearchAsync(
        Principal principal,
        string source,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var found = await search.SearchAsync(
            principal.Tenant,
            query with
            {
                Reader = principal.Reader,
            },
            cancellationToken
        );
        recorder.Record(
            LoggedQuery.Of(principal, source, query, found, time.GetElapsedTime(started), time.GetUtcNow())
        );
        return found;
    }
}
