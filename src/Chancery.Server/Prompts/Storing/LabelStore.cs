using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Prompts.Storing;

/// <summary>How the moving of a label ended.</summary>
internal enum MoveOutcome
{
    Moved,
    NoPrompt,
    NoVersion,

    /// <summary>The label does not point at the version that the caller saw.</summary>
    Elsewhere,

    /// <summary>A rollout decides which version is in production.</summary>
    RollingOut,
}

/// <summary>Labels: pointers at versions, moved by compare-and-swap; each move is written down. Safe for concurrent use.</summary>
internal sealed class LabelStore(TenantDatabase database, PromptStore prompts, TimeProvider time)
{
    // Whatever moves a label of a prompt, or begins or ends a rollout of it, holds this row.
    private const string LockSql = "SELECT 1 FROM prompts WHERE tenant_id = @tenant AND prompt_id = @id FOR UPDATE";

    private const string CurrentSql =
        "SELECT version FROM prompt_labels WHERE tenant_id = @tenant AND prompt_id = @id AND label = @label";

    private const string IsRollingOutSql =
        "SELECT count(*) FROM prompt_rollouts WHERE tenant_id = @tenant AND prompt_id = @id AND state = 'running'";

    private const string SetSql = """
        INSERT INTO prompt_labels (tenant_id, prompt_id, label, version, moves) VALUES (@tenant, @id, @label, @version, 1)
        ON CONFLICT (tenant_id, prompt_id, label) DO UPDATE SET version = excluded.version, moves = prompt_labels.moves + 1
        """;

    private const string RemoveSql =
        "DELETE FROM prompt_labels WHERE tenant_id = @tenant AND prompt_id = @id AND label = @label";

    private const string RecordSql = """
        INSERT INTO prompt_label_moves (tenant_id, prompt_id, label, number, from_version, to_version, why, author_id, author, created_at)
        SELECT @tenant, @id, @label, 1 + coalesce(max(m.number), 0), @before, @version, @why, @authorId, @author, @now
        FROM prompt_label_moves AS m WHERE m.tenant_id = @tenant AND m.prompt_id = @id AND m.label = @label
        """;

    private const string MovesSql = """
        SELECT label, number, from_version AS "from", to_version AS "to", why, author, created_at
        FROM prompt_label_moves
        WHERE tenant_id = @tenant AND prompt_id = @id AND (@label::text IS NULL OR label = @label)
        ORDER BY created_at DESC, label, number DESC
        LIMIT @most
        """;

    // An older one: whoever goes back twice does not come to what they went back from.
    private const string BeforeSql = """
        SELECT from_version FROM prompt_label_moves
        WHERE tenant_id = @tenant AND prompt_id = @id AND label = 'production' AND to_version = @version AND from_version < @version
        ORDER BY number DESC LIMIT 1
        """;

    /// <summary>Points a label at a version; a label that is new is made.</summary>
    /// <param name="expected">The version that it pointed at when the caller looked; null for wherever it points.</param>
    /// <returns>How it ended, and where the label points now.</returns>
    public async Task<(MoveOutcome Outcome, int? Version)> MoveAsync(
        Principal principal,
        Guid id,
        string label,
        int version,
        int? expected,
        string? why,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (!await LockAsync(session, id, cancellationToken))
        {
            return (MoveOutcome.NoPrompt, null);
        }

        if (await prompts.FindVersionAsync(session, id, version, cancellationToken) is null)
        {
            return (MoveOutcome.NoVersion, null);
        }

        var now = await CurrentAsync(session, id, label, cancellationToken);
        if (expected is not null && now != expected)
        {
            return (MoveOutcome.Elsewhere, now);
        }

        if (label == PromptLabel.Production && await IsRollingOutAsync(session, id, cancellationToken))
        {
            return (MoveOutcome.RollingOut, now);
        }

        await PointAsync(session, id, label, now, version, why, (principal.UserId, principal.Name), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return (MoveOutcome.Moved, version);
    }

    /// <summary>Back to the older version that was in production before the one that is.</summary>
    /// <returns>The version that is in production now, and that nothing was before it.</returns>
    public async Task<(MoveOutcome Outcome, int? Version)> StepBackAsync(
        Principal principal,
        Guid id,
        string? why,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (!await LockAsync(session, id, cancellationToken))
        {
            return (MoveOutcome.NoPrompt, null);
        }

        if (await IsRollingOutAsync(session, id, cancellationToken))
        {
            return (MoveOutcome.RollingOut, null);
        }

        var now = await CurrentAsync(session, id, PromptLabel.Production, cancellationToken);
        var before = await session.FindAsync<int?>(
            BeforeSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                version = now,
            },
            cancellationToken
        );
        if (before is not { } version)
        {
            return (MoveOutcome.NoVersion, now);
        }

        await PointAsync(
            session,
            id,
            PromptLabel.Production,
            now,
            version,
            why,
            (principal.UserId, principal.Name),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return (MoveOutcome.Moved, version);
    }

    /// <summary>Takes a label away; not production.</summary>
    public async Task<bool> RemoveAsync(Principal principal, Guid id, string label, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (
            !await LockAsync(session, id, cancellationToken)
            || await CurrentAsync(session, id, label, cancellationToken) is not { } before
        )
        {
            return false;
        }

        await session.ExecuteAsync(
            RemoveSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
            },
            cancellationToken
        );
        await RecordAsync(
            session,
            id,
            label,
            before,
            null,
            null,
            (principal.UserId, principal.Name),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Newest first, of one label or all.</summary>
    public async Task<IReadOnlyList<LabelMove>> MovesAsync(
        Principal principal,
        Guid id,
        string? label,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<MoveRow>(
            MovesSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
                most,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new LabelMove(
                row.Label,
                row.Number,
                row.From,
                row.To,
                row.Why,
                row.Author,
                row.CreatedAt
            )),
        ];
    }

    /// <summary>Keeps others from moving this prompt's labels and rollouts until the session ends; false when there is no such prompt.</summary>
    public async Task<bool> LockAsync(TenantSession session, Guid id, CancellationToken cancellationToken)
    {
        await prompts.EnsureAsync(session, id, cancellationToken);
        return await session.FindAsync<int?>(LockSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
            is not null;
    }

    /// <summary>Where a label points; null where there is no such label.</summary>
    public static Task<int?> CurrentAsync(
        TenantSession session,
        Guid id,
        string label,
        CancellationToken cancellationToken
    ) =>
        session.FindAsync<int?>(
            CurrentSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
            },
            cancellationToken
        );

    /// <summary>Points a label at a version and writes the move down. The caller holds the lock.</summary>
    /// <param name="author">No id where nobody did it: a rollout's own step.</param>
    public async Task PointAsync(
        TenantSession session,
        Guid id,
        string label,
        int? before,
        int version,
        string? why,
        (Guid? Id, string Name) author,
        CancellationToken cancellationToken
    )
    {
        if (before == version)
        {
            return;
        }

        await session.ExecuteAsync(
            SetSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
                version,
            },
            cancellationToken
        );
        await RecordAsync(session, id, label, before, version, why, author, cancellationToken);
    }

    private Task<int> RecordAsync(
        TenantSession session,
        Guid id,
        string label,
        int? before,
        int? version,
        string? why,
        (Guid? Id, string Name) author,
        CancellationToken cancellationToken
    ) =>
        session.ExecuteAsync(
            RecordSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                label,
                before,
                version,
                why,
                authorId = author.Id,
                author = author.Name,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );

    private static async Task<bool> IsRollingOutAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        await session.FindAsync<long>(IsRollingOutSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        > 0;

    private sealed class MoveRow
    {
        public string Label { get; init; } = "";

        public int Number { get; init; }

        public int? From { get; init; }

        public int? To { get; init; }

        public string? Why { get; init; }

        public string Author { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }
    }
}
