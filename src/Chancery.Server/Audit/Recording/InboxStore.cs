using Chancery.Server.Platform.Database;
using Dapper;
using Npgsql;

namespace Chancery.Server.Audit.Recording;

/// <summary>Writes what happened down, to be linked into its chain. Safe for concurrent use.</summary>
internal sealed class InboxStore(TenantDatabase database)
{
    // What was written before, by a try whose answer was lost, is not written again. An organisation that was erased gets no record
    // anew, though a token of it may still be shown for some minutes.
    private const string InsertSql = """
        INSERT INTO audit_inbox
          (tenant_id, entry_id, at, action, outcome, status, reason, actor_kind, actor_id, credential_kind, credential_id,
           subject_kind, subject_id, trace_id, repeats, details, person_id, name, email, address)
        SELECT
          @TenantId, @EntryId, @At, @Action, @Outcome, @Status, @Reason, @ActorKind, @ActorId, @CredentialKind,
          @CredentialId, @SubjectKind, @SubjectId, @TraceId, @Repeats, @Details, @PersonId, @Name, @Email, @Address
        WHERE NOT door_is_erased(@TenantId)
        ON CONFLICT (tenant_id, entry_id) DO NOTHING
        """;

    private const string BecomeOwnerSql = "SET LOCAL ROLE chancery_owner";

    public async Task AddAsync(InboxRow row, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(new TenantId(row.TenantId), cancellationToken);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>The same on the machine, as the database's owner, where no server may run.</summary>
    public static async Task AddAsOwnerAsync(NpgsqlDataSource owner, InboxRow row, CancellationToken cancellationToken)
    {
        await using var connection = await owner.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(BecomeOwnerSql, null, transaction, cancellationToken: cancellationToken)
        );
        await connection.ExecuteAsync(
            new CommandDefinition(InsertSql, row, transaction, cancellationToken: cancellationToken)
        );
        await transaction.CommitAsync(cancellationToken);
    }
}
