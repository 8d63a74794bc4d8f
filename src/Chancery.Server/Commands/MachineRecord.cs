using Chancery.Server.Audit.Recording;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>
/// What an operator does on the machine goes to the installation's record, and what it does to an organisation to that one's, too. A
/// server links it in; none has to run.
/// </summary>
internal static class MachineRecord
{
    /// <param name="tenant">The organisation that it touches; null for none.</param>
    public static async Task WriteAsync(
        string ownerConnectionString,
        string action,
        CancellationToken cancellationToken,
        Guid? tenant = null,
        string? subjectId = null,
        AuditDetails? details = null
    )
    {
        await using var owner = NpgsqlDataSource.Create(ownerConnectionString);
        var happened = new AuditEvent(
            new AuditActor(
                AuditActor.Installation,
                ActorKind.Operator,
                null,
                null,
                CredentialWord.Machine,
                null,
                Environment.UserName,
                ""
            ),
            action,
            AuditOutcome.Succeeded
        )
        {
            SubjectKind = action.Split('.')[0],
            SubjectId = subjectId ?? tenant?.ToString(),
            Details = details,
        };
        try
        {
            var now = TimeProvider.System.GetUtcNow();
            await InboxStore.AddAsOwnerAsync(owner, InboxRow.Of(happened, now), cancellationToken);
            if (tenant is { } touched)
            {
                var there = happened with { Actor = happened.Actor with { Tenant = touched } };
                await InboxStore.AddAsOwnerAsync(owner, InboxRow.Of(there, now), cancellationToken);
            }
        }
        catch (PostgresException older) when (older.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // A database of before there was a record.
        }
        catch (NpgsqlException away)
        {
            await Console.Error.WriteLineAsync($"chancery: this is not in the audit record: {away.Message}");
        }
    }
}
