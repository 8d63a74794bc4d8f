using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Recording;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>Shorter words for what the tests of this folder do again and again.</summary>
internal static class AuditApi
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A row of the record with what is beside it, as the owner of the tables sees it.</summary>
    internal sealed class Row
    {
        public long Seq { get; init; }
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
        public string? Name { get; init; }
        public string? Email { get; init; }
        public string? Address { get; init; }
    }

    /// <summary>The tenant's entries in order, once all that was recorded until now is linked.</summary>
    public static async Task<IReadOnlyList<Row>> RecordOfAsync(this ChanceryFixture chancery, Guid tenant)
    {
        await chancery.Services.GetRequiredService<ChainWriter>().LinkAsync(tenant, Cancel);
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return
        [
            .. await connection.QueryAsync<Row>(
                """
                SELECT e.seq, e.action, e.outcome, e.status, e.reason, e.actor_kind, e.actor_id, e.credential_kind,
                       e.credential_id, e.subject_kind, e.subject_id, e.trace_id, e.repeats, e.details, p.name, p.email,
                       p.address
                FROM audit_entries AS e LEFT JOIN audit_people AS p USING (tenant_id, people_id)
                WHERE e.tenant_id = @tenant ORDER BY e.seq
                """,
                new { tenant }
            ),
        ];
    }

    /// <summary>Writes down so many things of a tenant, for tests that need a chain and not what made it.</summary>
    public static async Task GivenEntriesAsync(
        this ChanceryFixture chancery,
        Guid tenant,
        int count,
        DateTimeOffset? at = null
    )
    {
        var trail = chancery.Services.GetRequiredService<AuditTrail>();
        for (var number = 0; number < count; number++)
        {
            await trail.RecordAsync(
                new AuditEvent(
                    new AuditActor(
                        tenant,
                        ActorKind.Person,
                        Person,
                        Person,
                        CredentialWord.Token,
                        "session",
                        "Olga Owner",
                        "olga@example.com"
                    ),
                    "document.deleted",
                    AuditOutcome.Succeeded
                )
                {
                    At = at,
                    Status = 204,
                    SubjectKind = "document",
                    SubjectId = $"document-{number}",
                    Address = "203.0.113.7",
                    TraceId = "0123456789abcdef",
                    Details = new AuditDetails().Add("number", number),
                }
            );
        }

        await chancery.Services.GetRequiredService<ChainWriter>().LinkAsync(tenant, Cancel);
    }

    /// <summary>Who did what <see cref="GivenEntriesAsync"/> wrote.</summary>
    public static Guid Person { get; } = Guid.Parse("0199a1b2-0e01-7000-8000-000000000077");

    public static Task<int> AsOwnerAsync(this ChanceryFixture chancery, string sql, object? arguments = null) =>
        WithOwnerAsync(chancery, connection => connection.ExecuteAsync(sql, arguments));

    private static async Task<int> WithOwnerAsync(
        ChanceryFixture chancery,
        Func<Npgsql.NpgsqlConnection, Task<int>> run
    )
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await run(connection);
    }
}
