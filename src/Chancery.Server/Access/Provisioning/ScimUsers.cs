using System.Text.Json.Nodes;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Provisioning;

/// <summary>The organisation's people as its directory sees and changes them. Safe for concurrent use.</summary>
/// <remarks>
/// Every member is a user here, those that nobody provisioned, too, so that a directory finds them by their user name and takes them
/// over. The address that somebody signs in with, and owners, are not changed. An account that this organisation did not make,
/// or whose person ever belonged to another one, comes in by an invitation of its person's own accepting.
/// </remarks>
internal sealed class ScimUsers(
    PeopleStore people,
    MemberStore members,
    PasswordHashing passwords,
    Revocations revocations,
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

    /// <summary>A page of those that satisfy a filter, and how many there are.</summary>
    public async Task<(IReadOnlyList<JsonObject> Page, int Total)> ListAsync(
        Principal by,
        ScimQuery query,
        CancellationToken cancel
    )
    {
        await using var session = await database.OpenAsync(by.Tenant, cancel);
        if (query.Filter is null && query.SortBy is null)
        {
            var total = await ScimStore.CountUsersAsync(session, cancel);
            var page = await ScimStore.UsersAsync(session, null, null, query.Count, query.StartIndex - 1, cancel);
            return (await ResourcesAsync(session, page, cancel), total);
        }

        var name = query.Equal("userName");
        var external = query.Equal("externalId");
        var rows = await ScimStore.UsersAsync(session, name, external, ScimStore.Most, 0, cancel);
        var found = query.Select(await ResourcesAsync(session, rows, cancel));
        return (query.Cut(found), found.Count);
    }

    /// <param name="notes">Whether they are active, and their role, is noted there, of this and of what follows.</param>
    public async Task<JsonObject> CreateAsync(Principal by, JsonObject user, AuditNotes notes, CancellationToken cancel)
    {
        var userName = UserNameOf(user);
        var email =
            ScimResource.EmailOf(user)
            ?? throw ScimException.Value("The user has no e-mail address: in emails, or as userName.");
        var attributes = ScimResource.AttributesOf(user);
        var external = ScimResource.TextOf(user, "externalId");
        var isActive = ScimResource.IsActive(user);
        var account = await people.FindByEmailAsync(email, cancel);
        if (
            account is not null
            && (
                await members.HasAsync(by.Tenant, account.UserId, cancel)
                || !await people.IsOwnAccountAsync(account.UserId, by.Tenant, cancel)
            )
        )
        {
            throw AddressTaken();
        }

        var now = time.GetUtcNow();
        var id = account?.UserId ?? Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(by.Tenant, id, cancel);
        await ScimStore.LockAsync(session, cancel);
        if (
            await ScimStore.IsNameTakenAsync(session, id, userName, cancel)
            || await ScimStore.FindUserAsync(session, id, cancel) is not null
        )
        {
            throw ScimException.Taken("There is a user with this userName.");
        }

        if (account is null)
        {
            var shown = ScimResource.NameOf(user) ?? email[..email.IndexOf('@', StringComparison.Ordinal)];
            try
            {
                await PeopleStore.InsertAsync(session, id, email, shown, passwords.OfNobody, now, cancel);
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                throw AddressTaken();
            }
        }

        await MemberStore.JoinAsync(session, id, Role.Viewer, now, cancel);
        if (!isActive)
        {
            await ScimStore.SetStatusAsync(session, id, "inactive", cancel);
        }

        await ScimStore.KeepUserAsync(session, id, userName, external, attributes, now, cancel);
        await ScimStore.SettleRoleAsync(session, id, now, cancel);
        var made = await ReadAsync(session, id, cancel);
        var row = await ScimStore.FindUserAsync(session, id, cancel);
        await session.CommitAsync(cancel);
        notes.On(id).Add("active", isActive).Add("role", row?.Role);
        return made!;
    }

    /// <param name="version">What the caller last saw (If-Match); null for whatever it is now.</param>
    public Task<JsonObject> ReplaceAsync(
        Principal by,
        Guid id,
        JsonObject user,
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
                // What is read only is ignored (RFC 7644, 3.5.1).
                user.Remove("id");
                user["active"] ??= known["active"]?.DeepClone();
                return user;
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

    /// <summary>Ends the membership with all that <see cref="MemberStore.RemoveAsync"/> ends.</summary>
    public async Task DeleteAsync(Principal by, Guid id, string? version, CancellationToken cancel)
    {
        if (version is not null)
        {
            Require(version, await GetAsync(by, id, cancel));
        }

        // Whom the directory dismisses leaves, owner or not, but for the last: owners only make keys that do this.
        var (change, ended) = await members.RemoveAsync(by with { Role = Role.Owner }, id, cancel);
        switch (change)
        {
            case MemberChange.Done:
                await revocations.SessionsAsync(by.Tenant, id, ended);
                return;
            case MemberChange.LastOwner:
                throw LastOwner();
            default:
                throw ScimException.Missing(id.ToString());
        }
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
        var isOurs = await people.IsOwnAccountAsync(id, by.Tenant, cancel);
        IReadOnlyList<Guid> ended = [];
        JsonObject after;
        await using (var session = await database.OpenAsync(by.Tenant, id, cancel))
        {
            await ScimStore.LockAsync(session, cancel);
            var row = await ScimStore.FindUserAsync(session, id, cancel) ?? throw ScimException.Missing(id.ToString());
            var known = (await ReadAsync(session, id, cancel))!;
            Require(version, known);
            var before = ScimResource.NameOf(known);
            var user = change(known);
            var isActive = ScimResource.IsActive(user);
            if (ScimResource.TextOf(user, "id") is { } other && other != id.ToString())
            {
                throw ScimException.Mutability("id is not changed.");
            }

            var userName = UserNameOf(user);
            if (await ScimStore.IsNameTakenAsync(session, id, userName, cancel))
            {
                throw ScimException.Taken("There is a user with this userName.");
            }

            if (isActive != (row.Status == "active"))
            {
                if (!isActive && await ScimStore.IsLastOwnerAsync(session, id, cancel))
                {
                    throw LastOwner();
                }

                await ScimStore.SetStatusAsync(session, id, isActive ? "active" : "inactive", cancel);
                if (!isActive)
                {
                    ended = await SessionStore.RevokeOfUserAsync(session, id, except: null, now, cancel);
                    await InvitationStore.RevokeOfUserAsync(session, id, now, cancel);
                    await InvitationStore.RevokeToAsync(session, row.Email, now, cancel);
                }
            }

            await ScimStore.KeepUserAsync(
                session,
                id,
                userName,
                ScimResource.TextOf(user, "externalId"),
                ScimResource.AttributesOf(user),
                now,
                cancel
            );
            // Whose account is not this organisation's alone is called what they say themselves.
            if (isOurs && ScimResource.NameOf(user) is { } shown && shown != before)
            {
                await PeopleStore.RenameAsync(session, id, shown, cancel);
            }

            await ScimStore.SettleRoleAsync(session, id, now, cancel);
            after = (await ReadAsync(session, id, cancel))!;
            notes
                .Add("active", isActive)
                .Add("role_before", row.Role)
                .Add("role", (await ScimStore.FindUserAsync(session, id, cancel))?.Role);
            await session.CommitAsync(cancel);
        }

        await revocations.SessionsAsync(by.Tenant, id, ended);
        return after;
    }

    private async Task<JsonObject?> ReadAsync(TenantSession session, Guid id, CancellationToken cancel) =>
        await ScimStore.FindUserAsync(session, id, cancel) is { } row
            ? (await ResourcesAsync(session, [row], cancel))[0]
            : null;

    private async Task<IReadOnlyList<JsonObject>> ResourcesAsync(
        TenantSession session,
        IReadOnlyList<ScimUserRow> rows,
        CancellationToken cancel
    )
    {
        var groups = await ScimStore.GroupsOfAsync(session, [.. rows.Select(row => row.UserId)], cancel);
        return [.. rows.Select(row => ScimResource.OfUser(row, groups[row.UserId], Root))];
    }

    private static string UserNameOf(JsonObject user) =>
        ScimResource.TextOf(user, "userName")?.Trim() is { Length: > 0 } name
            ? name
            : throw ScimException.Value("userName is required.");

    internal static void Require(string? version, JsonObject known)
    {
        if (version is not null && version != "*" && version != ScimResource.VersionOf(known))
        {
            throw new ScimException(412, null, "The resource has another version by now.");
        }
    }

    // The same words for a user of this organisation and for an account elsewhere: who has one is nobody's to ask.
    private static ScimException AddressTaken() =>
        ScimException.Taken(
            "This e-mail address is a user's already, or its person comes in by an invitation that they accept."
        );

    private static ScimException LastOwner() =>
        new(409, null, "The last owner of the organisation stays: make somebody else an owner first.");
}
