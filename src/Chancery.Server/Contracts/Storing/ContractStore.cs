using System.Text.Json;
using Chancery.Contracts;
using Chancery.Contracts.Merging;
using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Contracts.Storing;

/// <summary>What is decided when a contract is made.</summary>
/// <param name="Readers">Who may read it; null for everybody in the organisation.</param>
internal sealed record NewContract(
    ContractText Text,
    string Type,
    IReadOnlyList<string> Tags,
    IReadOnlyCollection<Guid>? Readers
);

/// <summary>What adding a revision can end in, apart from a fault.</summary>
internal abstract record AppendOutcome
{
    private AppendOutcome() { }

    /// <param name="Merged">Whether others had changed the contract meanwhile, and their changes are in it.</param>
    public sealed record Appended(int Number, ContractText Text, bool Merged) : AppendOutcome;

    /// <summary>It says what the latest revision says.</summary>
    public sealed record Unchanged(int Latest) : AppendOutcome;

    public sealed record NotFound : AppendOutcome;

    /// <summary>Others changed the same words meanwhile.</summary>
    public sealed record Conflicted(int Latest, IReadOnlyList<MergeConflict> Conflicts) : AppendOutcome;

    /// <summary>It would be no contract that can be kept.</summary>
    public sealed record Unfit(IReadOnlyList<string> Faults) : AppendOutcome;
}

/// <summary>Contracts and their revisions. A contract that the caller may not read is as good as missing. Safe for concurrent use.</summary>
internal sealed class ContractStore(
    TenantDatabase database,
    ClauseVectorQueue vectors,
    TimeProvider time,
    ContractMeter meter
)
{
    private const string HoldSql = """
        SELECT c.latest FROM contracts AS c
        WHERE c.tenant_id = @tenant AND c.contract_id = @id AND c.deleted_at IS NULL
        FOR UPDATE
        """;

    private const string InsertSql = """
        INSERT INTO contracts (tenant_id, contract_id, type, tags, title, parties, effective_date, end_date, governing_law, language,
                               latest, list_id, created_by, created_at, updated_at, change)
        VALUES (@tenant, @id, @type, @tags, @title, @parties::jsonb, @effective, @end, @law, @language, 1, @list, @author, @now, @now,
                @change)
        """;

    private const string RaiseSql = """
        UPDATE contracts
        SET title = @title, parties = @parties::jsonb, effective_date = @effective, end_date = @end, governing_law = @law,
            language = @language, latest = @number, updated_at = @now, change = @change
        WHERE tenant_id = @tenant AND contract_id = @id
        """;

    private const string FindSql =
        "SELECT "
        + ContractRow.Columns
        + """

            FROM contracts AS c
            WHERE c.tenant_id = @tenant AND c.contract_id = @id AND c.deleted_at IS NULL
            """;

    private const string RevisionsSql =
        "SELECT "
        + RevisionRow.Columns
        + """

            FROM contract_revisions AS r
            JOIN contracts AS c ON c.tenant_id = r.tenant_id AND c.contract_id = r.contract_id AND c.deleted_at IS NULL
            WHERE r.tenant_id = @tenant AND r.contract_id = @id AND (@before::int IS NULL OR r.number < @before)
            ORDER BY r.number DESC
            LIMIT @most
            """;

    /// <returns>The new contract's id.</returns>
    /// <param name="work">What else belongs to it, in the same transaction.</param>
    public async Task<Guid> CreateAsync(
        Principal principal,
        NewContract contract,
        IReadOnlyList<(ContractText Text, RevisionFacts Facts)> revisions,
        CancellationToken cancellationToken,
        Func<TenantSession, Guid, Task>? work = null
    )
    {
        var id = Guid.CreateVersion7();
        var now = Now();
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await vectors.EnqueueAsync(session, cancellationToken);
        Guid? list = contract.Readers is { } readers
            ? await AccessLists.OfAsync(session, [.. readers], cancellationToken)
            : null;
        var first = revisions[0].Text;
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                type = contract.Type,
                tags = contract.Tags.ToArray(),
                title = first.Title,
                parties = JsonSerializer.Serialize(first.Parties, RevisionTree.Json),
                effective = first.EffectiveDate,
                end = first.EndDate,
                law = first.GoverningLaw,
                language = first.Language,
                list,
                author = principal.UserId,
                now,
                change = await RevisionWriter.NextChangeAsync(session, cancellationToken),
            },
            cancellationToken
        );
        ContractText? before = null;
        byte[]? hash = null;
        for (var i = 0; i < revisions.Count; i++)
        {
            var (text, facts) = revisions[i];
            hash = await RevisionWriter.WriteAsync(
                session,
                id,
                i + 1,
                before,
                hash,
                text,
                facts,
                facts.Origins,
                now,
                cancellationToken
            );
            before = text;
        }

        if (revisions.Count > 1)
        {
            await RaiseAsync(session, id, revisions.Count, before!, now, cancellationToken);
        }

        if (work is not null)
        {
            await work(session, id);
        }

        await session.CommitAsync(cancellationToken);
        foreach (var (_, facts) in revisions)
        {
            meter.Stored(facts);
        }

        await vectors.WakeAsync();
        return id;
    }

    /// <summary>A contract at one revision, the latest for null; null when there is none that the caller may read.</summary>
    public async Task<StoredContract?> FindAsync(
        Principal principal,
        Guid id,
        int? number,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await FindAsync(session, id, number, cancellationToken);
    }

    /// <inheritdoc cref="FindAsync(Principal, Guid, int?, CancellationToken)"/>
    public static async Task<StoredContract?> FindAsync(
        TenantSession session,
        Guid id,
        int? number,
        CancellationToken cancellationToken
    )
    {
        var arguments = new { tenant = session.Tenant.Value, id };
        if (
            await session.FindAsync<ContractRow>(FindSql, arguments, cancellationToken) is not { } contract
            || await RevisionReader.FindAsync(session, id, number ?? contract.Latest, cancellationToken)
                is not var (row, text)
        )
        {
            return null;
        }

        var origins = RevisionReader.OriginsOf(row.Origins);
        return new StoredContract(
            contract.ToSummary(),
            row.ToSummary(),
            text,
            await OriginSight.OfAsync(session, origins, cancellationToken)
        );
    }

    /// <summary>The facts of a contract without its text; null when there is none that the caller may read.</summary>
    public async Task<ContractSummary?> FindSummaryAsync(
        Principal principal,
        Guid id,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return (
            await session.FindAsync<ContractRow>(FindSql, new { tenant = session.Tenant.Value, id }, cancellationToken)
        )?.ToSummary();
    }

    /// <summary>Newest first; empty where there is no such contract, since each has one at least.</summary>
    public async Task<IReadOnlyList<RevisionSummary>> RevisionsAsync(
        Principal principal,
        Guid id,
        int? before,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<RevisionRow>(
            RevisionsSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                before,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToSummary())];
    }

    /// <summary>
    /// Adds a revision. Where the contract went on since <see cref="RevisionFacts.Base"/>, both changes are joined clause by clause; where
    /// that cannot be nothing is stored.
    /// </summary>
    /// <param name="work">What else belongs to it, in the same transaction, told the revision's number.</param>
    public async Task<AppendOutcome> AppendAsync(
        Principal principal,
        Guid id,
        ContractText proposed,
        RevisionFacts facts,
        CancellationToken cancellationToken,
        Func<TenantSession, int, Task>? work = null
    )
    {
        if (proposed.FindFaults() is { Count: > 0 } faults)
        {
            return new AppendOutcome.Unfit(faults);
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        await vectors.EnqueueAsync(session, cancellationToken);
        var latest = await session.FindAsync<int>(
            HoldSql,
            new { tenant = session.Tenant.Value, id },
            cancellationToken
        );
        if (
            latest == 0
            || facts.Base is not { } @base
            || await RevisionReader.FindAsync(session, id, latest, cancellationToken) is not var (row, current)
        )
        {
            return new AppendOutcome.NotFound();
        }

        var text = proposed;
        if (@base != latest)
        {
            if (await RevisionReader.FindAsync(session, id, @base, cancellationToken) is not var (_, origin))
            {
                return new AppendOutcome.NotFound();
            }

            switch (ContractMerge.Merge(origin, current, proposed))
            {
                case MergeOutcome.Merged merged:
                    text = merged.Contract;
                    break;
                case MergeOutcome.Conflicted conflicted:
                    return new AppendOutcome.Conflicted(latest, conflicted.Conflicts);
            }
        }

        if (text == current)
        {
            return new AppendOutcome.Unchanged(latest);
        }

        if (text.FindFaults() is { Count: > 0 } merging)
        {
            return new AppendOutcome.Unfit(merging);
        }

        var number = latest + 1;
        var now = Now();
        await RevisionWriter.WriteAsync(
            session,
            id,
            number,
            current,
            row.Sha256,
            text,
            facts,
            OriginsOf(text, RevisionReader.OriginsOf(row.Origins), current, facts),
            now,
            cancellationToken
        );
        await RaiseAsync(session, id, number, text, now, cancellationToken);
        if (work is not null)
        {
            await work(session, number);
        }

        await session.CommitAsync(cancellationToken);
        meter.Stored(facts);
        await vectors.WakeAsync();
        return new AppendOutcome.Appended(number, text, @base != latest);
    }

    /// <summary>What is known of clauses goes on with their words; a clause whose words changed says what it is built on now.</summary>
    private static Dictionary<Guid, IReadOnlyList<ClauseOrigin>> OriginsOf(
        ContractText text,
        Dictionary<Guid, IReadOnlyList<ClauseOrigin>> before,
        ContractText current,
        RevisionFacts facts
    )
    {
        var words = current.Walk().ToDictionary(placed => placed.Clause.Id, placed => placed.Clause.Text);
        var origins = new Dictionary<Guid, IReadOnlyList<ClauseOrigin>>();
        foreach (var (clause, _, _, _) in text.Walk())
        {
            if (facts.Origins.TryGetValue(clause.Id, out var named))
            {
                origins[clause.Id] = named;
            }
            else if (before.TryGetValue(clause.Id, out var known) && words.GetValueOrDefault(clause.Id) == clause.Text)
            {
                origins[clause.Id] = known;
            }
        }

        return origins;
    }

    private static async Task RaiseAsync(
        TenantSession session,
        Guid id,
        int number,
        ContractText text,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        await session.ExecuteAsync(
            RaiseSql,
            new
            {
                tenant = session.Tenant.Value,
                id,
                number,
                title = text.Title,
                parties = JsonSerializer.Serialize(text.Parties, RevisionTree.Json),
                effective = text.EffectiveDate,
                end = text.EndDate,
                law = text.GoverningLaw,
                language = text.Language,
                now,
                change = await RevisionWriter.NextChangeAsync(session, cancellationToken),
            },
            cancellationToken
        );

    /// <summary>As PostgreSQL keeps it, so that what is hashed is what is read.</summary>
    private DateTimeOffset Now()
    {
        var now = time.GetUtcNow();
        return new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }
}
