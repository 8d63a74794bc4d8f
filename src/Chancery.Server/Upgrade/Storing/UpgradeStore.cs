using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Upgrade.Storing;

/// <summary>A principal's own upgrades, and nobody else's. Safe for concurrent use.</summary>
internal sealed class UpgradeStore(TenantDatabase database, ReadableDocuments readable, TimeProvider time)
{
    private const int BeginningLength = 200;

    private const string AddSql = """
        INSERT INTO upgrades (tenant_id, upgrade_id, principal_id, request_sha256, outcome, prompt, result, documents, prompt_version,
                              prompt_id, run_id, created_at)
        VALUES (@tenant, @id, @principal, @hash, @outcome, @prompt, @result::jsonb, @documents, @version, @promptId, @run, @now)
        """;

    private const string Columns = """
        SELECT upgrade_id AS id, outcome, prompt, result, documents, prompt_version, prompt_id, run_id AS run, rating, comment, created_at
        FROM upgrades WHERE tenant_id = @tenant AND principal_id = @principal
        """;

    private const string FindSql = Columns + " AND upgrade_id = @id";

    private const string LastSql =
        Columns + " AND request_sha256 = @hash AND outcome = 'upgraded' ORDER BY upgrade_id DESC LIMIT 1";

    private const string ListSql = """
        SELECT upgrade_id AS id, outcome, left(prompt, @beginning) AS prompt, result->>'model' AS model, rating, created_at
        FROM upgrades
        WHERE tenant_id = @tenant AND principal_id = @principal AND (@after::uuid IS NULL OR upgrade_id < @after)
        ORDER BY upgrade_id DESC LIMIT @most
        """;

    private const string DeleteSql = """
        DELETE FROM upgrades WHERE tenant_id = @tenant AND principal_id = @principal AND upgrade_id = @id
        """;

    private const string RateSql = """
        UPDATE upgrades SET rating = @rating, comment = @comment, rated_at = @now
        WHERE tenant_id = @tenant AND principal_id = @principal AND upgrade_id = @id
        """;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public async Task<UpgradeView> AddAsync(
        Principal principal,
        NewUpgrade upgrade,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                principal = principal.Id,
                hash = upgrade.RequestHash,
                outcome = upgrade.Outcome,
                prompt = upgrade.Prompt,
                result = JsonSerializer.Serialize(upgrade.Result, Json),
                documents = upgrade.Documents.ToArray(),
                version = upgrade.PromptVersion,
                promptId = upgrade.PromptId,
                run = upgrade.Run,
                now,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return ToView(id, upgrade.Outcome, upgrade.Prompt, upgrade.Result, upgrade.PromptVersion, null, null, now);
    }

    /// <summary>What the same request brought this principal last; null where it did not, or rests on what they may not read any more.</summary>
    public async Task<(UpgradeResult Result, IReadOnlyList<Guid> Documents)?> LastAsync(
        Principal principal,
        byte[] hash,
        CancellationToken cancellationToken
    )
    {
        var row = await FindAsync(principal, LastSql, default, hash, cancellationToken);
        return row is not null && await MayReadAsync(principal, row, cancellationToken)
            ? (row.Read(), row.Documents)
            : null;
    }

    public async Task<UpgradeView?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        var row = await FindAsync(principal, FindSql, id, null, cancellationToken);
        return row is null ? null : row.ToView(await MayReadAsync(principal, row, cancellationToken));
    }

    /// <summary>Newest first, those before <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<UpgradeSummary>> ListAsync(
        Principal principal,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<SummaryRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                principal = principal.Id,
                after,
                most,
                beginning = BeginningLength,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new UpgradeSummary(
                row.Id,
                row.Prompt,
                row.Outcome,
                row.Model,
                NameOf(row.Rating),
                row.CreatedAt
            )),
        ];
    }

    public async Task<bool> DeleteAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        await ChangeAsync(principal, DeleteSql, id, null, null, cancellationToken);

    /// <summary>What somebody thinks of it; null takes that back.</summary>
    /// <returns>The use of the prompt that it was made by, where a rollout counts it; null for no such upgrade.</returns>
    public async Task<(Guid PromptId, Guid? Run, string? Trace)?> RateAsync(
        Principal principal,
        Guid id,
        bool? isGood,
        string? comment,
        CancellationToken cancellationToken
    )
    {
        short? rating = isGood is { } good ? (short)(good ? 1 : -1) : null;
        return
            await ChangeAsync(principal, RateSql, id, rating, comment, cancellationToken)
            && await FindAsync(principal, FindSql, id, null, cancellationToken) is { } row
            ? (row.PromptId, row.Run, row.Read().TraceId)
            : null;
    }

    private async Task<bool> ChangeAsync(
        Principal principal,
        string sql,
        Guid id,
        short? rating,
        string? comment,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var changed = await session.ExecuteAsync(
            sql,
            new
            {
                tenant = session.Tenant.Value,
                principal = principal.Id,
                id,
                rating,
                comment,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return changed > 0;
    }

    private async Task<Row?> FindAsync(
        Principal principal,
        string sql,
        Guid id,
        byte[]? hash,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<Row>(
            sql,
            new
            {
                tenant = session.Tenant.Value,
                principal = principal.Id,
                id,
                hash,
            },
            cancellationToken
        );
    }

    private async Task<bool> MayReadAsync(Principal principal, Row row, CancellationToken cancellationToken) =>
        (await readable.AmongAsync(principal, row.Documents, cancellationToken)).IsSupersetOf(row.Documents);

    private static string? NameOf(short? rating) =>
        rating switch
        {
            1 => "up",
            -1 => "down",
            _ => null,
        };

    private static UpgradeView ToView(
        Guid id,
        string outcome,
        string prompt,
        UpgradeResult result,
        string version,
        short? rating,
        string? comment,
        DateTimeOffset createdAt
    ) =>
        new(
            id,
            outcome is not UpgradeOutcome.Original,
            result.UpgradedPrompt,
            prompt,
            outcome,
            result.Reason,
            result.Changes,
            UpgradeDiffPart.Between(prompt, result.UpgradedPrompt),
            result.Sources,
            result.Placeholders,
            result.Variables,
            result.Components,
            new UpgradeUsage(
                result.Components.Sum(component => component.TokensIn),
                result.Components.Sum(component => component.TokensOut),
                result.Components.Sum(component => component.CostUsd),
                Math.Round(result.Components.Sum(component => component.LatencyMs), 2)
            ),
            result.Model,
            version,
            NameOf(rating),
            comment,
            createdAt
        );

    private sealed class SummaryRow
    {
        public Guid Id { get; init; }

        public string Outcome { get; init; } = "";

        public string Prompt { get; init; } = "";

        public string? Model { get; init; }

        public short? Rating { get; init; }

        public DateTimeOffset CreatedAt { get; init; }
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Outcome { get; init; } = "";

        public string Prompt { get; init; } = "";

        public string Result { get; init; } = "";

        public Guid[] Documents { get; init; } = [];

        public string PromptVersion { get; init; } = "";

        public Guid PromptId { get; init; }

        public Guid? Run { get; init; }

        public short? Rating { get; init; }

        public string? Comment { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public UpgradeResult Read() => JsonSerializer.Deserialize<UpgradeResult>(Result, Json)!;

        public UpgradeView ToView(bool mayRead)
        {
            var view = UpgradeStore.ToView(Id, Outcome, Prompt, Read(), PromptVersion, Rating, Comment, CreatedAt);
            return mayRead
                ? view
                : view with
                {
                    UpgradedPrompt = null,
                    Changes = [],
                    Diff = [],
                    Sources = [],
                    Reason = "It was made from a document that you may not read any more.",
                };
        }
    }
}
