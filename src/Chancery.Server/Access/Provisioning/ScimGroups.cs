using System.Text.Json.Nodes;
using Chancery.Server.Access.Lists;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Provisioning;

/// <summary>The organisation's groups as its directory sees and changes them. Safe for concurrent use.</summary>
/// <remarks>Service accounts in a group are not the directory's, and stay where they are.</remarks>
internal sealed class ScimGroups(
    Revocations revocations,
    IEnumerable<IReadersChanged> listeners,
    TenantDatabase database,
    AccessSettings settings,
    TimeProvider time
)
{
    private string Root => settings.PublicUrl + ScimEndpoints.Root;

    public async Task<JsonObject> GetAsync(Principal by, Guid id, CancellationToken cancel)
    {
        await using var session = await database.OpenAsync(by.Tenant, cancel);
        return await ReadAsync(session, id, cancel) ?? throw ScimException.Missing(id.ToString());
    }

    public async Task<(IReadOnlyList<JsonObject> Page, int Total)> ListAsync(
        Principal by,
        ScimQuery query,
        CancellationToken cancel
    )
    {
        await using var session = await database.OpenAsync(by.Tenant, cancel);
        var rows = await ScimStore.GroupsAsync(session, cancel);
        var found = query.Select(await ResourcesAsync(session, rows, cancel));
        return (query.Cut(found), found.Count);
    }

    /// <param name="notes">Who was added and removed is noted there, of this and of what follows.</param>
    public async Task<JsonObject> CreateAsync(
        Principal by,
        JsonObject group,
        AuditNotes notes,
        CancellationToken cancel
    )
    {
        var name = NameOf(group);
        var wanted = MembersOf(group);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        JsonObject made;
        List<Guid> changed;
        await using (var session = await database.OpenAsync(by.Tenant, cancel))
        {
            await ScimStore.LockAsync(session, cancel);
            try
            {
                await ScimStore.InsertGroupAsync(session, id, name, by.UserId, now, cancel);
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                throw NameTaken();
            }

            await ScimStore.KeepGroupAsync(session, id, ScimResource.TextOf(group, "externalId"), now, cancel);
            changed = await MoveAsync(session, by, id, wanted, [], notes, cancel);
            made = (await ReadAsync(session, id, cancel))!;
            await EndAsync(session, cancel);
        }

        await TellAsync(by, changed);
        return made;
    }

    public Task<JsonObject> ReplaceAsync(
        Principal by,
        Guid id,
        JsonObject group,
        string? version,
        AuditNotes notes,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            by,
            id,
            version,
            _ =>
            {
                // What is read only is ignored (RFC 7644, 3.5.1).
                group.Remove("id");
                return group;
            },
            notes,
            cancel
        );

    public Task<JsonObject> PatchAsync(
        Principal by,
        Guid id,
        JsonObject patch,
        string? version,
        AuditNotes notes,
        CancellationToken cancel
    ) =>
        ChangeAsync(
            by,
            id,
            version,
            known =>
            {
                ScimPatch.Apply(known, patch);
                return known;
            },
            notes,
            cancel
        );

    public async Task DeleteAsync(Principal by, Guid id, string? version, CancellationToken cancel)
    {
        List<Guid> changed = [];
        await using (var session = await database.OpenAsync(by.Tenant, cancel))
        {
            await ScimStore.LockAsync(session, cancel);
            var known = await ReadAsync(session, id, cancel) ?? throw ScimException.Missing(id.ToString());
            ScimUsers.Require(version, known);
            var members = MembersOf(known);
            await ScimStore.DeleteGroupAsync(session, id, cancel);
            await AccessLists.RemoveReaderAsync(session, id, cancel);
            await SettleAsync(session, members, changed, cancel);

            await EndAsync(session, cancel);
        }

        await TellAsync(by, changed);
    }

    /// <summary>Lets being in a group give a role, or none; <c>false</c> when there is no such group.</summary>
    public async Task<bool> SetRoleAsync(Principal by, Guid id, string? role, CancellationToken cancel)
    {
        List<Guid> changed = [];
        await using (var session = await database.OpenAsync(by.Tenant, cancel))
        {
            await ScimStore.LockAsync(session, cancel);
            if (await ScimStore.FindGroupAsync(session, id, cancel) is null)
            {
                return false;
            }

            await ScimStore.SetGroupRoleAsync(session, id, role, time.GetUtcNow(), cancel);
            // The first role makes viewers of those who are in no group that has one.
            await SettleAsync(session, await ScimStore.ProvisionedAsync(session, cancel), changed, cancel);

            await EndAsync(session, cancel);
        }

        await TellAsync(by, changed);
        return true;
    }

    private async Task<JsonObject> ChangeAsync(
        Principal by,
        Guid id,
        string? version,
        Func<JsonObject, JsonObject> change,
        AuditNotes notes,
        CancellationToken cancel
    )
    {
        var now = time.GetUtcNow();
        JsonObject after;
        List<Guid> changed;
        await using (var session = await database.OpenAsync(by.Tenant, cancel))
        {
            await ScimStore.LockAsync(session, cancel);
            var known = await ReadAsync(session, id, cancel) ?? throw ScimException.Missing(id.ToString());
            ScimUsers.Require(version, known);
            var before = MembersOf(known);
            var name = NameOf(known);
            var group = change(known);
            if (ScimResource.TextOf(group, "id") is { } other && other != id.ToString())
            {
                throw ScimException.Mutability("id is not changed.");
            }

            if (NameOf(group) is var wanted && wanted != name)
            {
                try
                {
                    await ScimStore.RenameGroupAsync(session, id, wanted, cancel);
                }
                catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
                {
                    throw NameTaken();
                }
            }

            await ScimStore.KeepGroupAsync(session, id, ScimResource.TextOf(group, "externalId"), now, cancel);
            changed = await MoveAsync(session, by, id, MembersOf(group), before, notes, cancel);
            after = (await ReadAsync(session, id, cancel))!;
            await EndAsync(session, cancel);
        }

        await TellAsync(by, changed);
        return after;
    }

    /// <summary>Those whose role changed by it.</summary>
    private async Task<List<Guid>> MoveAsync(
        TenantSession session,
        Principal by,
        Guid id,
        HashSet<Guid> wanted,
        HashSet<Guid> before,
        AuditNotes notes,
        CancellationToken cancel
    )
    {
        Guid[] added = [.. wanted.Except(before)];
        Guid[] removed = [.. before.Except(wanted)];
        var known = await ScimStore.KnownAsync(session, added, cancel);
        if (Array.Find(added, user => !known.Contains(user)) is var missing && missing != default)
        {
            throw ScimException.Value($"There is no user {missing}.");
        }

        await ScimStore.AddMembersAsync(session, id, added, by.UserId, time.GetUtcNow(), cancel);
        await ScimStore.RemoveMembersAsync(session, id, removed, cancel);
        notes
            .Add("added", added.Select(user => user.ToString()))
            .Add("removed", removed.Select(user => user.ToString()));
        var changed = new List<Guid>();
        await SettleAsync(session, added.Concat(removed), changed, cancel);
        return changed;
    }

    private async Task SettleAsync(
        TenantSession session,
        IEnumerable<Guid> users,
        List<Guid> changed,
        CancellationToken cancel
    )
    {
        var now = time.GetUtcNow();
        foreach (var user in users)
        {
            if (await ScimStore.SettleRoleAsync(session, user, now, cancel))
            {
                changed.Add(user);
            }
        }
    }

    private async Task EndAsync(TenantSession session, CancellationToken cancel)
    {
        foreach (var listener in listeners)
        {
            await listener.ChangedAsync(session, cancel);
        }

        await session.CommitAsync(cancel);
    }

    private async Task TellAsync(Principal by, List<Guid> changed)
    {
        foreach (var user in changed)
        {
            await revocations.UserAsync(by.Tenant.Value, user);
        }
    }

    private async Task<JsonObject?> ReadAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        await ScimStore.FindGroupAsync(session, id, cancel) is { } row
            ? (await ResourcesAsync(session, [row], cancel))[0]
            : null;

    private async Task<IReadOnlyList<JsonObject>> ResourcesAsync(
        TenantSession session,
        IReadOnlyList<ScimGroupRow> rows,
        CancellationToken cancel
    )
    {
        var members = await ScimStore.MembersAsync(session, [.. rows.Select(row => row.GroupId)], cancel);
        return [.. rows.Select(row => ScimResource.OfGroup(row, members[row.GroupId], Root))];
    }

    private static string NameOf(JsonObject group) =>
        ScimResource.TextOf(group, "displayName", most: 100)?.Trim() is { Length: > 0 } name
            ? name
            : throw ScimException.Value("displayName is required, of at most 100 characters.");

    private static HashSet<Guid> MembersOf(JsonObject group)
    {
        if (group["members"] is not { } node)
        {
            return [];
        }

        if (node is not JsonArray list)
        {
            throw ScimException.Value("members is a list.");
        }

        var found = new HashSet<Guid>();
        foreach (var item in list)
        {
            if (
                item is not JsonObject member
                || ScimResource.TextOf(member, "value") is not { } text
                || !Guid.TryParse(text, out var id)
            )
            {
                throw ScimException.Value("A member is an object whose value is the id of a user.");
            }

            found.Add(id);
        }

        return found;
    }

    private static ScimException NameTaken() => ScimException.Taken("There is a group with this displayName.");
}
