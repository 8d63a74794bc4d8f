using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Npgsql;

namespace Chancery.Server.Access.Invitations;

/// <summary>
/// Turns an invitation into a membership: a new person chooses a password, one who has an account proves theirs.
/// Safe for concurrent use.
/// </summary>
internal sealed class InvitationAcceptance(
    InvitationStore store,
    PeopleStore people,
    PasswordRule rule,
    PasswordHashing passwords,
    SignInService signIn,
    SessionOpening opening,
    SessionPlaces places,
    SecondFactors.FactorChecks secondFactors,
    TenantDatabase database,
    AuditTrail trail,
    Revocations revocations,
    TimeProvider time
)
{
    public async Task<Outcome> AcceptAsync(
        HttpContext context,
        string token,
        string? name,
        string password,
        string kind,
        CancellationToken cancellationToken
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Outcome.InsecureTransport();
        }

        var now = time.GetUtcNow();
        if (
            await store.FindAsync(SecretText.HashOf(token), cancellationToken) is not { } invitation
            || invitation.ExpiresAt <= now
        )
        {
            return Gone();
        }

        if (await people.FindByEmailAsync(invitation.Email, cancellationToken) is not null)
        {
            var proof = await signIn.ProveAsync(
                invitation.Email,
                password,
                Transport.AddressOf(context),
                cancellationToken
            );
            if (proof.Refused is not null)
            {
                context.Audit().Skip();
            }

            return proof.Refused
                ?? await JoinAsync(context, invitation, proof.UserId, newUser: null, kind, cancellationToken);
        }

        if (rule.WhyNot(password, invitation.Email) is { } why)
        {
            return Outcome.Invalid("password", why);
        }

        if (await passwords.HashAsync(password, cancellationToken) is not { } hash)
        {
            return Outcome.Busy();
        }

        var givenName = name?.Trim() is { Length: > 0 } given
            ? given
            : invitation.Email[..invitation.Email.IndexOf('@', StringComparison.Ordinal)];
        return await JoinAsync(
            context,
            invitation,
            Guid.CreateVersion7(now),
            new NewUser(givenName, hash),
            kind,
            cancellationToken
        );
    }

    private sealed record NewUser(string Name, string PasswordHash);

    private async Task<Outcome> JoinAsync(
        HttpContext context,
        InvitationStore.OpenInvitation invitation,
        Guid userId,
        NewUser? newUser,
        string kind,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var tenant = new TenantId(invitation.TenantId);
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        // Whom the directory switched off, the directory alone switches on again.
        if (
            await Federation.IdentityStore.StatusAsync(session, userId, cancellationToken) == "inactive"
            || !await InvitationStore.UseAsync(session, invitation.InvitationId, now, cancellationToken)
        )
        {
            return Gone();
        }

        if (newUser is not null)
        {
            try
            {
                await PeopleStore.InsertAsync(
                    session,
                    userId,
                    invitation.Email,
                    newUser.Name,
                    newUser.PasswordHash,
                    now,
                    cancellationToken
                );
            }
            catch (PostgresException taken)
                when (taken.SqlState == PostgresErrorCodes.UniqueViolation
                    && taken.ConstraintName == PeopleStore.EmailIndex
                )
            {
                // Somebody signed up with this e-mail a moment ago: nothing is used up, and now they can prove it.
                return Outcome.InvalidCredentials();
            }
        }

        // Who came in another way before they took the link to be the owner is a member already.
        var isRaised =
            !await MemberStore.JoinAsync(session, userId, invitation.Role, now, cancellationToken)
            && invitation.Role == Role.Owner
            && await Federation.IdentityStore.SetRoleAsync(session, userId, Role.Owner, cancellationToken);
        var person = await PeopleStore.FindMemberAsync(session, userId, cancellationToken);
        if (
            newUser is null
            && await secondFactors.AskAsync(tenant, userId, kind, endSession: null, cancellationToken) is { } asked
        )
        {
            // The letter and the password made them a member; to be signed in takes the second factor, as anywhere.
            await session.CommitAsync(cancellationToken);
            await ToldAsync(isRaised, tenant, userId);
            var details = new AuditDetails();
            details.Add("role", invitation.Role);
            context.Audit().Skip();
            await trail.RecordAsync(
                new AuditEvent(
                    PrincipalActor.OfPerson(tenant.Value, userId, person!.Name, person.Email, CredentialWord.Password),
                    "member.joined",
                    AuditOutcome.Succeeded
                )
                {
                    SubjectKind = "member",
                    SubjectId = userId.ToString(),
                    Details = details,
                }
            );
            return asked;
        }

        // An invitation works once: it is not spent on a refusal.
        var place = await places.TakeAsync(session, userId, replaced: null, mustComeIn: true, cancellationToken);
        var opened = await opening.OpenAsync(session, person!, kind, context, cancellationToken);
        await places.HoldAsync(session, opened, cancellationToken);
        await session.CommitAsync(cancellationToken);
        await ToldAsync(isRaised, tenant, userId);
        await places.TellAsync(place);
        context.Audit().Opened(opened).On(userId).Add("role", invitation.Role);
        return new Outcome.SignedIn(opened);
    }

    private Task ToldAsync(bool isRaised, TenantId tenant, Guid userId) =>
        isRaised ? revocations.UserAsync(tenant.Value, userId) : Task.CompletedTask;

    private static Outcome.Refused Gone() =>
        Outcome.Of(
            Problem.Of(
                404,
                "invitation-gone",
                "This invitation does not work",
                "It was used, taken back, or is over. Ask for a new one."
            )
        );
}
