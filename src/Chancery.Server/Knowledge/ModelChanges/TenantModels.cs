using System.Collections.Concurrent;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>What an organisation is searched with.</summary>
/// <param name="Name">Under which its vectors are kept; null where there is no model.</param>
/// <param name="Embeddings">Null where this server cannot embed with it.</param>
/// <param name="IsWanted">Whether the settings name it, so that vectors are made by it once that can be.</param>
internal readonly record struct ServingModel(string? Name, Embeddings? Embeddings, bool IsWanted);

/// <summary>Tells which embedding model each organisation is searched with. Safe for concurrent use.</summary>
internal sealed class TenantModels(TenantDatabase database, EmbeddingModels models)
{
    private const string ServingSql = "SELECT serving FROM tenant_models WHERE tenant_id = @tenant";

    private const string HeldSql = ServingSql + " FOR SHARE";

    // As the last answer of the database had it: what is behind is found out by the statement that each search runs anyway.
    private readonly ConcurrentDictionary<TenantId, string?> _known = new();

    /// <summary>As it is now.</summary>
    public async Task<ServingModel> OfAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await OfAsync(session, cancellationToken);
    }

    public async Task<ServingModel> OfAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var serving = await session.FindAsync<string>(
            ServingSql,
            new { tenant = session.Tenant.Value },
            cancellationToken
        );
        Learn(session.Tenant, serving);
        return Resolve(serving);
    }

    /// <summary>The same, and it stays so until the end of the transaction.</summary>
    public async Task<ServingModel> HoldAsync(TenantSession session, CancellationToken cancellationToken) =>
        Resolve(await session.FindAsync<string>(HeldSql, new { tenant = session.Tenant.Value }, cancellationToken));

    /// <summary>As it was a moment ago, mostly without asking the database.</summary>
    public async ValueTask<ServingModel> RecentAsync(TenantId tenant, CancellationToken cancellationToken) =>
        _known.TryGetValue(tenant, out var known) ? Resolve(known) : await OfAsync(tenant, cancellationToken);

    /// <param name="serving">As the database has it.</param>
    public void Learn(TenantId tenant, string? serving) => _known[tenant] = serving;

    private ServingModel Resolve(string? serving)
    {
        var name = serving ?? models.Default.Model;
        var wanted = models.Find(name);
        return new ServingModel(name, wanted?.Model is null ? null : wanted, wanted is not null);
    }
}
