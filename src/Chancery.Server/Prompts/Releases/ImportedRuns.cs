using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// Takes the mark of a release from the uses that an archive brought: they were counted where they were made, and an archive has no say in
/// what words this installation gives to everybody.
/// </summary>
internal sealed class ImportedRuns : IImportCheck
{
    private const string Sql = """
        UPDATE prompt_runs AS u SET rollout_id = NULL, is_treated = false
        WHERE u.tenant_id = @tenant AND u.rollout_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM prompt_rollouts AS r WHERE r.tenant_id = u.tenant_id AND r.rollout_id = u.rollout_id)
        """;

    public string Table => "prompt_runs";

    public async Task<bool> FitsAsync(TenantSession session, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(Sql, new { tenant = session.Tenant.Value }, cancellationToken);
        return true;
    }
}
