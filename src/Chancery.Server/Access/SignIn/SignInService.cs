using System.Net;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.SignIn;

/// <summary>Checks passwords and opens sessions. Safe for concurrent use.</summary>
internal sealed class SignInService(
    PeopleStore people,
    PasswordHashing passwords,
    SignInThrottle throttle,
    KnownDevices devices,
    SessionOpening opening,
    SessionPlaces places,
    SessionEnding ending,
    RefusalCounter refusals,
    SecondFactors.FactorChecks secondFactors,
    TenantDatabase database
)
{
    /// <summary>Signs a person in, into <paramref name="tenantId"/> or into their oldest organisation.</summary>
    /// <param name="kind">One of <see cref="SessionKind"/>.</param>
    /// <param name="endSession">A sign-in of theirs that ends first, to make room for this one.</param>
    public async Task<Outcome> SignInAsync(
        HttpContext context,
        string emailText,
        string password,
        Guid? tenantId,
        string kind,
        CancellationToken cancellationToken,
        Guid? endSession = null
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Outcome.InsecureTransport();
        }

        // An address that cannot exist takes the same way, so that it is answered like one that does not.
        var email = EmailAddress.Normalize(emailText) ?? emailText.Trim().ToLowerInvariant();
        var proof = await ProveAsync(
            email,
            password,
            Transport.AddressOf(context),
            cancellationToken,
            devices.Find(context.Request, email)
        );
        if (proof.Refused is { } refused)
        {
            // Counted by itself, with whom it was about.
            context.Audit().Skip();
            return refused;
        }

        var tenants = await people.TenantsOfAsync(proof.UserId, cancellationToken);
        var chosen = tenants.FirstOrDefault(t => tenantId is null || t.Id == tenantId);
        if (chosen is null)
        {
            return Outcome.Of(
                tenantId is null
                    ? Problem.Of(
                        403,
                        "no-organization",
                        "You belong to no organisation",
                        "Ask somebody for an invitation."
                    )
                    : Problem.NotFound("organization")
            );
        }

        if (proof.NewHash is { } hash)
        {
            await people.SetPasswordAsync(new TenantId(chosen.Id), proof.UserId, hash, cancellationToken);
        }

        if (
            await secondFactors.AskAsync(new TenantId(chosen.Id), proof.UserId, kind, endSession, cancellationToken) is
            { } asked
        )
        {
            context.Audit().Skip();
            return asked;
        }

        if (kind == SessionKind.Page)
        {
            devices.Remember(context, email);
        }

        if (endSession is { } ended)
        {
            // One that is over already is no reason to refuse: what was wanted is so.
            await ending.EndAsync(proof.UserId, ended, cancellationToken);
        }

        return await OpenAsync(context, new TenantId(chosen.Id), proof.UserId, kind, cancellationToken)
            ?? Outcome.InvalidCredentials();
    }

    /// <summary>
    /// Opens a session for a person who is already known, or refuses one too many; <c>null</c> when they are no member there.
    /// </summary>
    /// <param name="replaced">A session of theirs that ends with this.</param>
    /// <param name="authenticated">How they proved who they are; by their password, just now, when it is left out.</param>
    /// <param name="confined">Whether the sign-in counts in this organisation only (<see cref="Principal.IsConfined"/>).</param>
    /// <param name="issuer">By which they come (<see cref="Principal.Issuer"/>); null for none.</param>
    public async Task<Outcome?> OpenAsync(
        HttpContext context,
        TenantId tenant,
        Guid userId,
        string kind,
        CancellationToken cancellationToken,
        Guid? replaced = null,
        Authenticated? authenticated = null,
        bool confined = false,
        string? issuer = null
    )
    {
        OpenedSession? opened = null;
        SessionPlaces.Place place;
        await using (var session = await database.OpenAsync(tenant, userId, cancellationToken))
        {
            if (await PeopleStore.FindMemberAsync(session, userId, cancellationToken) is not { } person)
            {
                return null;
            }

            place = await places.TakeAsync(session, userId, replaced, mustComeIn: false, cancellationToken, confined);
            if (place.IsFree)
            {
                opened = await opening.OpenAsync(
                    session,
                    person with
                    {
                        IsConfined = confined,
                        Issuer = issuer,
                    },
                    kind,
                    context,
                    cancellationToken,
                    authenticated: authenticated
                );
                await places.HoldAsync(session, opened, cancellationToken);
                await session.CommitAsync(cancellationToken);
            }
        }

        if (opened is null)
        {
            return await places.RefuseAsync(userId, place, cancellationToken);
        }

        await places.TellAsync(place);
        context.Audit().Opened(opened);
        return new Outcome.SignedIn(opened);
    }

    /// <summary>What proving a password ended in: a refusal, or the user and perhaps a stronger hash to store.</summary>
    internal sealed record Proof(Outcome.Refused? Refused, Guid UserId, string? NewHash);

    /// <summary>Checks an e-mail and a password, slowly and not too often.</summary>
    public async Task<Proof> ProveAsync(
        string email,
        string password,
        string address,
        CancellationToken cancellationToken,
        string? device = null
    )
    {
        if (await throttle.EnterAsync(email, address, device) is { } wait)
        {
            Count("too-many-requests", address, null);
            return new Proof(Outcome.Throttled(wait), default, null);
        }

        var user = await people.FindByEmailAsync(email, cancellationToken);
        var check = await passwords.VerifyAsync(user?.PasswordHash, password, cancellationToken);
        switch (check)
        {
            case PasswordCheck.Busy:
                return new Proof(Outcome.Busy(), default, null);
            case PasswordCheck.Wrong:
                await throttle.FailedAsync(address, device);
                Count("invalid-credentials", address, user?.UserId);
                return new Proof(Outcome.InvalidCredentials(), default, null);
            default:
                await throttle.SucceededAsync(email, address, device);
                var newHash =
                    check == PasswordCheck.RightButOutdated
                        ? await passwords.HashAsync(password, cancellationToken)
                        : null;
                return new Proof(null, user!.UserId, newHash);
        }
    }

    // In memory: an answer takes as long whether there is such a person or not.
    private void Count(string reason, string address, Guid? person) =>
        refusals.Count(
            new(
                AuditActor.Stranger,
                "session.refused",
                null,
                reason,
                RefusalCounter.NetworkOf(IPAddress.TryParse(address, out var parsed) ? parsed : null),
                person
            )
        );
}
