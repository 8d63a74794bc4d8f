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
    TenantDatabase database,
    TenantKeys keys,
    IEnumerable<ITenantCreated> followers,
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
            return EmailTaken();
        }

        return await passwords.HashAsync(request.Password, cancellationToken) is { } hash
            ? await CreateAsync(context, request, email, hash, kind, cancellationToken)
            : Outcome.Busy();
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

    private async Task<Outcome> CreateAsync(
        HttpContext context,
        Request request,
        string email,
        string passwordHash,
        string kind,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var tenant = new TenantId(Guid.CreateVersion7(now));
        var userId = Guid.CreateVersion7(now);
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        var isFirst = await SignUpStore.IsFirstAsync(session, cancellationToken);
        if (!isFirst && settings.SignUp == SignUpMode.Invite)
        {
            return Closed("Ask an organisation's admin to invite you.");
        }

        var name = request.Name?.Trim() is { Length: > 0 } given
            ? given
            : email[..email.IndexOf('@', StringComparison.Ordinal)];
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
            await PeopleStore.InsertAsync(session, userId, email, name, passwordHash, now, cancellationToken);
        }
        catch (PostgresException taken)
            when (taken.SqlState == PostgresErrorCodes.UniqueViolation && taken.ConstraintName == PeopleStore.EmailIndex
            )
        {
            return EmailTaken();
        }

        await SignUpStore.InsertTenantAsync(session, owner, keys.CreateWrapped(tenant), now, cancellationToken);
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

    private static Outcome.Refused Closed(string detail) =>
        Outcome.Of(Problem.Of(403, "sign-up-closed", "Sign-up is closed here", detail));

    private static Outcome.Refused EmailTaken() =>
        Outcome.Of(
            Problem.Conflict(
                "email-taken",
                "This e-mail has an account",
                "Sign in with it instead, or use another e-mail."
            )
        );
}
