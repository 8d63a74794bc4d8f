using Chancery.Server.Access.Passwords;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>The accounts of an organisation's people, where it comes in. Safe for concurrent use.</summary>
/// <remarks>
/// An account belongs to its person and to no organisation: its password, authenticator, passkeys and name stay with the installation
/// that has them. Who has none here gets one without a password, and sets one by a link to their address. Of one that is here with
/// the same address nothing is changed; and as nobody proved that address here, it is taken for the same person's only where
/// whoever imports says so.
/// </remarks>
internal sealed class ImportedPeople(PeopleStore people, PasswordHashing passwords, TimeProvider time)
{
    private const string InsertSql = """
        INSERT INTO users (user_id, email, name, password_hash, made_by, created_at)
        VALUES (@id, @email, @name, @nobody, @tenant, @at)
        ON CONFLICT DO NOTHING
        """;

    private const int LongestName = 200;

    /// <param name="Ids">The ids that people had, and have here; also those that stay the same.</param>
    internal sealed record Come(int Made, int Linked, IReadOnlyDictionary<Guid, Guid> Ids);

    /// <param name="rows">Id, address, name and time of each.</param>
    /// <exception cref="ArchiveException">An address has an account here, and nobody said that it is the same person's.</exception>
    public async Task<Come> TakeInAsync(
        TenantSession session,
        IEnumerable<string?[]> rows,
        bool linkAccounts,
        CancellationToken cancellationToken
    )
    {
        var (made, linked, strangers) = (0, 0, 0);
        var ids = new Dictionary<Guid, Guid>();
        foreach (var row in rows)
        {
            if (
                row is not [{ } idText, { } given, { } name, _]
                || !Guid.TryParse(idText, out var id)
                || EmailAddress.Normalize(given) is not { } email
                || name.Length > LongestName
            )
            {
                throw ArchiveReader.Damaged("somebody in it has no address");
            }

            Guid here;
            if (await people.FindByEmailAsync(email, cancellationToken) is { } account)
            {
                here = account.UserId;
                linked++;
                strangers += linkAccounts ? 0 : 1;
            }
            else
            {
                here = await MakeAsync(session, id, email, name, cancellationToken);
                made++;
            }

            ids[id] = here;
        }

        return strangers == 0
            ? new Come(made, linked, ids)
            : throw new ArchiveException(
                ArchiveFault.AccountsExist,
                $"{strangers} {(strangers == 1 ? "address of a member has an account" : "addresses of members have accounts")} here already. Import with link_accounts where you know that they are the same people: they become members with the accounts that they have."
            );
    }

    private async Task<Guid> MakeAsync(
        TenantSession session,
        Guid id,
        string email,
        string name,
        CancellationToken cancellationToken
    )
    {
        // An id may be somebody's here who has another address by now.
        foreach (var tried in new[] { id, Guid.CreateVersion7() })
        {
            await session.ActForAsync(tried, cancellationToken);
            var arguments = new
            {
                tenant = session.Tenant.Value,
                id = tried,
                email,
                name,
                nobody = passwords.OfNobody,
                at = time.GetUtcNow(),
            };
            if (await session.ExecuteAsync(InsertSql, arguments, cancellationToken) == 1)
            {
                return tried;
            }
        }

        throw new ArchiveException(
            ArchiveFault.DoesNotFit,
            "The address of a member got an account just now: import the archive again."
        );
    }
}
