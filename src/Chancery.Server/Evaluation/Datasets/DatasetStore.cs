using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary>A set of questions.</summary>
/// <param name="IsActive">Whether it is asked every night.</param>
/// <param name="Nightly">What it is asked of then.</param>
/// <param name="NightlyJudging">Models that judge the answers then; left out where nobody does.</param>
/// <param name="NightlyCapUsd">In dollars, of one night: no further question is asked once it is reached.</param>
/// <param name="Questions">How many there are.</param>
public sealed record EvalDataset(
    Guid Id,
    string Name,
    string Description,
    IReadOnlyList<string> Tags,
    bool IsActive,
    EvalTarget Nightly,
    EvalJudging? NightlyJudging,
    decimal NightlyCapUsd,
    int Questions,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
);

/// <summary>What is left null stays as it is.</summary>
/// <param name="Judging">Without criteria: nobody judges.</param>
internal sealed record DatasetChange(
    string? Name,
    string? Description,
    string[]? Tags,
    bool? IsActive,
    EvalTarget? Nightly,
    EvalJudging? Judging,
    NanoDollars? Cap
);

/// <summary>What a change of a dataset can end in.</summary>
internal abstract record DatasetOutcome
{
    private DatasetOutcome() { }

    public sealed record Done(EvalDataset Dataset) : DatasetOutcome;

    public sealed record Missing : DatasetOutcome;

    public sealed record NameTaken : DatasetOutcome;

    /// <param name="Room">How many more there may be.</param>
    public sealed record Full(int Room) : DatasetOutcome;
}

/// <summary>Datasets and their questions. Safe for concurrent use.</summary>
internal sealed class DatasetStore(TenantDatabase database, TimeProvider time)
{
    private const string Columns = """
        d.dataset_id AS id, d.name, d.description, d.tags, d.is_active, d.nightly::text AS nightly,
        d.nightly_judging::text AS judging, d.nightly_cap_nano AS cap_nano, d.created_at, d.updated_at,
        (SELECT count(*)::int FROM eval_questions AS q
         WHERE q.tenant_id = d.tenant_id AND q.dataset_id = d.dataset_id) AS questions
        """;

    private const string ListSql =
        "SELECT "
        + Columns
        + """

            FROM eval_datasets AS d
            WHERE d.tenant_id = @tenant AND (@after::uuid IS NULL OR d.dataset_id < @after)
            ORDER BY d.dataset_id DESC
            LIMIT @most
            """;

    private const string FindSql =
        "SELECT " + Columns + " FROM eval_datasets AS d WHERE d.tenant_id = @tenant AND d.dataset_id = @id";

    private const string CreateSql = """
        INSERT INTO eval_datasets (tenant_id, dataset_id, name, description, tags, is_active, nightly, nightly_judging, nightly_cap_nano, starter,
                                   created_by, created_at, updated_at)
        VALUES (@tenant, @id, @name, @description, @tags, @isActive, @nightly::jsonb, @judging::jsonb, @cap, @starter::jsonb, @author, @now, @now)
        """;

    // Whoever changes what is asked at night has it asked on their own behalf.
    private const string ChangeSql = """
        UPDATE eval_datasets
        SET name = coalesce(@name, name), description = coalesce(@description, description), tags = coalesce(@tags, tags),
            is_active = coalesce(@isActive, is_active), nightly = coalesce(@nightly::jsonb, nightly),
            nightly_judging = CASE WHEN @isUnjudged THEN NULL ELSE coalesce(@judging::jsonb, nightly_judging) END,
            nightly_cap_nano = coalesce(@cap, nightly_cap_nano),
            starter = CASE WHEN @isActive::boolean IS NULL AND @nightly::jsonb IS NULL AND @judging::jsonb IS NULL AND NOT @isUnjudged
                             AND @cap::bigint IS NULL
                           THEN starter ELSE @starter::jsonb END,
            updated_at = @now
        WHERE tenant_id = @tenant AND dataset_id = @id
        """;

    private const string DeleteSql = "DELETE FROM eval_datasets WHERE tenant_id = @tenant AND dataset_id = @id";

    private const string LockSql = """
        SELECT last_number FROM eval_datasets WHERE tenant_id = @tenant AND dataset_id = @id FOR UPDATE
        """;

    private const string CountSql = """
        SELECT count(*)::int FROM eval_questions WHERE tenant_id = @tenant AND dataset_id = @id
        """;

    private const string AddSql = """
        INSERT INTO eval_questions (tenant_id, dataset_id, question_id, number, question, expected_answers, expected_places,
                                    should_refuse, language, tags, created_at)
        SELECT @tenant, @id, q.question_id, q.number, q.question, q.expected_answers, q.expected_places, q.should_refuse, q.language,
               q.tags, @now
        FROM jsonb_to_recordset(@questions::jsonb)
          AS q(question_id uuid, number int, question text, expected_answers text[], expected_places jsonb,
               should_refuse boolean, language text, tags text[])
        """;

    private const string NumberedSql = """
        UPDATE eval_datasets SET last_number = @last, updated_at = @now WHERE tenant_id = @tenant AND dataset_id = @id
        """;

    private const string QuestionsSql = """
        SELECT question_id AS id, number, question, expected_answers, expected_places::text AS expected_places, should_refuse, language,
               tags, created_at
        FROM eval_questions
        WHERE tenant_id = @tenant AND dataset_id = @id AND number > @after
        ORDER BY number
        LIMIT @most
        """;

    private const string RemoveSql = """
        DELETE FROM eval_questions WHERE tenant_id = @tenant AND dataset_id = @id AND question_id = @question
        """;

    public async Task<IReadOnlyList<EvalDataset>> ListAsync(
        Principal principal,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<DatasetRow>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToDataset())];
    }

    public async Task<EvalDataset?> FindAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, id, cancellationToken);
    }

    /// <summary>With questions that were looked at already, or none.</summary>
    public async Task<DatasetOutcome> CreateAsync(
        Principal principal,
        DatasetChange dataset,
        IReadOnlyList<NewQuestion> questions,
        CancellationToken cancellationToken
    )
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using var session = await database.OpenAsync(principal, cancellationToken);
        try
        {
            await session.ExecuteAsync(CreateSql, Arguments(principal, id, dataset), cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return new DatasetOutcome.NameTaken();
        }

        await AddAsync(session, id, 0, questions, cancellationToken);
        var made = await FindAsync(session, id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new DatasetOutcome.Done(made!);
    }

    public async Task<DatasetOutcome> ChangeAsync(
        Principal principal,
        Guid id,
        DatasetChange change,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        try
        {
            await session.ExecuteAsync(ChangeSql, Arguments(principal, id, change), cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return new DatasetOutcome.NameTaken();
        }

        var changed = await FindAsync(session, id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return changed is null ? new DatasetOutcome.Missing() : new DatasetOutcome.Done(changed);
    }

    /// <summary>With its questions and runs.</summary>
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

    public async Task<DatasetOutcome> AddAsync(
        Principal principal,
        Guid id,
        IReadOnlyList<NewQuestion> questions,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var arguments = new { tenant = session.Tenant.Value, id };
        if (await session.FindAsync<int?>(LockSql, arguments, cancellationToken) is not { } last)
        {
            return new DatasetOutcome.Missing();
        }

        var room = QuestionRules.MostQuestions - await session.FindAsync<int>(CountSql, arguments, cancellationToken);
        if (questions.Count > room)
        {
            return new DatasetOutcome.Full(Math.Max(0, room));
        }

        await AddAsync(session, id, last, questions, cancellationToken);
        var changed = await FindAsync(session, id, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return new DatasetOutcome.Done(changed!);
    }

    /// <summary>In the order of their numbers.</summary>
    /// <param name="after">The number after which they begin, from 0.</param>
    public async Task<IReadOnlyList<EvalQuestion>> QuestionsAsync(
        Principal principal,
        Guid id,
        int after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<QuestionRow>(
            QuestionsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToQuestion())];
    }

    public async Task<bool> RemoveAsync(
        Principal principal,
        Guid id,
        Guid question,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var removed = await session.ExecuteAsync(
            RemoveSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                question,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return removed > 0;
    }

    private static async Task<EvalDataset?> FindAsync(
        TenantSession session,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        (
            await session.FindAsync<DatasetRow>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        )?.ToDataset();

    private async Task AddAsync(
        TenantSession session,
        Guid id,
        int last,
        IReadOnlyList<NewQuestion> questions,
        CancellationToken cancellationToken
    )
    {
        if (questions.Count == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        var rows = questions.Select(
            (question, place) =>
                new
                {
                    QuestionId = Guid.CreateVersion7(now),
                    Number = last + place + 1,
                    question.Question,
                    ExpectedAnswers = question.ExpectedAnswers ?? [],
                    question.ExpectedPlaces,
                    question.ShouldRefuse,
                    question.Language,
                    Tags = question.Tags ?? [],
                }
        );
        await session.ExecuteAsync(
            AddSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                questions = JsonSerializer.Serialize(rows, EvalJson.Options),
                now,
            },
            cancellationToken
        );
        await session.ExecuteAsync(
            NumberedSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                last = last + questions.Count,
                now,
            },
            cancellationToken
        );
    }

    private object Arguments(Principal principal, Guid id, DatasetChange change) =>
        new
        {
            tenant = principal.Tenant.Value,
            id,
            name = change.Name,
            description = change.Description,
            tags = change.Tags,
            isActive = change.IsActive,
            nightly = change.Nightly is { } nightly ? JsonSerializer.Serialize(nightly, EvalJson.Options) : null,
            judging = change.Judging is { Criteria.Length: > 0 } judging
                ? JsonSerializer.Serialize(judging, EvalJson.Options)
                : null,
            isUnjudged = change.Judging is { Criteria.Length: 0 },
            cap = change.Cap?.Value,
            starter = JsonSerializer.Serialize(RunStarter.Of(principal), EvalJson.Options),
            author = principal.UserId,
            now = time.GetUtcNow(),
        };

    private sealed class DatasetRow
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public string Description { get; init; } = "";

        public string[] Tags { get; init; } = [];

        public bool IsActive { get; init; }

        public string Nightly { get; init; } = "";

        public string? Judging { get; init; }

        public long CapNano { get; init; }

        public int Questions { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public EvalDataset ToDataset() =>
            new(
                Id,
                Name,
                Description,
                Tags,
                IsActive,
                EvalJson.Read<EvalTarget>(Nightly),
                Judging is null ? null : EvalJson.Read<EvalJudging>(Judging),
                RunRow.DollarsOf(CapNano),
                Questions,
                CreatedAt,
                UpdatedAt
            );
    }
}
