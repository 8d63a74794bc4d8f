using System.Text.Json;
using Chancery.Contracts;
using Chancery.Contracts.Comparing;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>
/// Writes revisions in a session that holds the contract: the text, the facts for lists, and the clauses for search, so that a commit
/// brings all of them or none.
/// </summary>
internal static class RevisionWriter
{
    // The organisation's changes follow one another from here to the end of the transaction.
    private const string ChangeSql = """
        WITH next AS (
          INSERT INTO contract_changes (tenant_id, change) VALUES (@tenant, 1)
          ON CONFLICT (tenant_id) DO UPDATE SET change = contract_changes.change + 1
          RETURNING change),
        trimmed AS (
          DELETE FROM contract_change_log WHERE tenant_id = @tenant AND change <= (SELECT change FROM next) - @logged)
        INSERT INTO contract_change_log (tenant_id, change, token) SELECT @tenant, change, gen_random_uuid() FROM next
        RETURNING change
        """;

    // Whoever is further behind begins anew, and does so long before.
    private const int Logged = 1000;

    private const string TextsSql = """
        INSERT INTO contract_texts (tenant_id, contract_id, sha256, heading, body)
        SELECT @tenant, @id, t.sha256, t.heading, t.body
        FROM unnest(@hashes::bytea[], @headings::text[], @bodies::text[]) AS t(sha256, heading, body)
        ON CONFLICT DO NOTHING
        """;

    private const string RevisionSql = """
        INSERT INTO contract_revisions (tenant_id, contract_id, number, source, instruction, instruction_language, author_id, author,
                                        created_at, base, model, prompt_version, input_tokens, output_tokens, cost_nano, is_estimated,
                                        note, head, tree, origins, inserted, deleted, changed, sha256)
        VALUES (@tenant, @id, @number, @source, @instruction, @instructionLanguage, @authorId, @author, @now, @base, @model,
                @promptVersion, @inputTokens, @outputTokens, @costNano, @isEstimated, @note, @head, @tree, @origins::jsonb, @inserted,
                @deleted, @changed, @sha256)
        """;

    private const string RemoveClausesSql = """
        DELETE FROM contract_clauses WHERE tenant_id = @tenant AND contract_id = @id AND NOT clause_id = ANY (@ids)
        """;

    private const string ClausesSql = """
        INSERT INTO contract_clauses AS k (tenant_id, contract_id, clause_id, ordinal, label, path, type, sha256, body)
        SELECT @tenant, @id, t.clause_id, t.ordinal, t.label, t.path, t.type, t.sha256, t.body
        FROM unnest(@ids::uuid[], @ordinals::int[], @labels::text[], @paths::text[], @types::text[], @hashes::bytea[], @bodies::text[])
             AS t(clause_id, ordinal, label, path, type, sha256, body)
        ON CONFLICT (tenant_id, contract_id, clause_id) DO UPDATE
        SET ordinal = excluded.ordinal, label = excluded.label, path = excluded.path, type = excluded.type, sha256 = excluded.sha256,
            body = excluded.body
        WHERE (k.ordinal, k.label, k.path, k.type, k.sha256, k.body) IS DISTINCT FROM
              (excluded.ordinal, excluded.label, excluded.path, excluded.type, excluded.sha256, excluded.body)
        """;

    /// <summary>The number of this change, under the lock that orders the organisation's changes.</summary>
    public static Task<long> NextChangeAsync(TenantSession session, CancellationToken cancellationToken) =>
        session.FindAsync<long>(ChangeSql, new { tenant = session.Tenant.Value, logged = Logged }, cancellationToken);

    /// <returns>The revision's hash.</returns>
    /// <param name="before">What the contract said until now; null for a new one.</param>
    /// <param name="hashBefore">Of the revision before; null for the first.</param>
    public static async Task<byte[]> WriteAsync(
        TenantSession session,
        Guid contract,
        int number,
        ContractText? before,
        byte[]? hashBefore,
        ContractText text,
        RevisionFacts facts,
        IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> origins,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var tenant = session.Tenant.Value;
        var words = text.Walk()
            .Select(placed => (Hash: RevisionTree.HashOf(placed.Clause), placed.Clause))
            .DistinctBy(one => Convert.ToBase64String(one.Hash))
            .ToArray();
        await session.ExecuteAsync(
            TextsSql,
            new
            {
                tenant,
                id = contract,
                hashes = words.Select(one => one.Hash).ToArray(),
                headings = words.Select(one => one.Clause.Heading).ToArray(),
                bodies = words.Select(one => one.Clause.Text).ToArray(),
            },
            cancellationToken
        );
        var head = RevisionTree.HeadOf(text);
        var tree = RevisionTree.OutlineOf(text);
        var (inserted, deleted, changed) = CountsOf(before, text);
        var sha256 = RevisionHash.Of(hashBefore, number, facts, now, head, tree);
        await session.ExecuteAsync(
            RevisionSql,
            new
            {
                tenant,
                id = contract,
                number,
                source = facts.Source,
                instruction = facts.Instruction,
                instructionLanguage = facts.InstructionLanguage,
                authorId = facts.AuthorId,
                author = facts.Author,
                now,
                @base = facts.Base,
                model = facts.Work.Model,
                promptVersion = facts.Work.PromptVersion,
                inputTokens = facts.Work.InputTokens,
                outputTokens = facts.Work.OutputTokens,
                costNano = facts.Work.CostNanoDollars,
                isEstimated = facts.Work.IsEstimated,
                note = facts.Note,
                head,
                tree,
                origins = JsonSerializer.Serialize(origins, RevisionTree.Json),
                inserted,
                deleted,
                changed,
                sha256,
            },
            cancellationToken
        );
        await WriteClausesAsync(session, contract, text, cancellationToken);
        return sha256;
    }

    private static async Task WriteClausesAsync(
        TenantSession session,
        Guid contract,
        ContractText text,
        CancellationToken cancellationToken
    )
    {
        var tenant = session.Tenant.Value;
        var clauses = SearchableClause.Of(text).ToArray();
        var ids = clauses.Select(clause => clause.Id).ToArray();
        await session.ExecuteAsync(
            RemoveClausesSql,
            new
            {
                tenant,
                id = contract,
                ids,
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            ClausesSql,
            new
            {
                tenant,
                id = contract,
                ids,
                ordinals = clauses.Select((_, place) => place).ToArray(),
                labels = clauses.Select(clause => clause.Label).ToArray(),
                paths = clauses.Select(clause => clause.Path).ToArray(),
                types = clauses.Select(clause => clause.Type).ToArray(),
                hashes = clauses.Select(clause => clause.Sha256).ToArray(),
                bodies = clauses.Select(clause => clause.Body).ToArray(),
            },
            cancellationToken
        );
    }

    private static (int Inserted, int Deleted, int Changed) CountsOf(ContractText? before, ContractText text)
    {
        if (before is null)
        {
            return (text.Walk().Count(), 0, 0);
        }

        var diff = ContractComparison.Between(before, text);
        return (
            diff.Clauses.Count(change => change.Kind is ClauseChangeKind.Inserted),
            diff.Clauses.Count(change => change.Kind is ClauseChangeKind.Deleted),
            diff.Clauses.Count(change =>
                change.Kind is ClauseChangeKind.Changed or ClauseChangeKind.Moved or ClauseChangeKind.MovedAndChanged
            )
        );
    }
}
