using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// Which of the background work that an archive brings goes on where it comes in. Whoever knows the passphrase can write an archive, and work
/// makes the server act: what may come in is what the organisation could have asked for here itself, about things that came in with it.
/// </summary>
internal static class ImportedWork
{
    // A subject is compared as a whole: with a member more it is not what the capability writes.
    private const string Nothing = "t.subject = '{}'::jsonb";

    /// <summary>Kinds that go on, each with what a piece of it has to fulfil, as SQL over the row <c>t</c>.</summary>
    public static IReadOnlyDictionary<string, string> Taken { get; } =
        new Dictionary<string, string>
        {
            ["ingest"] =
                "EXISTS (SELECT 1 FROM document_versions AS o WHERE o.tenant_id = t.tenant_id AND t.subject = jsonb_build_object('document_id', o.document_id, 'version', o.version))",
            ["fetch"] =
                "EXISTS (SELECT 1 FROM document_sources AS o WHERE o.tenant_id = t.tenant_id AND o.state = 'fetching' AND t.subject = jsonb_build_object('document_id', o.document_id))",
            ["vectors"] = Nothing,
            ["contract-vectors"] = Nothing,
            ["former-vectors"] = Nothing,
            ["model-change"] =
                "EXISTS (SELECT 1 FROM model_changes AS o WHERE o.tenant_id = t.tenant_id AND o.state = 'running' AND t.subject = jsonb_build_object('change_id', o.change_id))",
            ["eval-run"] =
                "EXISTS (SELECT 1 FROM eval_runs AS o WHERE o.tenant_id = t.tenant_id AND o.state IN ('queued', 'running') AND t.subject = jsonb_build_object('run', o.run_id))",
            ["red-team-run"] =
                "EXISTS (SELECT 1 FROM red_team_runs AS o WHERE o.tenant_id = t.tenant_id AND o.state IN ('queued', 'running') AND t.subject = jsonb_build_object('run', o.run_id))",
        };

    /// <summary>Kinds that stay behind, and why. So does every kind that is not known here.</summary>
    public static IReadOnlyDictionary<string, string> LeftBecause { get; } =
        new Dictionary<string, string>
        {
            ["limit-alert"] = "It tells the operator there, or of limits there; its text is whatever the archive says.",
            ["owner-letter"] = "It is the installation's, and of no organisation.",
            ["erase-organization"] = "It is the installation's, and of no organisation.",
        };

    /// <summary>Removes from the session's tenant what does not go on; answers how many pieces.</summary>
    public static async Task<int> SiftAsync(TenantSession session, CancellationToken cancellationToken)
    {
        // One kind at a time: only so is each a join.
        var removed = await session.ExecuteAsync(
            "DELETE FROM work_items AS t WHERE t.tenant_id = current_tenant() AND t.kind <> ALL (@kinds)",
            new { kinds = Taken.Keys.ToArray() },
            cancellationToken
        );
        foreach (var (kind, fits) in Taken)
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
