using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Evaluation.Labelling;

/// <summary>Labels that people gave to results of runs. Safe for concurrent use.</summary>
internal sealed class LabelStore(TenantDatabase database, TimeProvider time)
{
    private const string PutSql = """
        INSERT INTO eval_labels (tenant_id, run_id, question_id, criterion, is_good, labelled_by, labelled_at)
        VALUES (@tenant, @run, @question, @criterion, @isGood, @by, @now)
        ON CONFLICT (tenant_id, run_id, question_id, criterion) DO UPDATE
        SET is_good = excluded.is_good, labelled_by = excluded.labelled_by, labelled_at = excluded.labelled_at
        """;

    private const string RemoveSql = """
        DELETE FROM eval_labels
        WHERE tenant_id = @tenant AND run_id = @run AND question_id = @question AND criterion = @criterion
        """;

    // What somebody may not read they do not label: its answer is withheld from them.
    private const string ReadableSql = """
        SELECT 1 FROM eval_results
        WHERE tenant_id = @tenant AND run_id = @run AND question_id = @question AND NOT hides_any(documents)
        """;

    private const string LabelsSql = """
        SELECT question_id, criterion, is_good FROM eval_labels WHERE tenant_id = @tenant AND run_id = @run
        """;

    /// <param name="isGood">Null takes the label back.</param>
    /// <returns>False when there is no such result that the reader may see.</returns>
    public async Task<bool> PutAsync(
        Principal principal,
        Guid run,
        Guid question,
        string criterion,
        bool? isGood,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var key = new
        {
            tenant = session.Tenant.Value,
            run,
            question,
            criterion,
            isGood,
            by = principal.UserId,
            now = time.GetUtcNow(),
        };
        if (await session.FindAsync<int?>(ReadableSql, key, cancellationToken) is null)
        {
            return false;
        }

        try
        {
            await session.ExecuteAsync(isGood is null ? RemoveSql : PutSql, key, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return true;
        }
        catch (PostgresException gone) when (gone.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return false;
        }
    }

    /// <summary>By criterion: which questions' answers people called good, and which not.</summary>
    public async Task<ILookup<string, (Guid Question, bool IsGood)>> OfAsync(
        Principal principal,
        Guid run,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            LabelsSql,
            new { tenant = session.Tenant.Value, run },
            cancellationToken
        );
        return rows.ToLookup(row => row.Criterion, row => (row.QuestionId, row.IsGood));
    }

    private sealed class Row
    {
        public Guid QuestionId { get; init; }

        public string Criterion { get; init; } = "";

        public bool IsGood { get; init; }
    }
}
