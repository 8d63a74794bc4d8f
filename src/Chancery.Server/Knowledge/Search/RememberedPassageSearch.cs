using System.Globalization;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Caching.Memory;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// What was found for a question at the tenant's present revision is not looked for again: a question that is answered from the cache of
/// answers would else spend most of its time on finding the same passages. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Whatever a search can see raises the revision: passages, vectors, tags, lists of readers, members of groups, the model. It is read from
/// PostgreSQL before each look-up, so that what was committed before a question began is found by it, on every server.
/// </remarks>
/// <param name="engine">What usually searches, one of <see cref="SearchEngines"/>.</param>
internal sealed class RememberedPassageSearch(
    IPassageSearch search,
    TenantDatabase database,
    AnswerCacheOptions options,
    string engine
) : IPassageSearch, IDisposable
{
    private const string RevisionSql = """
        SELECT revision, token FROM knowledge_revisions WHERE tenant_id = @tenant
        """;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    // What says of itself that something was missing, such as the model for the meaning: that may be back.
    private static readonly TimeSpan LifeWithNote = TimeSpan.FromSeconds(10);

    // Of a passage's record and its strings' frames, beside the texts.
    private const int FrameBytes = 600;

    private readonly MemoryCache _found = new(new MemoryCacheOptions { SizeLimit = options.ProcessBytes / 2 });

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        // Questions only: people who search look at how it was ranked, and how long it took.
        if (!options.IsOn || !query.ForAnswer || query.Explain)
        {
            return await search.SearchAsync(tenant, query, cancellationToken);
        }

        var key = KeyOf(tenant, query, await RevisionAsync(tenant, query.Reader, cancellationToken));
        if (_found.TryGetValue(key, out PassageResults? known))
        {
            return known!;
        }

        var found = await search.SearchAsync(tenant, query, cancellationToken);
        if (found.Engine != engine)
        {
            // Another one stood in while the index was made: the next time it may be there.
            return found;
        }

        using var entry = _found.CreateEntry(key);
        // The recall of a search is looked into once.
        entry.Value = found with
        {
            Nearest = null,
        };
        entry.Size = (2L * key.Length) + found.Passages.Sum(BytesOf) + FrameBytes;
        entry.AbsoluteExpirationRelativeToNow = found.Note is null ? Life : LifeWithNote;
        return found;
    }

    public void Dispose() => _found.Dispose();

    private async Task<RevisionRow> RevisionAsync(TenantId tenant, Reader reader, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, reader, cancellationToken);
        return await session.FindAsync<RevisionRow>(RevisionSql, new { tenant = tenant.Value }, cancellationToken)
            ?? throw new InvalidOperationException($"Tenant {tenant} has no row in knowledge_revisions.");
    }

    /// <summary>All of the query: a test counts its members.</summary>
    internal static string KeyOf(TenantId tenant, PassageQuery query, RevisionRow revision)
    {
        using var hash = new KeyHash();
        hash.Add("tenant", tenant.Value)
            .Add("revision", revision.Revision)
            .Add("token", revision.Token)
            .Add("reader", query.Reader.Setting)
            .Add("text", query.Text)
            .Add("limit", query.Limit)
            .Add("threshold", query.Threshold?.ToString("R", CultureInfo.InvariantCulture))
            .Add("documents", Joined(query.Documents))
            .Add("collections", Joined(query.Collections))
            .Add("tags", query.Tags?.Length ?? 0)
            .Add("from", query.From?.UtcTicks)
            .Add("to", query.To?.UtcTicks)
            .Add("words", query.WordsOnly ? 1 : 0)
            .Add("postgres", query.PostgresOnly ? 1 : 0)
            .Add("explain", query.Explain ? 1 : 0)
            .Add("answer", query.ForAnswer ? 1 : 0)
            .Add("rerank", (int)query.Rerank);
        foreach (var tag in query.Tags ?? [])
        {
            hash.Add("tag", tag);
        }

        return hash.End();
    }

    private static string Joined(Guid[]? ids) =>
        string.Join(',', (ids ?? []).Select(id => id.ToString("N", CultureInfo.InvariantCulture)));

    private static long BytesOf(Passage passage) =>
        FrameBytes
        + (2L * (passage.Text.Length + passage.Title.Length + passage.Path.Length + passage.Heading.Length))
        + (32L * passage.Highlights.Count);

    internal sealed record RevisionRow(long Revision, Guid Token);
}
