using System.Text.Json;
using Chancery.Contracts;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Contracts.Revising;

public static class ProposalState
{
    public const string Open = "open";
    public const string Accepted = "accepted";
    public const string Rejected = "rejected";
}

/// <summary>Changes that somebody proposes, beside the contract's own line.</summary>
/// <param name="Base">The revision that they were made from.</param>
/// <param name="Decided">What was decided so far: a clause's id, or "head", and whether it was accepted.</param>
public sealed record ProposalSummary(
    Guid Id,
    int Base,
    [property: OneOf("ProposalState", ProposalState.Open, ProposalState.Accepted, ProposalState.Rejected)] string State,
    string? Instruction,
    string? InstructionLanguage,
    Guid AuthorId,
    string Author,
    DateTimeOffset CreatedAt,
    string? DecidedBy,
    DateTimeOffset? DecidedAt,
    string? Model,
    string? PromptVersion,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    bool IsEstimated,
    string? Note,
    IReadOnlyDictionary<string, bool> Decided
);

/// <summary>A proposal with what it was made from and what it would make of it.</summary>
internal sealed record StoredProposal(
    ProposalSummary Summary,
    ContractText From,
    ContractText Proposed,
    IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> Origins
);

/// <summary>Proposals, for those who may read their contract. Safe for concurrent use.</summary>
internal sealed class ProposalStore(TenantDatabase database, ContractMeter meter, TimeProvider time)
{
    private const string Columns = """
        p.proposal_id AS id, p.base, p.state, p.instruction, p.instruction_language, p.author_id, p.author, p.created_at, p.decided_by,
        p.decided_at, p.model, p.prompt_version, p.input_tokens, p.output_tokens, p.cost_nano, p.is_estimated, p.note,
        p.decided::text AS decided
        """;

    private const string InsertSql = """
        INSERT INTO contract_proposals (tenant_id, contract_id, proposal_id, base, instruction, instruction_language, author_id, author,
                                        created_at, model, prompt_version, input_tokens, output_tokens, cost_nano, is_estimated, note,
                                        proposed, origins)
        VALUES (@tenant, @contract, @id, @base, @instruction, @instructionLanguage, @authorId, @author, @now, @model, @promptVersion,
                @inputTokens, @outputTokens, @costNano, @isEstimated, @note, @proposed::jsonb, @origins::jsonb)
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            FROM contract_proposals AS p
            WHERE p.tenant_id = @tenant AND p.contract_id = @contract AND (@state::text IS NULL OR p.state = @state)
            ORDER BY p.created_at DESC, p.proposal_id DESC
            LIMIT 200
            """;

    private const string FindSql =
        "SELECT "
        + Columns
        + """
            , p.proposed::text AS proposed, p.origins::text AS origins
            FROM contract_proposals AS p
            WHERE p.tenant_id = @tenant AND p.contract_id = @contract AND p.proposal_id = @id
            """;

    private const string DecideSql = """
        UPDATE contract_proposals
        SET decided = decided || @decided::jsonb, state = @state,
            decided_by = CASE WHEN @state = 'open' THEN decided_by ELSE @by END,
            decided_at = CASE WHEN @state = 'open' THEN decided_at ELSE @now END
        WHERE tenant_id = @tenant AND contract_id = @contract AND proposal_id = @id AND state = 'open'
        """;

    /// <summary>Adds one in a session that holds nothing.</summary>
    /// <param name="work">What else belongs to it, in the same transaction.</param>
    public async Task<Guid> CreateAsync(
        Principal principal,
        Guid contract,
        int @base,
        ContractText proposed,
        RevisionFacts facts,
        CancellationToken cancellationToken,
        Func<TenantSession, Guid, Task>? work = null
    )
    {
        var id = Guid.CreateVersion7();
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id,
                @base,
                instruction = facts.Instruction,
                instructionLanguage = facts.InstructionLanguage,
                authorId = facts.AuthorId,
                author = facts.Author,
                now = time.GetUtcNow(),
                model = facts.Work.Model,
                promptVersion = facts.Work.PromptVersion,
                inputTokens = facts.Work.InputTokens,
                outputTokens = facts.Work.OutputTokens,
                costNano = facts.Work.CostNanoDollars,
                isEstimated = facts.Work.IsEstimated,
                note = facts.Note,
                proposed = JsonSerializer.Serialize(proposed, RevisionTree.Json),
                origins = JsonSerializer.Serialize(facts.Origins, RevisionTree.Json),
            },
            cancellationToken
        );
        if (work is not null)
        {
            await work(session, id);
        }

        await session.CommitAsync(cancellationToken);
        meter.Proposed(facts);
        return id;
    }

    /// <summary>Newest first, at most 200.</summary>
    public async Task<IReadOnlyList<ProposalSummary>> ListAsync(
        Principal principal,
        Guid contract,
        string? state,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                state,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToSummary())];
    }

    public async Task<StoredProposal?> FindAsync(
        Principal principal,
        Guid contract,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var row = await session.FindAsync<Row>(
            FindSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id,
            },
            cancellationToken
        );
        if (
            row is null
            || await RevisionReader.FindAsync(session, contract, row.Base, cancellationToken) is not var (_, from)
        )
        {
            return null;
        }

        return new StoredProposal(
            row.ToSummary(),
            from,
            JsonSerializer.Deserialize<ContractText>(row.Proposed, RevisionTree.Json)!,
            await OriginSight.OfAsync(session, RevisionReader.OriginsOf(row.Origins), cancellationToken)
        );
    }

    /// <summary>Writes down what was decided of one, in the transaction that does it. False when it is open no more.</summary>
    /// <param name="decided">A clause's id, or "head", and whether it was accepted.</param>
    /// <param name="state">What the proposal is then.</param>
    public async Task<bool> DecideAsync(
        TenantSession session,
        Guid contract,
        Guid id,
        IReadOnlyDictionary<string, bool> decided,
        string state,
        string by,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            DecideSql,
            new
            {
                tenant = session.Tenant.Value,
                contract,
                id,
                decided = JsonSerializer.Serialize(decided),
                state,
                by,
                now = time.GetUtcNow(),
            },
            cancellationToken
        ) > 0;

    /// <inheritdoc cref="DecideAsync(TenantSession, Guid, Guid, IReadOnlyDictionary{string, bool}, string, string, CancellationToken)"/>
    public async Task<bool> DecideAsync(
        Principal principal,
        Guid contract,
        Guid id,
        IReadOnlyDictionary<string, bool> decided,
        string state,
        string by,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var isDone = await DecideAsync(session, contract, id, decided, state, by, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return isDone;
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public int Base { get; init; }

        public string State { get; init; } = "";

        public string? Instruction { get; init; }

        public string? InstructionLanguage { get; init; }

        public Guid AuthorId { get; init; }

        public string Author { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public string? DecidedBy { get; init; }

        public DateTimeOffset? DecidedAt { get; init; }

        public string? Model { get; init; }

        public string? PromptVersion { get; init; }

        public long InputTokens { get; init; }

        public long OutputTokens { get; init; }

        public long CostNano { get; init; }

        public bool IsEstimated { get; init; }

        public string? Note { get; init; }

        public string Decided { get; init; } = "{}";

        public string Proposed { get; init; } = "";

        public string Origins { get; init; } = "{}";

        public ProposalSummary ToSummary() =>
            new(
                Id,
                Base,
                State,
                Instruction,
                InstructionLanguage,
                AuthorId,
                Author,
                CreatedAt,
                DecidedBy,
                DecidedAt,
                Model,
                PromptVersion,
                InputTokens,
                OutputTokens,
                new NanoDollars(CostNano).Dollars,
                IsEstimated,
                Note,
                JsonSerializer.Deserialize<Dictionary<string, bool>>(Decided) ?? []
            );
    }
}
