using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Templates;
using Npgsql;

namespace Chancery.Server.Prompts.Storing;

/// <summary>An organisation's prompts and their versions; the product's own as they were shipped, until somebody changes them. Safe for concurrent use.</summary>
internal sealed class PromptStore(
    TenantDatabase database,
    ShippedPrompts shipped,
    ReleaseWords releases,
    TimeProvider time
)
{
    /// <summary>The most prompts that an organisation may have.</summary>
    public const int Most = 500;

    private const string ShippedAuthor = "Chancery";

    private const string SummarySql = """
        SELECT p.prompt_id AS id, p.name, p.description, p.latest, p.created_at, p.updated_at,
               ARRAY(SELECT l.label FROM prompt_labels AS l WHERE l.tenant_id = p.tenant_id AND l.prompt_id = p.prompt_id ORDER BY l.label) AS labels,
               ARRAY(SELECT l.version FROM prompt_labels AS l WHERE l.tenant_id = p.tenant_id AND l.prompt_id = p.prompt_id ORDER BY l.label) AS versions,
               (SELECT r.rollout_id FROM prompt_rollouts AS r
                WHERE r.tenant_id = p.tenant_id AND r.prompt_id = p.prompt_id AND r.state = 'running') AS rollout
        FROM prompts AS p
        WHERE p.tenant_id = @tenant
        """;

    private const string ListSql = SummarySql + " ORDER BY lower(p.name)";

    private const string FindSql = SummarySql + " AND p.prompt_id = @id";

    private const string CreateSql = """
        INSERT INTO prompts (tenant_id, prompt_id, name, description, latest, created_by, created_at, updated_at)
        SELECT @tenant, @id, @name, @description, 1, @author, @now, @now
        WHERE (SELECT count(*) FROM prompts WHERE tenant_id = @tenant) < @most
        ON CONFLICT (tenant_id, prompt_id) DO NOTHING
        """;

    private const string ChangeSql = """
        UPDATE prompts SET name = coalesce(@name, name), description = coalesce(@description, description), updated_at = @now
        WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    // Uses of what was shipped stay: that is what goes on.
    private const string DeleteSql = """
        WITH uses AS (
          DELETE FROM prompt_runs WHERE tenant_id = @tenant AND prompt_id = @id AND content_sha256 IS NULL
        )
        DELETE FROM prompts WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    private const string LockSql =
        "SELECT latest FROM prompts WHERE tenant_id = @tenant AND prompt_id = @id FOR UPDATE";

    private const string VersionColumns =
        "SELECT number, sha256, content, why, author, created_at FROM prompt_versions WHERE tenant_id = @tenant AND prompt_id = @id";

    private const string VersionSql = VersionColumns + " AND number = @number";

    private const string SameSql = VersionColumns + " AND sha256 = @sha256";

    // Null where nobody wrote any version.
    private const string IsTakenSql = """
        SELECT bool_or(sha256 = @sha256) FROM prompt_versions WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    private const string VersionsSql =
        VersionColumns + " AND number < coalesce(@before, 2147483647) ORDER BY number DESC LIMIT @most";

    private const string AddVersionSql = """
        INSERT INTO prompt_versions (tenant_id, prompt_id, number, sha256, content, why, author_id, author, created_at)
        VALUES (@tenant, @id, @number, @sha256, @content, @why, @authorId, @author, @now)
        """;

    private const string LatestSql = """
        UPDATE prompts SET latest = @number, updated_at = @now WHERE tenant_id = @tenant AND prompt_id = @id
        """;

    private const string LabelSql = """
        INSERT INTO prompt_labels (tenant_id, prompt_id, label, version) VALUES (@tenant, @id, @label, @version)
        """;

    private const string MoveSql = """
        INSERT INTO prompt_label_moves (tenant_id, prompt_id, label, number, to_version, why, author_id, author, created_at)
        VALUES (@tenant, @id, @label, 1, @version, @why, @authorId, @author, @now)
        """;

    /// <summary>By name; the product's own that nobody changed are among them.</summary>
    public async Task<IReadOnlyList<PromptSummary>> ListAsync(Principal principal, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(ListSql, new { tenant = session.Tenant.Value }, cancellationToken);
        var stored = rows.Select(row => row.Id).ToHashSet();
        return
        [
            .. rows.Select(ToSummary)
                .Concat(shipped.All.Where(prompt => !stored.Contains(prompt.Id)).Select(Unchanged))
                .OrderBy(prompt => prompt.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    public async Task<PromptSummary?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, id, cancellationToken);
    }

    /// <summary>Null when there is none of that number.</summary>
    public async Task<PromptVersionView?> FindVersionAsync(
        Principal principal,
        Guid id,
        int number,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindVersionAsync(session, id, number, cancellationToken);
    }

    public async Task<PromptVersionView?> FindVersionAsync(
        TenantSession session,
        Guid id,
        int number,
        CancellationToken cancellationToken
    )
    {
        var row = await session.FindAsync<VersionRow>(
            VersionSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                number,
            },
            cancellationToken
        );
        // A shipped prompt has its first version without a row; whether it has rows at all does not matter: they begin with it.
        return row?.ToView()
            ?? (
                number == 1 && shipped.Find(id) is not null ? await FirstOfAsync(session, id, cancellationToken) : null
            );
    }

    /// <summary>
    /// What this release ships, where it is not what the organisation has: it wrote versions of its own and none says it, or it follows
    /// releases and this one's words are rolled out, or were turned back. Null otherwise. With it how a release stands that is on its way.
    /// </summary>
    public async Task<(PromptContent? Words, ReleaseNotice? Notice)> FindUntakenAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        if (shipped.Find(id) is null)
        {
            return (null, null);
        }

        var own = releases.OwnOf(id);
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var isTaken = await session.FindAsync<bool?>(
            IsTakenSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                sha256 = own.Sha256Bytes,
            },
            cancellationToken
        );
        if (isTaken is { } taken)
        {
            return (taken ? null : own.Content, null);
        }

        var notice = await releases.NoticeAsync(session, id, cancellationToken);
        return (notice is null ? null : own.Content, notice);
    }

    /// <summary>Words of one of the product's prompts that any release shipped here; null where none did.</summary>
    /// <param name="sha256">In hexadecimal.</param>
    public async Task<PromptContent?> FindShippedAsync(
        Principal principal,
        Guid id,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await releases.FindAsync(session, id, sha256, cancellationToken);
    }

    /// <summary>SHA-256 of what this release ships, in hexadecimal; null where it is none of the product's prompts.</summary>
    public string? ShippedSha256(Guid id) => shipped.Find(id) is null ? null : releases.OwnOf(id).Sha256;

    /// <summary>Newest first, those before a number.</summary>
    public async Task<IReadOnlyList<PromptVersionView>> VersionsAsync(
        Principal principal,
        Guid id,
        int? before,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<VersionRow>(
            VersionsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                before,
                most,
            },
            cancellationToken
        );
        return rows.Count == 0 && before is null or > 1 && shipped.Find(id) is not null
            ? [await FirstOfAsync(session, id, cancellationToken)]
            : [.. rows.Select(row => row.ToView())];
    }

    /// <summary>A prompt with its first version, which is in production at once.</summary>
    /// <returns>Null and why not: the name is taken, or there are too many.</returns>
    public async Task<(PromptSummary? Prompt, CreateFault Fault)> CreateAsync(
        Principal principal,
        string name,
        string description,
        PromptContent content,
        string? why,
        string author,
        CancellationToken cancellationToken
    )
    {
        if (shipped.Find(name) is not null)
        {
            return (null, CreateFault.NameTaken);
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var id = Guid.CreateVersion7();
        try
        {
            if (
                !await CreateAsync(
                    session,
                    id,
                    name,
                    description,
                    content.ToCanonical(),
                    why,
                    (principal.UserId, author),
                    cancellationToken
                )
            )
            {
                return (null, CreateFault.TooMany);
            }

            var made = await FindAsync(session, id, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return (made, CreateFault.None);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return (null, CreateFault.NameTaken);
        }
    }

    /// <summary>Adds a version, or gives the one that says the same.</summary>
    /// <param name="expected">The newest version that the author saw; null for whatever is newest.</param>
    /// <returns>Null when there is no such prompt. Not new when the same content is there already; stale when another version came since.</returns>
    public async Task<(PromptVersionView Version, bool IsNew, bool IsStale)?> AddVersionAsync(
        Principal principal,
        Guid id,
        PromptContent content,
        string? why,
        string author,
        int? expected,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await EnsureAsync(session, id, cancellationToken);
        var key = new { tenant = session.Tenant.Value, id };
        if (await session.FindAsync<int?>(LockSql, key, cancellationToken) is not { } latest)
        {
            return null;
        }

        var canonical = content.ToCanonical();
        var sha256 = PromptContent.HashOf(canonical);
        var same = await session.FindAsync<VersionRow>(
            SameSql,
            new
            {
                key.tenant,
                id,
                sha256,
            },
            cancellationToken
        );
        if (same is not null)
        {
            return (same.ToView(), IsNew: false, IsStale: false);
        }

        if (expected is { } seen && seen != latest)
        {
            return ((await FindVersionAsync(session, id, latest, cancellationToken))!, IsNew: false, IsStale: true);
        }

        var now = time.GetUtcNow();
        var number = latest + 1;
        await session.ExecuteAsync(
            AddVersionSql,
            new
            {
                key.tenant,
                id,
                number,
                sha256,
                content = canonical,
                why,
                authorId = principal.UserId,
                author,
                now,
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            LatestSql,
            new
            {
                key.tenant,
                id,
                number,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return (
            new PromptVersionView(number, Convert.ToHexStringLower(sha256), content, why, author, now),
            IsNew: true,
            IsStale: false
        );
    }

    /// <summary>What is null stays. Null when there is no such prompt, or another one has the name.</summary>
    public async Task<(PromptSummary? Prompt, bool IsTaken)> ChangeAsync(
        Principal principal,
        Guid id,
        string? name,
        string? description,
        CancellationToken cancellationToken
    )
    {
        if (name is not null && shipped.Find(name) is not null)
        {
            return (null, IsTaken: true);
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        try
        {
            await session.ExecuteAsync(
                ChangeSql,
                new
                {
                    tenant = session.Tenant.Value,
                    id,
                    name,
                    description,
                    now = time.GetUtcNow(),
                },
                cancellationToken
            );
            var changed = await FindAsync(session, id, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return (changed, IsTaken: false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return (null, IsTaken: true);
        }
    }

    /// <summary>With its versions, rollouts and uses. One of the product's own goes back to what was shipped.</summary>
    public async Task<bool> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var deleted = await session.ExecuteAsync(
            DeleteSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return deleted > 0;
    }

    public async Task<PromptSummary?> FindAsync(TenantSession session, Guid id, CancellationToken cancellationToken)
    {
        var row = await session.FindAsync<Row>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken);
        return row is not null ? ToSummary(row)
            : shipped.Find(id) is { } own ? Unchanged(own)
            : null;
    }

    /// <summary>Writes down what was shipped, and everybody has, as version 1 before anything is changed of it.</summary>
    public async Task EnsureAsync(TenantSession session, Guid id, CancellationToken cancellationToken)
    {
        if (shipped.Find(id) is { } own)
        {
            await CreateAsync(
                session,
                id,
                own.Name,
                own.Description,
                (await releases.InProductionAsync(session, id, cancellationToken)).Canonical,
                null,
                (Guid.Empty, ShippedAuthor),
                cancellationToken
            );
        }
    }

    private async Task<bool> CreateAsync(
        TenantSession session,
        Guid id,
        string name,
        string description,
        string content,
        string? why,
        (Guid Id, string Name) author,
        CancellationToken cancellationToken
    )
    {
        var arguments = new
        {
            tenant = session.Tenant.Value,
            id,
            name,
            description,
            most = Most,
            number = 1,
            version = 1,
            label = PromptLabel.Production,
            sha256 = PromptContent.HashOf(content),
            content,
            why,
            authorId = author.Id,
            author = author.Name,
            now = time.GetUtcNow(),
        };
        var created = await session.ExecuteAsync(
            CreateSql,
            new
            {
                arguments.tenant,
                id,
                name,
                description,
                author = author.Id,
                arguments.now,
                arguments.most,
            },
            cancellationToken
        );
        if (created == 0)
        {
            return false;
        }

        await session.ExecuteAsync(AddVersionSql, arguments, cancellationToken);
        await session.ExecuteAsync(LabelSql, arguments, cancellationToken);
        await session.ExecuteAsync(MoveSql, arguments, cancellationToken);
        return true;
    }

    private PromptSummary ToSummary(Row row)
    {
        PromptLabelView[] labels =
        [
            .. row.Labels.Zip(row.Versions, (label, version) => new PromptLabelView(label, version)),
        ];
        return new(
            row.Id,
            row.Name,
            row.Description,
            shipped.Find(row.Id) is not null,
            row.Latest,
            labels.First(label => label.Name == PromptLabel.Production).Version,
            labels,
            row.Rollout,
            row.CreatedAt,
            row.UpdatedAt
        );
    }

    private static PromptSummary Unchanged(ShippedPrompt own) =>
        new(
            own.Id,
            own.Name,
            own.Description,
            IsShipped: true,
            Latest: 1,
            Production: 1,
            [new PromptLabelView(PromptLabel.Production, 1)],
            Rollout: null,
            CreatedAt: null,
            UpdatedAt: null,
            FollowsReleases: true
        );

    private async Task<PromptVersionView> FirstOfAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        var words = await releases.InProductionAsync(session, id, cancellationToken);
        return new(1, words.Sha256, words.Content, Why: null, ShippedAuthor, CreatedAt: null);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public string Description { get; init; } = "";

        public int Latest { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public string[] Labels { get; init; } = [];

        public int[] Versions { get; init; } = [];

        public Guid? Rollout { get; init; }
    }

    private sealed class VersionRow
    {
        public int Number { get; init; }

        public byte[] Sha256 { get; init; } = [];

        public string Content { get; init; } = "";

        public string? Why { get; init; }

        public string Author { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public PromptVersionView ToView() =>
            new(Number, Convert.ToHexStringLower(Sha256), PromptContent.Parse(Content), Why, Author, CreatedAt);
    }
}

/// <summary>Why a prompt was not made.</summary>
internal enum CreateFault
{
    None,
    NameTaken,
    TooMany,
}
