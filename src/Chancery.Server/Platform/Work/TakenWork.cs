using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Work;

/// <summary>
/// A kind of background work of an archive that goes on where the archive comes in. The capability that does the work registers it.
/// </summary>
/// <param name="Kind">Of the work.</param>
/// <param name="Fits">What a piece of it has to fulfil, as SQL over its row <c>t</c>.</param>
internal sealed record TakenWork(string Kind, string Fits)
{
    /// <summary>
    /// Of work about nothing in particular. A subject is compared as a whole: with a member more it is not what a capability writes.
    /// </summary>
    public const string AboutNothing = "t.subject = '{}'::jsonb";

    /// <summary>Removes from the session's tenant what does not go on; answers how many pieces.</summary>
    public static async Task<int> SiftAsync(
        TenantSession session,
        IReadOnlyCollection<TakenWork> taken,
        CancellationToken cancellationToken
    )
    {
        // One kind at a time: only so is each a join.
        var removed = await session.ExecuteAsync(
            "DELETE FROM work_items AS t WHERE t.tenant_id = current_tenant() AND t.kind <> ALL (@kinds)",
            new { kinds = taken.Select(work => work.Kind).ToArray() },
            cancellationToken
        );
        foreach (var (kind, fits) in taken)
        {
            removed += await session.ExecuteAsync(
                $"DELETE FROM work_items AS t WHERE t.tenant_id = current_tenant() AND t.kind = @kind AND NOT ({fits})",
                new { kind },
                cancellationToken
            );
        }

        return removed;
    }
}

internal static class TakenWorkExtensions
{
    /// <summary>Kinds of the capability's work that come in with an organisation.</summary>
    public static void AddTakenWork(this IServiceCollection services, IEnumerable<TakenWork> kinds)
    {
        foreach (var kind in kinds)
        {
            services.AddSingleton(kind);
        }
    }
}
