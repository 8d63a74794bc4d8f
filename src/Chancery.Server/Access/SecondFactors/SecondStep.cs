using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>The second step of a sign-in: opens the session that a right answer is for. Safe for concurrent use.</summary>
internal sealed class SecondStep(
    Challenges challenges,
    FactorChecks factors,
    SignInService signIn,
    SessionEnding ending,
    KnownDevices devices,
    TimeProvider time
)
{
    /// <param name="challenge">The secret that the first step was answered with. It is used up by a right answer.</param>
    /// <param name="kind">One of <see cref="SessionKind"/>; a challenge of the other kind is none.</param>
    /// <param name="endSession">A sign-in of theirs that ends first, to make room for this one.</param>
    public async Task<Outcome> AnswerAsync(
        HttpContext context,
        string challenge,
        string kind,
        FactorAnswer answer,
        CancellationToken cancellationToken,
        Guid? endSession = null
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Outcome.InsecureTransport();
        }

        // Counted by themselves, with whom they were about.
        context.Audit().Skip();
        if (
            await challenges.TryAsync(challenge, cancellationToken)
                is not { Purpose: ChallengePurpose.SignIn, UserId: { } userId, TenantId: { } tenantId } asked
            || asked.Kind != kind
        )
        {
            return Over();
        }

        var tenant = new TenantId(tenantId);
        var methods = asked.Methods;
        if (!methods.Contains(AuthenticationMethod.MultipleFactors))
        {
            var proof = await factors.ProveAsync(
                context,
                tenant,
                userId,
                answer with
                {
                    PasskeyState = asked.PasskeyState,
                },
                cancellationToken
            );
            if (proof.Refused is { } refused)
            {
                return refused;
            }

            methods = AuthenticationMethod.Join(methods, proof.Methods);
        }

        // Two right answers to one question open one session.
        if (!await challenges.UseAsync(challenge, cancellationToken))
        {
            return Over();
        }

        if ((endSession ?? asked.EndSession) is { } ended)
        {
            await ending.EndAsync(userId, ended, cancellationToken);
        }

        var outcome =
            await signIn.OpenAsync(
                context,
                tenant,
                userId,
                kind,
                cancellationToken,
                authenticated: new Authenticated(methods, time.GetUtcNow())
            ) ?? Outcome.InvalidCredentials();
        switch (outcome)
        {
            case Outcome.SignedIn signedIn:
                context.Audit().Skip(false);
                if (kind == SessionKind.Page)
                {
                    devices.Remember(context, signedIn.Session.Principal.Email);
                }

                break;
            case Outcome.Refused { Code: "concurrency-limit" } full:
                // A code works once: whoever names a sign-in that ends is not asked for another.
                full.Problem.ProblemDetails.Extensions["challenge"] = await challenges.OpenAsync(
                    asked with
                    {
                        Methods = methods,
                    },
                    cancellationToken
                );
                break;
        }

        return outcome;
    }

    private static Outcome.Refused Over() => Outcome.Of(Problem.ChallengeOver());
}
