using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Models;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Operations;

/// <summary>Operations and what happened in them, each of whoever began it. Safe for concurrent use.</summary>
internal sealed class OperationStore(TenantDatabase database, TimeProvider time)
{
    private const string CreateSql = """
        INSERT INTO contract_operations (tenant_id, operation_id, principal_id, kind, instruction, contract_id, created_at, seen_at)
        VALUES (@tenant, @id, @principal, @kind, @instruction, @contract, @now, @now)
        """;

    private const string FindSql = """
        SELECT operation_id AS id, kind, state, instruction, contract_id, revision, proposal_id, problem::text AS problem,
               partial::text AS partial, created_at, seen_at, ended_at
        FROM contract_operations
        WHERE tenant_id = @tenant AND principal_id = @principal AND operation_id = @id
        """;

    private const string ListSql = """
        SELECT operation_id AS id, kind, state, instruction, contract_id, revision, proposal_id, problem::text AS problem,
               partial::text AS partial, created_at, seen_at, ended_at
        FROM contract_operations
        WHERE tenant_id = @tenant AND principal_id = @principal
        ORDER BY created_at DESC, operation_id DESC
        LIMIT @most
        """;

    private const string SeenSql = """
        UPDATE contract_operations SET seen_at = @now
        WHERE tenant_id = @tenant AND operation_id = @id AND state = 'running'
        RETURNING 1
        """;

    private const string EventSql = """
        INSERT INTO contract_operation_events (tenant_id, operation_id, number, principal_id, kind, content)
        SELECT @tenant, @id, @number, o.principal_id, @kind, @content::jsonb
        FROM contract_operations AS o WHERE o.tenant_id = @tenant AND o.operation_id = @id AND o.state = 'running'
        """;

    private const string EndSql = """
        UPDATE contract_operations
        SET state = @state, contract_id = coalesce(@contract, contract_id), revision = @revision, proposal_id = @proposal,
            problem = @problem::jsonb, partial = @partial::jsonb, ended_at = @now
        WHERE tenant_id = @tenant AND operation_id = @id AND state = 'running'
        """;

    private const string LastEventSql = """
        INSERT INTO contract_operation_events (tenant_id, operation_id, number, principal_id, kind, content)
        SELECT @tenant, @id, 1 + coalesce((
                 SELECT max(e.number) FROM contract_operation_events AS e WHERE e.tenant_id = @tenant AND e.operation_id = @id), 0),
               o.principal_id, @kind, @content::jsonb
        FROM contract_operations AS o WHERE o.tenant_id = @tenant AND o.operation_id = @id
        """;

    private const string EventsSql = """
        SELECT number, kind, content::text AS content FROM contract_operation_events
        WHERE tenant_id = @tenant AND operation_id = @id AND number > @after
        ORDER BY number
        LIMIT 500
        """;

    private const string ForgetSql = """
        DELETE FROM contract_operations WHERE tenant_id = @tenant AND operation_id = @id AND state <> 'running'
        """;

    public async Task<Guid> CreateAsync(
        Principal principal,
        string kind,
        string instruction,
        Guid? contract,
        CancellationToken cancellationToken
    )
    {
        var id = Guid.CreateVersion7();
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            CreateSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                principal = principal.Id,
                kind,
                instruction,
                contract,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return id;
    }

    public async Task<OperationRow?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.FindAsync<OperationRow>(
            FindSql,
            new
            {
                tenant = session.Tenant.Value,
                principal = principal.Id,
                id,
            },
            cancellationToken
        );
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<OperationRow>> ListAsync(
        Principal principal,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await session.QueryAsync<OperationRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                principal = principal.Id,
                most,
            },
            cancellationToken
        );
    }

    /// <summary>Whether there was one that had ended.</summary>
    public async Task<bool> ForgetAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var gone = await session.ExecuteAsync(ForgetSql, new { tenant = session.Tenant.Value, id }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return gone > 0;
    }

    /// <summary>Says that somebody works on it. False when it has ended meanwhile.</summary>
    public async Task<bool> SeenAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var isRunning = await session.FindAsync<int?>(
            SeenSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return isRunning is not null;
    }

    /// <summary>False when the operation has ended meanwhile: then nothing is added.</summary>
    public async Task<bool> AddAsync(
        Principal principal,
        Guid id,
        int number,
        string kind,
        object content,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var added = await session.ExecuteAsync(
            EventSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                number,
                kind,
                content = JsonSerializer.Serialize(content, RevisionTree.Json),
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return added > 0;
    }

    /// <summary>Ends it in the transaction that stores what came of it.</summary>
    public Task EndAsync(TenantSession session, Guid id, OperationResult result, CancellationToken cancellationToken) =>
        EndAsync(session, id, OperationState.Done, result, null, null, cancellationToken);

    /// <summary>Ends it without a result. False when it had ended before.</summary>
    public async Task<bool> EndAsync(
        Principal principal,
        Guid id,
        string state,
        ProblemDetails problem,
        IReadOnlyList<DraftedClause> partial,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var ended = await EndAsync(session, id, state, null, problem, partial, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return ended;
    }

    public async Task<IReadOnlyList<OperationEvent>> EventsAsync(
        Principal principal,
        Guid id,
        int after,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<EventRow>(
            EventsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                after,
            },
            cancellationToken
        );
        return
        [
            .. rows.Select(row => new OperationEvent(
                row.Number,
                row.Kind,
                JsonSerializer.Deserialize<JsonElement>(row.Content)
            )),
        ];
    }

    private async Task<bool> EndAsync(
        TenantSession session,
        Guid id,
        string state,
        OperationResult? result,
        ProblemDetails? problem,
        IReadOnlyList<DraftedClause>? partial,
        CancellationToken cancellationToken
    )
    {
        var told = problem is null
            ? null
            : JsonSerializer.Serialize(ModelProblems.Complete(problem, TraceIdOf(id)), RevisionTree.Json);
        var ended = await session.ExecuteAsync(
            EndSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                state,
                contract = result?.ContractId,
                revision = result?.Revision,
                proposal = result?.ProposalId,
                problem = told,
                partial = partial is { Count: > 0 } ? JsonSerializer.Serialize(partial, RevisionTree.Json) : null,
                now = time.GetUtcNow(),
            },
            cancellationToken
        );
        if (ended == 0)
        {
            return false;
        }

        await session.ExecuteAsync(
            LastEventSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                kind = result is null ? OperationEvent.Error : OperationEvent.Done,
                content = told ?? JsonSerializer.Serialize(result, RevisionTree.Json),
            },
            cancellationToken
        );
        return true;
    }

    /// <summary>Under which the operator finds the work in the logs and traces.</summary>
    private static string TraceIdOf(Guid operation) =>
        Activity.Current?.TraceId.ToHexString() ?? operation.ToString("n");

    private sealed record EventRow(int Number, string Kind, string Content);
}

/// <summary>A row of <c>contract_operations</c>.</summary>
internal sealed class OperationRow
{
    public Guid Id { get; init; }

    public string Kind { get; init; } = "";

    public string State { get; init; } = "";

    public string Instruction { get; init; } = "";

    public Guid? ContractId { get; init; }

    public int? Revision { get; init; }

    public Guid? ProposalId { get; init; }

    public string? Problem { get; init; }

    public string? Partial { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset SeenAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public ContractOperation ToOperation() =>
        new(
            Id,
            Kind,
            State,
            Instruction,
            ContractId,
            Revision,
            ProposalId,
            Problem is null ? null : JsonSerializer.Deserialize<ProblemDetails>(Problem, RevisionTree.Json),
            Partial is null ? null : JsonSerializer.Deserialize<DraftedClause[]>(Partial, RevisionTree.Json),
            CreatedAt,
            EndedAt
        );
}
