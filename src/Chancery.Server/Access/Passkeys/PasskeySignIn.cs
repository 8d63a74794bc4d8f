using System.Net;
using System.Text.Json;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Passkeys;

/// <summary>Signs people in by a passkey alone, without e-mail and password. Safe for concurrent use.</summary>
internal sealed class PasskeySignIn(
    PasskeyCeremonies passkeys,
    Challenges challenges,
    PeopleStore people,
    SignInService signIn,
    SignInThrottle throttle,
    SessionEnding ending,
    KnownDevices devices,
    RefusalCounter refusals,
    TimeProvider time
)
{
    private const int MostAttempts = 100;

    /// <summary>Asks a browser for a passkey of anybody.</summary>
    /// <param name="kind">Of session that the answer opens.</param>
    public async Task<PasskeyQuestion> AskAsync(HttpContext context, string kind, CancellationToken cancellationToken)
    {
        var (options, state) = await passkeys.AskAsync(context, person: null);
        var challenge = await challenges.OpenAsync(
            new(
                ChallengePurpose.PasskeySignIn,
                UserId: null,
                TenantId: null,
                kind,
                EndSession: null,
                Methods: [],
                state
            ),
            cancellationToken
        );
        return new PasskeyQuestion(challenge, options);
    }

    /// <summary>Asks for a passkey as the second step of a sign-in; null when that is over.</summary>
    public async Task<PasskeyQuestion?> AskForStepAsync(
        HttpContext context,
        string challenge,
        CancellationToken cancellationToken
    )
    {
        if (
            await challenges.TryAsync(challenge, cancellationToken)
            is not { Purpose: ChallengePurpose.SignIn, UserId: { } userId, TenantId: { } tenant }
        )
        {
            return null;
        }

        var (options, state) = await passkeys.AskAsync(
            context,
            new PasskeyPerson(userId, Email: "", Name: "", new TenantId(tenant))
        );
        return await challenges.AskPasskeyAsync(challenge, state, cancellationToken)
            ? new PasskeyQuestion(challenge, options)
            : null;
    }

    /// <param name="tenantId">Which organisation, for a person of several; else the one joined first.</param>
    /// <param name="endSession">A sign-in of theirs that ends first, to make room for this one.</param>
    public async Task<Outcome> SignInAsync(
        HttpContext context,
        string challenge,
        string kind,
        JsonElement answer,
        Guid? tenantId,
        CancellationToken cancellationToken,
        Guid? endSession = null
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Outcome.InsecureTransport();
        }

        // Counted by itself: nobody knows who it was.
        context.Audit().Skip();
        var address = Transport.AddressOf(context);
        if (!await throttle.EnterAsync("passkey", address, MostAttempts))
        {
            return Outcome.Throttled(TimeSpan.FromMinutes(15));
        }

        if (
            await challenges.TryAsync(challenge, cancellationToken)
                is not { Purpose: ChallengePurpose.PasskeySignIn, PasskeyState: { } state, Kind: var asked }
            || asked != kind
            || !await challenges.UseAsync(challenge, cancellationToken)
        )
        {
            return Outcome.Of(Problem.ChallengeOver());
        }

        if (await passkeys.CheckAsync(context, state, answer, cancellationToken) is not { } owner)
        {
            refusals.Count(
                new(
                    AuditActor.Stranger,
                    "session.refused",
                    null,
                    "invalid-passkey",
                    RefusalCounter.NetworkOf(IPAddress.TryParse(address, out var parsed) ? parsed : null),
                    null
                )
            );
            return Outcome.Of(
                Problem.Of(
                    401,
                    "invalid-passkey",
                    "This passkey opens nothing here",
                    "It was removed, or is of another address. Sign in with your password."
                )
            );
        }

        var tenants = await people.TenantsOfAsync(owner.UserId, cancellationToken);
        if (tenants.FirstOrDefault(tenant => tenantId is null || tenant.Id == tenantId) is not { } chosen)
        {
            return Outcome.Of(Problem.NotFound("organization"));
        }

        if (endSession is { } ended)
        {
            await ending.EndAsync(owner.UserId, ended, cancellationToken);
        }

        var outcome =
            await signIn.OpenAsync(
                context,
                new TenantId(chosen.Id),
                owner.UserId,
                kind,
                cancellationToken,
                authenticated: new Authenticated(AuthenticationMethod.Join([], [owner.Method]), time.GetUtcNow())
            ) ?? Outcome.InvalidCredentials();
        if (outcome is Outcome.SignedIn signedIn)
        {
            context.Audit().Skip(false);
            if (kind == SessionKind.Page)
            {
                devices.Remember(context, signedIn.Session.Principal.Email);
            }
        }

        return outcome;
    }
}
