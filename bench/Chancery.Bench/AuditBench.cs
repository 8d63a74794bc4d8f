using System.Diagnostics;
using System.Globalization;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Audit.Verifying;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Bench;

/// <summary>
/// How many entries does the record take from 8 writers while it is checked again and again, how long does a check take, in how much
/// memory, and is everything found that the owner of the tables could do to it?
/// </summary>
internal static class AuditBench
{
    private const int Writers = 8;
    private const int Usual = 100_000;

    private static readonly (string What, string Sql)[] Tampering =
    [
        (
            "one field of one entry edited",
            "UPDATE audit_entries SET subject_id = subject_id || 'x' WHERE tenant_id = $1 AND seq = $2"
        ),
        (
            "one byte of one hash",
            "UPDATE audit_entries SET hash = set_byte(hash, 7, 255 - get_byte(hash, 7)) WHERE tenant_id = $1 AND seq = $2"
        ),
        ("one entry deleted", "DELETE FROM audit_entries WHERE tenant_id = $1 AND seq = $2"),
        (
            "two entries in each other's place",
            "UPDATE audit_entries SET seq = CASE seq WHEN $2 THEN -1 ELSE -2 END WHERE tenant_id = $1 AND seq IN ($2, $2 + 1); "
                + "UPDATE audit_entries SET seq = CASE seq WHEN -1 THEN $2 + 1 ELSE $2 END WHERE tenant_id = $1 AND seq < 0"
        ),
        (
            "the tail cut so that nothing shows",
            "DELETE FROM audit_entries WHERE tenant_id = $1 AND seq > $2; DELETE FROM audit_heads WHERE tenant_id = $1; "
                + "UPDATE audit_chains SET seq = $2, signed_seq = 0, hash = (SELECT hash FROM audit_entries WHERE tenant_id = $1 AND seq = $2) "
                + "WHERE tenant_id = $1"
        ),
        ("one name beside the chain", "UPDATE audit_people SET name = 'Nobody' WHERE tenant_id = $1 AND $2 > 0"),
    ];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var count = arguments is [var given, ..] ? int.Parse(given, CultureInfo.InvariantCulture) : Usual;
        await using var fixture = new ChanceryFixture();
        await fixture.InitializeAsync();
        Console.WriteLine($"{Machine.Describe()}. {count} entries by {Writers} writers, one chain.");
        Console.WriteLine();
        var tenant = Guid.CreateVersion7();
        var (written, whole, checks, longest) = await WriteAsync(fixture, tenant, count);
        var head = (
            await fixture
                .Services.GetRequiredService<HeadStore>()
                .SignAsync(tenant, TimeProvider.System.GetUtcNow(), CancellationToken.None)
        )!;
        Console.WriteLine("| What | Figure |");
        Console.WriteLine("|---|---|");
        Row("recorded", $"{count / written.TotalSeconds:0} entries/s, while checks run");
        Row("checks meanwhile", $"{checks}, {whole} of them whole, the longest {longest.TotalSeconds:0.0} s");
        var (took, report, memory) = await CheckAsync(fixture, tenant, head);
        Row("a check of all of it", $"{took.TotalSeconds:0.00} s, {report.Entries / took.TotalSeconds:0} entries/s");
        Row("memory that it holds at most", $"{memory / 1e6:0.0} MB more than before");
        Row("whole, and the end proven", $"{report.IsWhole}, {report.Tail}");
        var missed = await TamperAsync(fixture, tenant, head, count / 2);
        return report.IsWhole && whole == checks && missed == 0 ? 0 : 1;
    }

    private static void Row(string what, FormattableString figure) =>
        Console.WriteLine($"| {what} | {figure.ToString(CultureInfo.InvariantCulture)} |");

    private static async Task<(TimeSpan Took, int Whole, int Checks, TimeSpan Longest)> WriteAsync(
        ChanceryFixture fixture,
        Guid tenant,
        int count
    )
    {
        var trail = fixture.Services.GetRequiredService<AuditTrail>();
        var signing = fixture.Services.GetRequiredService<HeadSigning>();
        var clock = Stopwatch.StartNew();
        var writing = Task.WhenAll(
            Enumerable
                .Range(0, Writers)
                .Select(writer => Task.Run(() => WriteSomeAsync(trail, tenant, writer, count / Writers)))
        );
        var (whole, checks, longest) = (0, 0, TimeSpan.Zero);
        while (!writing.IsCompleted)
        {
            await Task.Delay(250);
            await signing.RunAsync(TimeSpan.Zero, CancellationToken.None);
            var started = clock.Elapsed;
            var report = await VerifyAsync(fixture, tenant);
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, (clock.Elapsed - started).Ticks));
            (whole, checks) = (whole + (report.IsWhole ? 1 : 0), checks + 1);
        }

        await writing;
        await fixture.Services.GetRequiredService<ChainWriter>().LinkAsync(tenant, CancellationToken.None);
        return (clock.Elapsed, whole, checks, longest);
    }

    private static async Task WriteSomeAsync(AuditTrail trail, Guid tenant, int writer, int count)
    {
        var actor = new AuditActor(
            tenant,
            ActorKind.Person,
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            CredentialWord.Token,
            $"session-{writer}",
            $"Writer {writer}",
            $"writer-{writer}@example.com"
        );
        for (var number = 0; number < count; number++)
        {
            await trail.RecordAsync(
                new AuditEvent(actor, "document.deleted", AuditOutcome.Succeeded)
                {
                    Status = 204,
                    SubjectKind = "document",
                    SubjectId = $"{writer}-{number}",
                    Address = "203.0.113.7",
                    TraceId = "0af7651916cd43dd8448eb211c80319c",
                    Details = new AuditDetails().Add("number", number),
                }
            );
        }
    }

    private static async Task<ChainReport> VerifyAsync(ChanceryFixture fixture, Guid tenant, params SignedHead[] heads)
    {
        await using var source = await OwnerChainSource.OpenAsync(fixture.Owner, CancellationToken.None);
        return await new ChainVerifier(
            new KeyHistory(fixture.Owner, EngineHost.MasterKey),
            TimeProvider.System
        ).VerifyAsync(source, tenant, heads, CancellationToken.None);
    }

    private static async Task<(TimeSpan Took, ChainReport Report, long Memory)> CheckAsync(
        ChanceryFixture fixture,
        Guid tenant,
        SignedHead head
    )
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var highest = before;
        using var over = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                // What is alive, not what is not collected yet.
                highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: true));
                await Task.Delay(100);
            }
        });
        var alive = await VerifyAsync(fixture, tenant, head);
        await over.CancelAsync();
        await watching;
        var clock = Stopwatch.StartNew();
        await VerifyAsync(fixture, tenant, head);
        return (clock.Elapsed, alive, highest - before);
    }

    private static async Task<int> TamperAsync(ChanceryFixture fixture, Guid tenant, SignedHead head, int seq)
    {
        Console.WriteLine();
        Console.WriteLine("| What the owner of the tables did | Found as |");
        Console.WriteLine("|---|---|");
        var missed = 0;
        foreach (var (what, sql) in Tampering)
        {
            // On a copy of the database's rows that nobody else sees: a transaction that is never committed.
            await using var connection = await fixture.Owner.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            foreach (var statement in sql.Split("; "))
            {
                await using var command = new Npgsql.NpgsqlCommand(statement, connection, transaction);
                command.Parameters.AddWithValue(tenant);
                if (statement.Contains("$2", StringComparison.Ordinal))
                {
                    command.Parameters.AddWithValue((long)seq);
                }

                await command.ExecuteNonQueryAsync();
            }

            var report = await new ChainVerifier(
                new KeyHistory(fixture.Owner, EngineHost.MasterKey),
                TimeProvider.System
            ).VerifyAsync(new OpenSource(connection, transaction), tenant, [head], CancellationToken.None);
            missed += report.IsWhole ? 1 : 0;
            var kinds = report.Findings.Select(finding => finding.Kind).Distinct();
            Console.WriteLine(
                $"| {what} | {(report.IsWhole ? "NOT FOUND" : string.Join(", ", kinds))} at {(report.Findings is [var found, ..] ? (long?)found.Seq : null)} |"
            );
        }

        return missed;
    }

    private sealed class OpenSource(Npgsql.NpgsqlConnection connection, Npgsql.NpgsqlTransaction transaction)
        : ChainSource
    {
        protected override async Task<IReadOnlyList<T>> QueryAsync<T>(
            Guid tenant,
            string sql,
            object arguments,
            CancellationToken cancellationToken
        ) =>
            [
                .. await Dapper.SqlMapper.QueryAsync<T>(
                    connection,
                    new Dapper.CommandDefinition(sql, arguments, transaction, cancellationToken: cancellationToken)
                ),
            ];
    }
}
