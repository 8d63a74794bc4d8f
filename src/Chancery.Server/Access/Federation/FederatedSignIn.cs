using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Federation;

/// <summary>What somebody's coming from an issuer leads to.</summary>
internal abstract record Arrival
{
    private Arrival() { }

    /// <summary>A member, who may be signed in.</summary>
    public sealed record Member(TenantId Tenant, Guid UserId) : Arrival;

    /// <summary>There is an account with their address: they sign in to it once, in their own way.</summary>
    public sealed record MustProve(PendingLink Link) : Arrival;

    /// <param name="Code">The sign-in page shows its own words for it.</param>
    /// <param name="Why">For the log.</param>
    public sealed record Refused(string Code, string Why) : Arrival;
}

/// <summary>Who somebody from an issuer is here, and whether they become a member. Safe for concurrent use.</summary>
/// <remarks>
/// The pair of issuer and subject decides. An e-mail address that the issuer verified leads to an account only where its tenant owns
/// the issuer, and that sign-in then counts in this tenant alone; else its owner signs in once, and the two are linked.
/// Nobody who was removed comes back by signing in.
/// </remarks>
internal sealed class FederatedSignIn(
    IdentityStore store,
    PeopleStore people,
    PasswordHashing passwords,
    Revocations revocations,
    TenantDatabase database,
    AuditTrail trail,
    TimeProvider time
)
{
    private const string NoAccount = "no-account";
    private const int LongestName = 200;

    public async Task<Arrival> ArriveAsync(
        ExternalIssuer issuer,
        string subject,
        ForeignClaims claims,
        string returnUrl,
        CancellationToken cancellationToken
    )
    {
        var target = issuer.Owner?.Value ?? issuer.Rules.TenantOf(claims);
        var role = issuer.Rules.RoleOf(claims);
        var email = EmailOf(issuer, claims);
        var links = await store.FindAsync(issuer.Key, subject, cancellationToken);
        if (
            (links.FirstOrDefault(link => link.TenantId == target) ?? (links is [var first, ..] ? first : null)) is
            { } known
        )
        {
            return target is null
                ? await WhereverAsync(issuer, subject, known.UserId, role, cancellationToken)
                : await EnterAsync(
                    issuer,
                    subject,
                    known.UserId,
                    email,
                    role,
                    new TenantId(target.Value),
                    cancellationToken
                );
        }

        if (email is null)
        {
            return new Arrival.Refused("no-verified-email", "no verified e-mail address");
        }

        if (await people.FindByEmailAsync(email, cancellationToken) is { } account)
        {
            return
                issuer.Owner is { } owner
                && (await people.TenantsOfAsync(account.UserId, cancellationToken)).Any(tenant =>
                    tenant.Id == owner.Value
                )
                ? await EnterAsync(issuer, subject, account.UserId, email, role, owner, cancellationToken)
                : new Arrival.MustProve(
                    new PendingLink(issuer.Route, subject, email, role, target, time.GetUtcNow(), returnUrl)
                );
        }

        return target is { } organisation
            ? await JoinNewAsync(
                issuer,
                subject,
                email,
                NameOf(claims, email),
                role,
                new TenantId(organisation),
                cancellationToken
            )
            : new Arrival.Refused(NoAccount, "its people belong to no organisation");
    }

    /// <summary>Links somebody who has signed in by themselves to who they are at the issuer.</summary>
    /// <param name="userId">Who proved to be the person with the address that the issuer verified.</param>
    /// <param name="here">Where they are, when the issuer says nothing of organisations.</param>
    public Task<Arrival> LinkAsync(
        ExternalIssuer issuer,
        PendingLink link,
        Guid userId,
        TenantId here,
        CancellationToken cancellationToken
    ) =>
        EnterAsync(
            issuer,
            link.Subject,
            userId,
            link.Email,
            link.RoleName,
            link.Tenant is { } tenant ? new TenantId(tenant) : here,
            cancellationToken
        );

    /// <summary>Makes somebody a member who has yet to prove who they are in full, and links nothing.</summary>
    /// <param name="userId">Whose account has the address that the issuer verified.</param>
    public Task<Arrival> JoinAsync(
        ExternalIssuer issuer,
        PendingLink link,
        Guid userId,
        TenantId tenant,
        CancellationToken cancellationToken
    ) => EnterAsync(issuer, subject: null, userId, link.Email, link.RoleName, tenant, cancellationToken);

    /// <summary>Of an issuer of the operator's that says nothing of organisations: the person's oldest one.</summary>
    private async Task<Arrival> WhereverAsync(
        ExternalIssuer issuer,
        string subject,
        Guid userId,
        string? role,
        CancellationToken cancellationToken
    ) =>
        await people.TenantsOfAsync(userId, cancellationToken) is [var first, ..]
            ? await EnterAsync(issuer, subject, userId, email: null, role, new TenantId(first.Id), cancellationToken)
            : new Arrival.Refused(NoAccount, "a member of no organisation");

    /// <param name="subject">Null to link nothing.</param>
    private async Task<Arrival> EnterAsync(
        ExternalIssuer issuer,
        string? subject,
        Guid userId,
        string? email,
        string? role,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var isChanged = false;
        var hasJoined = false;
        Principal? person;
        await using (var session = await database.OpenAsync(tenant, userId, cancellationToken))
        {
            if (!await IdentityStore.IsOpenAsync(session, cancellationToken))
            {
                return new Arrival.Refused(NoAccount, "the organisation is not open");
            }

            switch (await IdentityStore.StatusAsync(session, userId, cancellationToken))
            {
                case "active":
                    isChanged =
                        role is not null && await IdentityStore.SetRoleAsync(session, userId, role, cancellationToken);
                    if (isChanged && !Permission.Of(role!).Contains(Permission.MembersManage))
                    {
                        await InvitationStore.RevokeOfUserAsync(session, userId, now, cancellationToken);
                    }

                    break;
                case null when email is not null && issuer.Rules.Admits(email):
                    await MemberStore.JoinAsync(
                        session,
                        userId,
                        role ?? issuer.Rules.DefaultRole,
                        now,
                        cancellationToken
                    );
                    hasJoined = true;
                    break;
                case null:
                    return new Arrival.Refused(NoAccount, "a member of another organisation only");
                case var status:
                    return new Arrival.Refused(NoAccount, $"a member who is {status}");
            }

            if (
                subject is not null
                && !await IdentityStore.LinkAsync(session, issuer.Key, subject, userId, now, cancellationToken)
            )
            {
                return new Arrival.Refused(NoAccount, "the subject is somebody else here");
            }

            person = await PeopleStore.FindMemberAsync(session, userId, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        if (isChanged)
        {
            await revocations.UserAsync(tenant.Value, userId);
        }

        if (hasJoined || isChanged)
        {
            await RecordAsync(hasJoined ? "member.joined" : "member.role_changed", person, issuer);
        }

        return new Arrival.Member(tenant, userId);
    }

    private async Task<Arrival> JoinNewAsync(
        ExternalIssuer issuer,
        string subject,
        string email,
        string name,
        string? role,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        if (!issuer.Rules.Admits(email))
        {
            return new Arrival.Refused(
                NoAccount,
                issuer.Rules.Joins ? "an address of another domain" : "nobody becomes a member by signing in"
            );
        }

        var now = time.GetUtcNow();
        var userId = Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        if (!await IdentityStore.IsOpenAsync(session, cancellationToken))
        {
            return new Arrival.Refused(NoAccount, "the organisation is not open");
        }

        try
        {
            await PeopleStore.InsertAsync(session, userId, email, name, passwords.OfNobody, now, cancellationToken);
        }
        catch (PostgresException taken)
            when (taken.SqlState == PostgresErrorCodes.UniqueViolation && taken.ConstraintName == PeopleStore.EmailIndex
            )
        {
            return new Arrival.Refused(NoAccount, "the address was taken a moment ago");
        }

        await MemberStore.JoinAsync(session, userId, role ?? issuer.Rules.DefaultRole, now, cancellationToken);
        if (!await IdentityStore.LinkAsync(session, issuer.Key, subject, userId, now, cancellationToken))
        {
            return new Arrival.Refused(NoAccount, "the subject came twice at the same moment");
        }

        var person = await PeopleStore.FindMemberAsync(session, userId, cancellationToken);
        await session.CommitAsync(cancellationToken);
        await RecordAsync("member.joined", person, issuer);
        return new Arrival.Member(tenant, userId);
    }

    /// <summary>Beside the sign-in: their issuer made somebody a member, or gave them another role.</summary>
    private async Task RecordAsync(string action, Principal? person, ExternalIssuer issuer)
    {
        if (person is null)
        {
            return;
        }

        var details = new AuditDetails();
        details.Add("role", person.Role).Add("issuer", issuer.Address);
        await trail.RecordAsync(
            new AuditEvent(
                PrincipalActor.OfPerson(
                    person.Tenant.Value,
                    person.UserId,
                    person.Name,
                    person.Email,
                    CredentialWord.Issuer
                ),
                action,
                AuditOutcome.Succeeded
            )
            {
                SubjectKind = "member",
                SubjectId = person.UserId.ToString(),
                Details = details,
            }
        );
    }

    private static string? EmailOf(ExternalIssuer issuer, ForeignClaims claims) =>
        (issuer.Rules.TrustsEmail || claims.Flag("email_verified")) && claims.Text("email") is { } text
            ? EmailAddress.Normalize(text)
            : null;

    private static string NameOf(ForeignClaims claims, string email)
    {
        var name = new string([.. (claims.Text("name") ?? "").Where(c => !char.IsControl(c))]).Trim();
        return name.Length switch
        {
            0 => email[..email.IndexOf('@', StringComparison.Ordinal)],
            > LongestName => name[..LongestName],
            _ => name,
        };
    }
}
