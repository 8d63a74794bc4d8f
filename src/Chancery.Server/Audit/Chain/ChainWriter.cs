using System.Security.Cryptography;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Audit.Chain;

/// <summary>
/// Links what waits in a tenant's inbox into its chain. One writer at a time for each chain, on whichever server: it holds the chain's
/// row. Safe for concurrent use.
/// </summary>
internal sealed class ChainWriter(TenantDatabase database, IEnumerable<IChainFollower> followers)
{
    public const int MostAtOnce = 500;

    private const int SaltLength = 16;

    private const string LockSql = """
        SELECT seq, hash FROM audit_chains WHERE tenant_id = @tenant FOR UPDATE
        """;

    private const string BeginSql = """
        INSERT INTO audit_chains (tenant_id, seq, hash, anchor_seq, anchor_hash, signed_seq)
        VALUES (@tenant, 0, @genesis, 0, @genesis, 0)
        ON CONFLICT (tenant_id) DO NOTHING
        """;

    private const string WaitsSql = """
        SELECT EXISTS (SELECT 1 FROM audit_inbox WHERE tenant_id = @tenant)
        """;

    // What was linked before comes again when the answer to its writing was lost.
    private const string InboxSql = """
        SELECT i.tenant_id, i.entry_id, i.at, i.action, i.outcome, i.status, i.reason, i.actor_kind, i.actor_id,
               i.credential_kind, i.credential_id, i.subject_kind, i.subject_id, i.trace_id, i.repeats, i.details,
               i.person_id, i.name, i.email, i.address,
               EXISTS (SELECT 1 FROM audit_entries AS e
                       WHERE e.tenant_id = i.tenant_id AND e.entry_id = i.entry_id) AS is_linked
        FROM audit_inbox AS i
        WHERE i.tenant_id = @tenant
        ORDER BY i.entry_id
        LIMIT @most
        """;

    private const string PeopleSql = """
        SELECT p.people_id, p.person_id, p.name, p.email, p.address, p.hash
        FROM unnest(@persons, @names, @emails, @addresses) AS w (person_id, name, email, address)
        JOIN audit_people AS p
          ON p.tenant_id = @tenant AND p.person_id = w.person_id AND p.name = w.name AND p.email = w.email
         AND p.address = w.address AND p.erased_at IS NULL
        """;

    // What was on its way while somebody was let go of: their own leaving, refusals of that minute.
    private const string ErasedSql = """
        SELECT DISTINCT person_id FROM audit_people
        WHERE tenant_id = @tenant AND person_id = ANY (@persons) AND erased_at > now() - interval '10 minutes'
        """;

    private const string AddPeopleSql = """
        INSERT INTO audit_people (tenant_id, people_id, person_id, name, email, address, salt, hash)
        SELECT @tenant, n.*
        FROM unnest(@ids, @persons, @names, @emails, @addresses, @salts, @hashes) AS n
        """;

    private const string AppendSql = """
        INSERT INTO audit_entries
          (tenant_id, seq, entry_id, at, action, outcome, status, reason, actor_kind, actor_id, credential_kind,
           credential_id, subject_kind, subject_id, trace_id, repeats, details, people_id, people_hash, previous_hash, hash)
        SELECT @tenant, n.*
        FROM unnest(@seqs, @ids, @ats, @actions, @outcomes, @statuses, @reasons, @actorKinds, @actorIds, @credentialKinds,
                    @credentialIds, @subjectKinds, @subjectIds, @traceIds, @repeats, @details, @peopleIds, @peopleHashes,
                    @previousHashes, @hashes) AS n
        """;

    private const string EmptySql = """
        DELETE FROM audit_inbox WHERE tenant_id = @tenant AND entry_id = ANY (@ids)
        """;

    private const string MoveSql = """
        UPDATE audit_chains SET seq = @seq, hash = @hash WHERE tenant_id = @tenant
        """;

    private sealed record Head(long Seq, byte[] Hash);

    private sealed class Waiting
    {
        public Guid TenantId { get; init; }
        public Guid EntryId { get; init; }
        public DateTimeOffset At { get; init; }
        public string Action { get; init; } = "";
        public string Outcome { get; init; } = "";
        public int? Status { get; init; }
        public string? Reason { get; init; }
        public string ActorKind { get; init; } = "";
        public Guid? ActorId { get; init; }
        public string? CredentialKind { get; init; }
        public string? CredentialId { get; init; }
        public string? SubjectKind { get; init; }
        public string? SubjectId { get; init; }
        public string? TraceId { get; init; }
        public int Repeats { get; init; }
        public string? Details { get; init; }
        public Guid PersonId { get; init; }
        public string Name { get; set; } = "";
        public string Email { get; set; } = "";
        public string Address { get; set; } = "";
        public bool IsLinked { get; init; }

        public People? People =>
            Name.Length + Email.Length + Address.Length > 0 ? new People(PersonId, Name, Email, Address) : null;
    }

    private sealed record People(Guid PersonId, string Name, string Email, string Address);

    private sealed record KeptPeople(
        Guid PeopleId,
        Guid PersonId,
        string Name,
        string Email,
        string Address,
        byte[] Hash
    );

    /// <summary>Links all that waits now, a batch in each transaction; answers how many entries were added.</summary>
    public async Task<int> LinkAsync(Guid tenant, CancellationToken cancellationToken)
    {
        var all = 0;
        while (true)
        {
            var (added, taken) = await LinkBatchAsync(tenant, cancellationToken);
            all += added.Count;
            if (added.Count > 0)
            {
                foreach (var follower in followers)
                {
                    await follower.AppendedAsync(tenant, added);
                }
            }

            if (taken < MostAtOnce)
            {
                return all;
            }
        }
    }

    private async Task<(IReadOnlyList<AuditEntry> Added, int Taken)> LinkBatchAsync(
        Guid tenant,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(new TenantId(tenant), cancellationToken);
        // Without the chain's row: most often somebody looks and nothing waits.
        if (!await session.FindAsync<bool>(WaitsSql, new { tenant }, cancellationToken))
        {
            return ([], 0);
        }

        if (await session.FindAsync<Head>(LockSql, new { tenant }, cancellationToken) is not { } head)
        {
            await session.ExecuteAsync(BeginSql, new { tenant, genesis = EntryHash.Genesis }, cancellationToken);
            head = (await session.FindAsync<Head>(LockSql, new { tenant }, cancellationToken))!;
        }

        var waiting = await session.QueryAsync<Waiting>(InboxSql, new { tenant, most = MostAtOnce }, cancellationToken);
        if (waiting.Count == 0)
        {
            return ([], 0);
        }

        List<Waiting> fresh = [.. waiting.Where(row => !row.IsLinked)];
        await UnnameErasedAsync(session, tenant, fresh, cancellationToken);
        var people = await PeopleOfAsync(session, tenant, fresh, cancellationToken);
        var entries = Link(fresh, people, head);
        if (entries.Count > 0)
        {
            await AppendAsync(session, tenant, entries, cancellationToken);
            await session.ExecuteAsync(
                MoveSql,
                new
                {
                    tenant,
                    seq = entries[^1].Seq,
                    hash = entries[^1].Hash,
                },
                cancellationToken
            );
        }

        await session.ExecuteAsync(
            EmptySql,
            new { tenant, ids = waiting.Select(row => row.EntryId).ToArray() },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return (entries, waiting.Count);
    }

    private static List<AuditEntry> Link(List<Waiting> rows, Dictionary<People, KeptPeople> people, Head head)
    {
        var entries = new List<AuditEntry>(rows.Count);
        var (seq, previous) = (head.Seq, head.Hash);
        foreach (var row in rows)
        {
            var named = row.People is { } facts ? people[facts] : null;
            var entry = Compose(row, ++seq, named, previous);
            previous = entry.Hash = EntryHash.Of(entry, previous);
            entries.Add(entry);
        }

        return entries;
    }

    private static AuditEntry Compose(Waiting row, long seq, KeptPeople? named, byte[] previous) =>
        new()
        {
            TenantId = row.TenantId,
            Seq = seq,
            EntryId = row.EntryId,
            At = row.At,
            Action = row.Action,
            Outcome = row.Outcome,
            Status = row.Status,
            Reason = row.Reason,
            ActorKind = row.ActorKind,
            ActorId = row.ActorId,
            CredentialKind = row.CredentialKind,
            CredentialId = row.CredentialId,
            SubjectKind = row.SubjectKind,
            SubjectId = row.SubjectId,
            TraceId = row.TraceId,
            Repeats = row.Repeats,
            Details = row.Details,
            PeopleId = named?.PeopleId,
            PeopleHash = named?.Hash,
            PreviousHash = previous,
            PersonId = named?.PersonId,
            Name = named?.Name,
            Email = named?.Email,
            Address = named?.Address,
        };

    private static async Task UnnameErasedAsync(
        TenantSession session,
        Guid tenant,
        List<Waiting> rows,
        CancellationToken cancellationToken
    )
    {
        var persons = rows.Where(row => row.People is not null).Select(row => row.PersonId).Distinct().ToArray();
        if (persons.Length == 0)
        {
            return;
        }

        var erased = (
            await session.QueryAsync<Guid>(ErasedSql, new { tenant, persons }, cancellationToken)
        ).ToHashSet();
        foreach (var row in rows.Where(row => erased.Contains(row.PersonId)))
        {
            row.Name = row.Email = row.Address = "";
        }
    }

    /// <summary>The rows beside the chain for these entries; one for each name and address, however many entries name them.</summary>
    private static async Task<Dictionary<People, KeptPeople>> PeopleOfAsync(
        TenantSession session,
        Guid tenant,
        List<Waiting> rows,
        CancellationToken cancellationToken
    )
    {
        List<People> wanted = [.. rows.Select(row => row.People).OfType<People>().Distinct()];
        if (wanted.Count == 0)
        {
            return [];
        }

        var found = await session.QueryAsync<KeptPeople>(PeopleSql, Columns(wanted), cancellationToken);
        var kept = found.ToDictionary(row => new People(row.PersonId, row.Name, row.Email, row.Address));
        List<(KeptPeople Row, byte[] Salt)> missing =
        [
            .. wanted
                .Where(facts => !kept.ContainsKey(facts))
                .Select(facts =>
                {
                    var salt = RandomNumberGenerator.GetBytes(SaltLength);
                    var hash = EntryHash.OfPeople(salt, facts.PersonId, facts.Name, facts.Email, facts.Address);
                    return (
                        new KeptPeople(
                            Guid.CreateVersion7(),
                            facts.PersonId,
                            facts.Name,
                            facts.Email,
                            facts.Address,
                            hash
                        ),
                        salt
                    );
                }),
        ];
        if (missing.Count > 0)
        {
            await session.ExecuteAsync(
                AddPeopleSql,
                new
                {
                    tenant,
                    ids = missing.Select(one => one.Row.PeopleId).ToArray(),
                    persons = missing.Select(one => one.Row.PersonId).ToArray(),
                    names = missing.Select(one => one.Row.Name).ToArray(),
                    emails = missing.Select(one => one.Row.Email).ToArray(),
                    addresses = missing.Select(one => one.Row.Address).ToArray(),
                    salts = missing.Select(one => one.Salt).ToArray(),
                    hashes = missing.Select(one => one.Row.Hash).ToArray(),
                },
                cancellationToken
            );
            foreach (var (row, _) in missing)
            {
                kept[new People(row.PersonId, row.Name, row.Email, row.Address)] = row;
            }
        }

        return kept;

        object Columns(List<People> people) =>
            new
            {
                tenant,
                persons = people.Select(one => one.PersonId).ToArray(),
                names = people.Select(one => one.Name).ToArray(),
                emails = people.Select(one => one.Email).ToArray(),
                addresses = people.Select(one => one.Address).ToArray(),
            };
    }

    private static Task<int> AppendAsync(
        TenantSession session,
        Guid tenant,
        List<AuditEntry> entries,
        CancellationToken cancellationToken
    )
    {
        T[] Column<T>(Func<AuditEntry, T> of) => [.. entries.Select(of)];
        return session.ExecuteAsync(
            AppendSql,
            new
            {
                tenant,
                seqs = Column(entry => entry.Seq),
                ids = Column(entry => entry.EntryId),
                ats = Column(entry => entry.At),
                actions = Column(entry => entry.Action),
                outcomes = Column(entry => entry.Outcome),
                statuses = Column(entry => entry.Status),
                reasons = Column(entry => entry.Reason),
                actorKinds = Column(entry => entry.ActorKind),
                actorIds = Column(entry => entry.ActorId),
                credentialKinds = Column(entry => entry.CredentialKind),
                credentialIds = Column(entry => entry.CredentialId),
                subjectKinds = Column(entry => entry.SubjectKind),
                subjectIds = Column(entry => entry.SubjectId),
                traceIds = Column(entry => entry.TraceId),
                repeats = Column(entry => entry.Repeats),
                details = Column(entry => entry.Details),
                peopleIds = Column(entry => entry.PeopleId),
                peopleHashes = Column(entry => entry.PeopleHash),
                previousHashes = Column(entry => entry.PreviousHash),
                hashes = Column(entry => entry.Hash),
            },
            cancellationToken
        );
    }
}
