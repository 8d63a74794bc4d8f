using System.Net;
using System.Text.Json;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Commands;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Audit;

/// <summary>Whoever owns the tables can write what they like. Everything that they could do to a chain is found.</summary>
public sealed class VerifyTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const int Length = 6;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Stored fields of an entry, with a value of the same kind that is another, by PostgreSQL's own means.
    private static readonly (string Table, string Column)[] TextFields =
    [
        ("audit_entries", "action"),
        ("audit_entries", "outcome"),
        ("audit_entries", "actor_kind"),
        ("audit_entries", "credential_kind"),
        ("audit_entries", "credential_id"),
        ("audit_entries", "subject_kind"),
        ("audit_entries", "subject_id"),
        ("audit_entries", "trace_id"),
        ("audit_entries", "details"),
        ("audit_people", "name"),
        ("audit_people", "email"),
        ("audit_people", "address"),
    ];

    private static readonly (string Table, string Column)[] ByteFields =
    [
        ("audit_entries", "people_hash"),
        ("audit_entries", "previous_hash"),
        ("audit_entries", "hash"),
        ("audit_people", "salt"),
        ("audit_people", "hash"),
    ];

    private static readonly (string Table, string Column)[] UuidFields =
    [
        ("audit_entries", "entry_id"),
        ("audit_entries", "actor_id"),
        ("audit_entries", "people_id"),
        ("audit_people", "person_id"),
    ];

    [Fact]
    public async Task A_chain_that_nobody_touched_is_whole_and_its_end_unproven_without_a_head()
    {
        var (tenant, head) = await GivenChainAsync();

        var without = await VerifyAsync(tenant);
        var with = await VerifyAsync(tenant, head);

        Assert.True(without.IsWhole, Say(without));
        Assert.Equal((Length, 1, Length), (without.Entries, without.FirstSeq, without.LastSeq));
        Assert.Equal(TailState.Unproven, without.Tail);
        Assert.True(with.IsWhole, Say(with));
        Assert.Equal((TailState.Proven, Length), (with.Tail, with.ProvenThrough));
    }

    [Fact]
    public async Task Every_single_byte_of_every_stored_field_that_is_changed_is_found()
    {
        var (tenant, head) = await GivenChainAsync();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var missed = new List<string>();
        var tried = 0;
        foreach (var (table, column) in TextFields)
        {
            var length = await LengthAsync(connection, tenant, table, $"octet_length({column})");
            for (var at = 0; at < length; at++)
            {
                // Another ASCII letter in its place.
                await TryAsync(
                    table,
                    $"{column} = convert_from(set_byte(convert_to({column}, 'UTF8'), {at}, CASE get_byte(convert_to({column}, 'UTF8'), {at}) WHEN 97 THEN 98 ELSE 97 END), 'UTF8')"
                );
            }
        }

        foreach (var (table, column) in ByteFields)
        {
            var length = await LengthAsync(connection, tenant, table, $"octet_length({column})");
            for (var at = 0; at < length; at++)
            {
                await TryAsync(table, $"{column} = set_byte({column}, {at}, 255 - get_byte({column}, {at}))");
            }
        }

        foreach (var (table, column) in UuidFields)
        {
            for (var at = 0; at < 16; at++)
            {
                await TryAsync(
                    table,
                    $"{column} = encode(set_byte(decode(replace({column}::text, '-', ''), 'hex'), {at}, 255 - get_byte(decode(replace({column}::text, '-', ''), 'hex'), {at})), 'hex')::uuid"
                );
            }
        }

        foreach (
            var change in new[]
            {
                "at = at + interval '1 microsecond'",
                "status = status + 1",
                "repeats = repeats + 1",
                "reason = 'x'",
                "status = NULL",
                "details = NULL",
                "people_id = NULL, people_hash = NULL",
                "seq = seq + 1000",
            }
        )
        {
            await TryAsync("audit_entries", change);
        }

        Assert.Empty(missed);
        Assert.True(tried > 300, $"Only {tried} changes were tried.");

        async Task TryAsync(string table, string change)
        {
            tried++;
            // Undone by the transaction that it is tried in.
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            var condition = table == "audit_entries" ? "seq = 3" : "true";
            var changed = await connection.ExecuteAsync(
                $"UPDATE {table} SET {change} WHERE tenant_id = @tenant AND {condition}",
                new { tenant },
                transaction
            );
            var report = await new ChainVerifier(
                new KeyHistory(chancery.Owner, EngineHost.MasterKey),
                TimeProvider.System
            ).VerifyAsync(new OpenSource(connection, transaction), tenant, [head], Cancel);
            await transaction.RollbackAsync(Cancel);
            if (changed != 1 || report.IsWhole)
            {
                missed.Add($"{table}: {change} ({changed} rows)");
            }
        }
    }

    [Theory]
    [InlineData("DELETE FROM audit_entries WHERE tenant_id = @tenant AND seq = 1", "gap")]
    [InlineData("DELETE FROM audit_entries WHERE tenant_id = @tenant AND seq IN (3, 4)", "gap")]
    [InlineData("DELETE FROM audit_entries WHERE tenant_id = @tenant AND seq = 6", "cut")]
    [InlineData("DELETE FROM audit_entries WHERE tenant_id = @tenant", "cut")]
    [InlineData("DELETE FROM audit_chains WHERE tenant_id = @tenant", "chain")]
    [InlineData("DELETE FROM audit_people WHERE tenant_id = @tenant", "people")]
    [InlineData("UPDATE audit_people SET erased_at = now() WHERE tenant_id = @tenant", "people")]
    [InlineData("UPDATE audit_chains SET hash = anchor_hash WHERE tenant_id = @tenant", "chain")]
    [InlineData("UPDATE audit_chains SET seq = 3 WHERE tenant_id = @tenant", "chain")]
    [InlineData("UPDATE audit_chains SET anchor_seq = 2 WHERE tenant_id = @tenant", "chain")]
    [InlineData(
        "UPDATE audit_heads SET hash = set_byte(hash, 0, 255 - get_byte(hash, 0)) WHERE tenant_id = @tenant",
        "signature"
    )]
    [InlineData("UPDATE audit_heads SET jws = 'AAAA' || substr(jws, 5) WHERE tenant_id = @tenant", "signature")]
    [InlineData(
        "UPDATE audit_heads SET jws = overlay(jws placing 'AAAAAAAA' from length(jws) - 40) WHERE tenant_id = @tenant",
        "signature"
    )]
    [InlineData("UPDATE audit_heads SET key_id = 'other' WHERE tenant_id = @tenant", "signature")]
    [InlineData("DELETE FROM audit_heads WHERE tenant_id = @tenant", "chain")]
    // Two entries in each other's place.
    [InlineData(
        "UPDATE audit_entries SET seq = -seq WHERE tenant_id = @tenant AND seq IN (2, 3); UPDATE audit_entries SET seq = 5 + seq WHERE tenant_id = @tenant AND seq < 0",
        "unlinked"
    )]
    // One of them twice, and everything behind it moved on.
    [InlineData(
        "UPDATE audit_entries SET seq = seq + 1000 WHERE tenant_id = @tenant AND seq > 2; UPDATE audit_entries SET seq = seq - 999 WHERE tenant_id = @tenant AND seq > 1000; INSERT INTO audit_entries SELECT tenant_id, 3, gen_random_uuid(), at, action, outcome, status, reason, actor_kind, actor_id, credential_kind, credential_id, subject_kind, subject_id, trace_id, repeats, details, people_id, people_hash, previous_hash, hash FROM audit_entries WHERE tenant_id = @tenant AND seq = 2",
        "edited"
    )]
    public async Task Taking_out_moving_and_pretending_is_found(string sql, string kind)
    {
        var (tenant, _) = await GivenChainAsync();

        await chancery.AsOwnerAsync(sql, new { tenant });

        var report = await VerifyAsync(tenant);
        Assert.False(report.IsWhole);
        Assert.Contains(report.Findings, finding => finding.Kind == kind);
    }

    [Fact]
    public async Task A_tail_that_was_cut_off_so_that_nothing_shows_is_found_by_a_head_that_was_handed_out()
    {
        var (tenant, head) = await GivenChainAsync();

        await chancery.AsOwnerAsync(
            """
            DELETE FROM audit_entries WHERE tenant_id = @tenant AND seq > 3;
            DELETE FROM audit_heads WHERE tenant_id = @tenant;
            UPDATE audit_chains
            SET seq = 3, hash = (SELECT hash FROM audit_entries WHERE tenant_id = @tenant AND seq = 3), signed_seq = 0
            WHERE tenant_id = @tenant
            """,
            new { tenant }
        );

        var without = await VerifyAsync(tenant);
        var with = await VerifyAsync(tenant, head);
        // Nobody can know; and it says so.
        Assert.True(without.IsWhole, Say(without));
        Assert.Equal(TailState.Unproven, without.Tail);
        Assert.Equal([FindingKind.Cut], with.Findings.Select(finding => finding.Kind));
        Assert.Equal(Length, with.Findings[0].Seq);
    }

    [Fact]
    public async Task A_chain_that_was_written_anew_with_all_its_hashes_is_found_by_its_heads()
    {
        var (tenant, head) = await GivenChainAsync();
        var other = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(other, Length + 3);

        // Another chain in its place, hashes and end and all, under the heads of the first.
        await RewriteAsync(tenant, other);
        await chancery.AsOwnerAsync(
            "UPDATE audit_chains SET signed_seq = @Length WHERE tenant_id = @tenant",
            new { tenant, Length }
        );
        var byHeads = await VerifyAsync(tenant);
        // And without them.
        await chancery.AsOwnerAsync(
            "DELETE FROM audit_heads WHERE tenant_id = @tenant; UPDATE audit_chains SET signed_seq = 0 WHERE tenant_id = @tenant",
            new { tenant }
        );
        var byNothing = await VerifyAsync(tenant);
        var byTheGiven = await VerifyAsync(tenant, head);

        Assert.Equal([FindingKind.Rewritten], byHeads.Findings.Select(finding => finding.Kind));
        Assert.True(byNothing.IsWhole, Say(byNothing));
        Assert.Equal([FindingKind.Rewritten], byTheGiven.Findings.Select(finding => finding.Kind));
    }

    [Fact]
    public async Task A_head_that_somebody_else_signed_proves_nothing()
    {
        var (tenant, head) = await GivenChainAsync();
        var parts = head.Jws.Split('.');
        var forged = SignedHead.Parse($"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}")!;

        var report = await VerifyAsync(tenant, forged);

        Assert.Equal([FindingKind.Signature], report.Findings.Select(finding => finding.Kind));
        Assert.Equal(TailState.Unproven, report.Tail);
    }

    [Fact]
    public async Task A_head_of_what_retention_let_go_of_proves_nothing_and_one_that_is_too_young_for_that_is_a_finding()
    {
        var (old, young) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var oldHead = await GivenSignedAsync(old, 3, days: 500);
        await GivenSignedAsync(old, 2, days: 490);
        await chancery.GivenEntriesAsync(old, 2);
        await LetGoAsync(old, 5);
        var youngHead = await GivenSignedAsync(young, 3, days: 29);
        await GivenSignedAsync(young, 2, days: 28);
        await chancery.GivenEntriesAsync(young, 2);
        // As nobody but the owner of the tables could.
        await chancery.AsOwnerAsync(
            """
            DELETE FROM audit_entries WHERE tenant_id = @young AND seq <= 5;
            DELETE FROM audit_heads WHERE tenant_id = @young AND seq < 5;
            UPDATE audit_chains
            SET anchor_seq = 5, anchor_hash = (SELECT hash FROM audit_heads WHERE tenant_id = @young AND seq = 5)
            WHERE tenant_id = @young
            """,
            new { young }
        );

        var expired = await VerifyAsync(old, oldHead);
        var unknown = await VerifyAsync(young);
        var taken = await VerifyAsync(young, youngHead);

        Assert.True(expired.IsWhole, Say(expired));
        Assert.Equal(TailState.Unproven, expired.Tail);
        Assert.Contains("up to entry 3", Assert.Single(expired.Notes), StringComparison.Ordinal);
        Assert.Contains(
            AuditCommand.LinesOf(expired),
            line => line.StartsWith("  note: Retention let go of everything up to entry 5", StringComparison.Ordinal)
        );
        Assert.True(unknown.IsWhole, Say(unknown));
        var finding = Assert.Single(taken.Findings);
        Assert.Equal((FindingKind.Gap, 3), (finding.Kind, finding.Seq));
        Assert.Empty(taken.Notes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task What_retention_lets_go_of_while_a_chain_is_checked_is_no_finding(int kept)
    {
        var clean = 0;
        // Before each of the questions that the check asks.
        for (var question = 0; question < 12; question++)
        {
            var tenant = Guid.CreateVersion7();
            await GivenSignedAsync(tenant, 3, days: 500);
            await LetGoAsync(tenant, 3);
            await GivenSignedAsync(tenant, 2, days: 490);
            var head = await GivenSignedAsync(tenant, 2, days: 480);
            await chancery.GivenEntriesAsync(tenant, kept);
            var source = new InterruptedSource(chancery.Owner, question, () => LetGoAsync(tenant, 7));

            var report = await new ChainVerifier(
                new KeyHistory(chancery.Owner, EngineHost.MasterKey),
                TimeProvider.System
            ).VerifyAsync(source, tenant, [head], Cancel);

            Assert.True(report.IsWhole, $"Before question {question}: {Say(report)}");
            clean += source.WasInterrupted ? 1 : 0;
        }

        Assert.InRange(clean, 5, 12);
    }

    [Fact]
    public async Task A_chain_is_checked_while_others_write_on()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 50);
        var reports = new List<ChainReport>();
        using var over = new CancellationTokenSource();

        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => chancery.GivenEntriesAsync(tenant, 40)));
        while (!writing.IsCompleted)
        {
            await chancery.Services.GetRequiredService<HeadSigning>().RunAsync(TimeSpan.Zero, Cancel);
            reports.Add(await VerifyAsync(tenant));
        }

        await writing;
        var last = await VerifyAsync(tenant);
        Assert.All(reports, report => Assert.True(report.IsWhole, Say(report)));
        Assert.Equal(370, last.Entries);
    }

    [Fact]
    public async Task A_chain_of_several_pages_is_read_to_its_end_and_an_edit_in_the_middle_is_found()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 3);
        // Many more at once than the trail would write one by one.
        await chancery.AsOwnerAsync(
            """
            INSERT INTO audit_inbox (tenant_id, entry_id, at, action, outcome, actor_kind, repeats, person_id, name, email, address)
            SELECT @tenant, gen_random_uuid(), now(), 'test.happened', 'succeeded', 'server', 1, @nobody, '', '', ''
            FROM generate_series(1, 2500)
            """,
            new { tenant, nobody = Guid.Empty }
        );
        await chancery.Services.GetRequiredService<ChainWriter>().LinkAsync(tenant, Cancel);

        var whole = await VerifyAsync(tenant);
        await chancery.AsOwnerAsync(
            "UPDATE audit_entries SET status = 1 WHERE tenant_id = @tenant AND seq = 1700",
            new { tenant }
        );
        var edited = await VerifyAsync(tenant);

        Assert.True(whole.IsWhole, Say(whole));
        Assert.Equal(2503, whole.Entries);
        Assert.Equal((FindingKind.Edited, 1700), (Assert.Single(edited.Findings).Kind, edited.Findings[0].Seq));
    }

    [Fact]
    public async Task An_owner_checks_the_organisations_own_record_and_nobody_elses()
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        await chancery.RecordOfAsync(olga.TenantId);
        await chancery.RecordOfAsync(neighbour.TenantId);
        await chancery.Services.GetRequiredService<HeadSigning>().RunAsync(TimeSpan.Zero, Cancel);
        var heads = (
            await (await olga.Http.GetAsync(new Uri("/api/v1/audit/heads", UriKind.Relative), Cancel)).ReadAsync()
        ).GetProperty("items");
        var foreign = (
            await (await neighbour.Http.GetAsync(new Uri("/api/v1/audit/heads", UriKind.Relative), Cancel)).ReadAsync()
        ).GetProperty("items");

        var report = await (
            await olga.Http.PostAsync(
                "/api/v1/audit/verify",
                new { heads = heads.EnumerateArray().Select(head => head.GetProperty("jws").GetString()) }
            )
        ).ReadAsync();
        using var refused = await olga.Http.PostAsync(
            "/api/v1/audit/verify",
            new { heads = new[] { foreign[0].GetProperty("jws").GetString() } }
        );
        using var garbage = await olga.Http.PostAsync("/api/v1/audit/verify", new { heads = new[] { "no.head.this" } });

        Assert.True(report.GetProperty("is_whole").GetBoolean(), report.ToString());
        Assert.Equal(olga.TenantId, report.GetProperty("tenant_id").GetGuid());
        Assert.Equal(1, report.GetProperty("proven_through").GetInt64());
        Assert.Equal("invalid", await refused.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal("invalid", await garbage.CodeAsync(HttpStatusCode.BadRequest));
    }

    private async Task<(Guid Tenant, SignedHead Head)> GivenChainAsync()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, Length);
        var head = await chancery
            .Services.GetRequiredService<HeadStore>()
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        return (tenant, head!);
    }

    /// <summary>Entries that were written and signed so many days ago.</summary>
    private async Task<SignedHead> GivenSignedAsync(Guid tenant, int count, int days)
    {
        var clock = new MovedClock { Ahead = -TimeSpan.FromDays(days) };
        await chancery.GivenEntriesAsync(tenant, count, clock.GetUtcNow());
        var head = await ActivatorUtilities
            .CreateInstance<HeadStore>(chancery.Services, clock)
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        return head!;
    }

    private async Task LetGoAsync(Guid tenant, long through)
    {
        await using var session = await chancery
            .Services.GetRequiredService<TenantDatabase>()
            .OpenAsync(new TenantId(tenant), Cancel);
        Assert.True(
            await session.FindAsync<long>("SELECT forget_audit_entries(@through)", new { through }, Cancel) > 0
        );
        await session.CommitAsync(Cancel);
    }

    private async Task<ChainReport> VerifyAsync(Guid tenant, params SignedHead[] heads)
    {
        await using var source = await OwnerChainSource.OpenAsync(chancery.Owner, Cancel);
        return await new ChainVerifier(
            new KeyHistory(chancery.Owner, EngineHost.MasterKey),
            TimeProvider.System
        ).VerifyAsync(source, tenant, heads, Cancel);
    }

    /// <summary>Writes other entries into a tenant's chain, linked as they must be.</summary>
    private async Task RewriteAsync(Guid tenant, Guid other)
    {
        await using var source = await OwnerChainSource.OpenAsync(chancery.Owner, Cancel);
        var entries = await source.EntriesAsync(other, 0, long.MaxValue, Cancel);
        await chancery.AsOwnerAsync("DELETE FROM audit_entries WHERE tenant_id = @tenant", new { tenant });
        var previous = EntryHash.Genesis;
        foreach (var one in entries)
        {
            var entry = new AuditEntry
            {
                TenantId = tenant,
                Seq = one.Seq,
                EntryId = one.EntryId,
                At = one.At,
                Action = one.Action,
                Outcome = one.Outcome,
                ActorKind = one.ActorKind,
                Repeats = one.Repeats,
                PreviousHash = previous,
            };
            entry.Hash = EntryHash.Of(entry, previous);
            previous = entry.Hash;
            await chancery.AsOwnerAsync(
                """
                INSERT INTO audit_entries
                  (tenant_id, seq, entry_id, at, action, outcome, actor_kind, repeats, previous_hash, hash)
                VALUES (@TenantId, @Seq, @EntryId, @At, @Action, @Outcome, @ActorKind, @Repeats, @PreviousHash, @Hash)
                """,
                entry
            );
        }

        await chancery.AsOwnerAsync(
            "UPDATE audit_chains SET seq = @seq, hash = @previous WHERE tenant_id = @tenant",
            new
            {
                tenant,
                seq = entries[^1].Seq,
                previous,
            }
        );
    }

    private static Task<int> LengthAsync(NpgsqlConnection connection, Guid tenant, string table, string expression) =>
        connection.QuerySingleAsync<int>(
            $"SELECT {expression} FROM {table} WHERE tenant_id = @tenant {(table == "audit_entries" ? "AND seq = 3" : "")}",
            new { tenant }
        );

    private static string Say(ChainReport report) => JsonSerializer.Serialize(report);

    /// <summary>Something else happens before the question of that number.</summary>
    private sealed class InterruptedSource(NpgsqlDataSource owner, int question, Func<Task> happens) : ChainSource
    {
        private int _asked;

        public bool WasInterrupted => _asked > question;

        protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
            Guid tenant,
            string sql,
            object arguments,
            CancellationToken cancellationToken
        )
        {
            if (_asked++ == question)
            {
                await happens();
            }

            await using var connection = await owner.OpenConnectionAsync(cancellationToken);
            return (
                await connection.QueryAsync<T>(
                    new CommandDefinition(sql, arguments, cancellationToken: cancellationToken)
                )
            ).AsList();
        }
    }

    /// <summary>Reads in a transaction that was opened to change something.</summary>
    private sealed class OpenSource(NpgsqlConnection connection, NpgsqlTransaction transaction) : ChainSource
    {
        protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
            Guid tenant,
            string sql,
            object arguments,
            CancellationToken cancellationToken
        ) =>
            (
                await connection.QueryAsync<T>(
                    new CommandDefinition(sql, arguments, transaction, cancellationToken: cancellationToken)
                )
            ).AsList();
    }
}
