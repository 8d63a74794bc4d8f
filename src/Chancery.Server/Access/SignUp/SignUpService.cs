using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Npgsql;

namespace Chancery.Server.Access.SignUp;

/// <summary>Makes an organisation with its owner, all or nothing. Safe for concurrent use.</summary>
internal sealed class SignUpService(
    AccessSettings settings,
    PasswordRule rule,
    PasswordHashing passwords,
    SignInThrottle throttle,
    PeopleStore people,
    SignUpStore store,
    SessionOpening opening,
    SessionPlaces places,
    SignInService signIn,
    SecondFactors.FactorChecks secondFactors,
    TenantDatabase database,
    TenantKeys keys,
    IEnumerable<ITenantCreated> followers,
    AuditTrail trail,
    TimeProvider time,
    ILogger<SignUpService> logger
)
{
    /// <summary>No limits: the plan of a self-hosted installation's first organisation.</summary>
    public const string OwnPlan = "OWN";

    internal sealed record Request(string Email, string Password, string? Name, string Organization);

    public async Task<Outcome> SignUpAsync(
        HttpContext context,
        Request request,
        string kind,
        CancellationToken cancellationToken
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Outcome.InsecureTransport();
        }

        if (await WhyClosedAsync(context, cancellationToken) is { } closed)
        {
            return closed;
        }

        if (EmailAddress.Normalize(request.Email) is not { } email)
        {
            return Outcome.Invalid("email", "This is not an e-mail address.");
        }

        if (rule.WhyNot(request.Password, email) is { } why)
        {
            return Outcome.Invalid("password", why);
        }

        // Before anything that costs much or tells who has an account.
        if (await throttle.EnterSignUpAsync(Transport.AddressOf(context)) is { } wait)
        {
            return Outcome.Throttled(wait, "sign up");
        }

        if (await people.FindByEmailAsync(email, cancellationToken) is not null)
        {
            return await CreateForKnownAsync(context, request, email, kind, cancellationToken);
        }

        return await passwords.HashAsync(request.Password, cancellationToken) is { } hash
            ? await CreateAsync(
                context,
                request,
                email,
                Guid.CreateVersion7(time.GetUtcNow()),
                hash,
                kind,
                cancellationToken
            )
            : Outcome.Busy();
    }

    /// <summary>
    /// For the account of somebody who belongs to no organisation: one left, or made an account and switched them off. They prove it
    /// by its password. All others are told that the address is taken, after as long as it takes to look at a password.
    /// </summary>
    private async Task<Outcome> CreateForKnownAsync(
        HttpContext context,
        Request request,
        string email,
        string kind,
        CancellationToken cancellationToken
    )
    {
        var proof = await signIn.ProveAsync(email, request.Password, Transport.AddressOf(context), cancellationToken);
        return proof.Refused switch
        {
            { Code: "invalid-credentials" } => EmailTaken(),
            { } refused => refused,
            null => await people.TenantsOfAsync(proof.UserId, cancellationToken) is []
                ? await CreateAsync(context, request, email, proof.UserId, passwordHash: null, kind, cancellationToken)
                : EmailTaken(),
        };
    }

    private async Task<Outcome.Refused?> WhyClosedAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (settings.SignUp == SignUpMode.Open)
        {
            return null;
        }

        if (settings.SignUp == SignUpMode.Off || !await store.IsInstallationEmptyAsync(cancellationToken))
        {
            return Closed("Ask an organisation's admin to invite you.");
        }

        // The first person owns the installation: no stranger who finds it before its operator does.
        return Transport.IsThisMachine(context) && !CameThroughProxy(context.Request)
            ? null
            : Closed(
                "The first person signs up on the machine itself, by the name localhost: through an SSH tunnel, for "
                    + "example. After that people come by invitation."
            );
    }

    /// <summary>A proxy on this machine that nobody declared as trusted makes everybody look like a neighbour.</summary>
    private static bool CameThroughProxy(HttpRequest request) =>
        request.Headers.ContainsKey("X-Forwarded-For")
        || request.Headers.ContainsKey("X-Real-IP")
        || request.Headers.ContainsKey("Forwarded")
        || request.Headers.ContainsKey("Via");

    /// <param name="passwordHash">Of a new account; null for one that there is, and that was proven.</param>
    private async Task<Outcome> CreateAsync(
        HttpContext context,
        Request request,
        string email,
        Guid userId,
        string? passwordHash,
        string kind,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var tenant = new TenantId(Guid.CreateVersion7(now));
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        var isFirst = await SignUpStore.IsFirstAsync(session, cancellationToken);
        if (!isFirst && settings.SignUp == SignUpMode.Invite)
        {
            return Closed("Ask an organisation's admin to invite you.");
        }

        var given = request.Name?.Trim() is { Length: > 0 } text ? text : null;
        var name = given ?? email[..email.IndexOf('@', StringComparison.Ordinal)];
        var owner = new Principal(
            tenant,
            userId,
            userId,
            SessionId: null,
            Role.Owner,
            email,
            name,
            request.Organization.Trim(),
            isFirst ? OwnPlan : settings.SignUpPlan
        );
        try
        {
            if (passwordHash is not null)
            {
                await PeopleStore.InsertAsync(session, userId, email, name, passwordHash, now, cancellationToken);
            }
        }
        catch (PostgresException taken)
            when (taken.SqlState == PostgresErrorCodes.UniqueViolation && taken.ConstraintName == PeopleStore.EmailIndex
            )
        {
            return EmailTaken();
        }

        await SignUpStore.InsertTenantAsync(session, owner, keys.CreateWrapped(tenant), now, cancellationToken);
        if (passwordHash is null)
        {
            owner = (await PeopleStore.FindMemberAsync(session, userId, cancellationToken))!;
            if (await secondFactors.AskAsync(tenant, userId, kind, endSession: null, cancellationToken) is { } asked)
            {
                return await CreateUnopenedAsync(context, session, owner, asked, cancellationToken);
            }

            if (given is not null)
            {
                // Only by whoever is wholly signed in: the name is the person's everywhere.
                await PeopleStore.RenameAsync(session, userId, given, cancellationToken);
                owner = owner with { Name = given };
            }
        }

        var opened = await opening.OpenAsync(session, owner, kind, context, cancellationToken);
        await places.HoldAsync(session, opened, cancellationToken);
        foreach (var follower in followers)
        {
            await follower.CreatedAsync(session, opened.Principal, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        context.Audit().Opened(opened).On(tenant.Value);
        Log.TenantSignedUp(logger, tenant.Value, owner.Plan);
        return new Outcome.SignedIn(opened);
    }

    /// <summary>The password made the organisation; to be signed in takes the second factor, as anywhere.</summary>
    private async Task<Outcome> CreateUnopenedAsync(
        HttpContext context,
        TenantSession session,
        Principal owner,
        Outcome.Refused asked,
        CancellationToken cancellationToken
    )
    {
        foreach (var follower in followers)
        {
            await follower.CreatedAsync(session, owner, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        context.Audit().Skip();
        await trail.RecordAsync(
            new AuditEvent(
                PrincipalActor.OfPerson(
                    owner.Tenant.Value,
                    owner.UserId,
                    owner.Name,
                    owner.Email,
                    CredentialWord.Password
                ),
                "organization.created",
                AuditOutcome.Succeeded
            )
            {
                SubjectKind = "organization",
                SubjectId = owner.Tenant.ToString(),
            }
        );
        Log.TenantSignedUp(logger, owner.Tenant.Value, owner.Plan);
        return asked;
    }

    private static Outcome.Refused Closed(string detail) =>
        Outcome.Of(Problem.Of(403, "sign-up-closed", "Sign-up is closed here", detail));

    private static Outcome.Refused EmailTaken() =>
        Outcome.Of(
            Problem.Conflict(
                "email-taken",
                "This e-mail has an account",
                "Sign in with it instead, or use another e-mail. Whoever belongs to no organisation signs up with the account's password, "
                    + "which a link to the address sets: Forgotten your password?"
            )
        );
}
