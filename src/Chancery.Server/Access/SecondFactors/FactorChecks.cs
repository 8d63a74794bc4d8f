using System.Net;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Passkeys;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>What people have besides their password, asked for and checked. Safe for concurrent use.</summary>
internal sealed class FactorChecks(
    TotpAuthenticators totp,
    RecoveryCodes codes,
    PasskeyCeremonies passkeys,
    Challenges challenges,
    SignInThrottle throttle,
    RefusalCounter refusals,
    TenantDatabase database
)
{
    /// <param name="tenant">Any of the person's organisations.</param>
    public async Task<HeldFactors> OfAsync(TenantId tenant, Guid userId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, userId, cancellationToken);
        return await OfAsync(session, userId, cancellationToken);
    }

    /// <param name="session">Bound to the person.</param>
    public static async Task<HeldFactors> OfAsync(
        TenantSession session,
        Guid userId,
        CancellationToken cancellationToken
    ) =>
        new(
            await TotpAuthenticators.FindAsync(session, userId, cancellationToken) is { ConfirmedAt: not null },
            await PasskeyStore.CountAsync(session, userId, cancellationToken),
            await RecoveryCodes.LeftAsync(session, userId, cancellationToken)
        );

    /// <summary>
    /// The question that stands between a right password and a session; null for a person who has no second factor.
    /// </summary>
    /// <param name="kind">Of session that their answer opens.</param>
    /// <param name="endSession">A sign-in of theirs that then ends.</param>
    public async Task<Outcome.Refused?> AskAsync(
        TenantId tenant,
        Guid userId,
        string kind,
        Guid? endSession,
        CancellationToken cancellationToken
    )
    {
        var held = await OfAsync(tenant, userId, cancellationToken);
        return held.Any
            ? Outcome.Of(
                Problem.SecondFactorRequired(
                    await challenges.OpenAsync(
                        new(
                            ChallengePurpose.SignIn,
                            userId,
                            tenant.Value,
                            kind,
                            endSession,
                            AuthenticationMethod.PasswordOnly,
                            PasskeyState: null
                        ),
                        cancellationToken
                    ),
                    held.Names,
                    Challenges.Life
                )
            )
            : null;
    }

    /// <summary>Checks a second factor, not too often; what works once is used up when it is right.</summary>
    /// <param name="confinement"><see cref="Principal.Confinement"/> of whoever is signed in already.</param>
    public async Task<FactorProof> ProveAsync(
        HttpContext context,
        TenantId tenant,
        Guid userId,
        FactorAnswer answer,
        CancellationToken cancellationToken,
        TenantId? confinement = null
    )
    {
        if (await throttle.EnterFactorAsync(userId, confinement) is { } wait)
        {
            Count(context, "too-many-requests", userId);
            return FactorProof.Not(Outcome.Throttled(wait, "give a second factor"));
        }

        // By transactions of its own: the answer says whose it is.
        if (
            answer is { Passkey: { } passkey, PasskeyState: { } state }
            && await passkeys.CheckAsync(context, state, passkey, cancellationToken) is { } owner
            && owner.UserId == userId
        )
        {
            await throttle.FactorSucceededAsync(userId, confinement);
            return new FactorProof(null, [owner.Method]);
        }

        await using (var session = await database.OpenAsync(tenant, userId, cancellationToken))
        {
            if (await CheckAsync(session, userId, answer, cancellationToken) is { } method)
            {
                await session.CommitAsync(cancellationToken);
                await throttle.FactorSucceededAsync(userId, confinement);
                return new FactorProof(null, [method]);
            }
        }

        Count(context, "invalid-second-factor", userId);
        return FactorProof.Not(Outcome.Of(Problem.InvalidSecondFactor()));
    }

    private async Task<string?> CheckAsync(
        TenantSession session,
        Guid userId,
        FactorAnswer answer,
        CancellationToken cancellationToken
    ) =>
        answer switch
        {
            { Code: { Length: > 0 } code }
                when await totp.UseAsync(session, userId, code, first: false, cancellationToken) =>
                AuthenticationMethod.OneTimeCode,
            { RecoveryCode: { Length: > 0 } code }
                when await codes.UseAsync(session, userId, code, cancellationToken) => AuthenticationMethod.OneTimeCode,
            _ => null,
        };

    private void Count(HttpContext context, string reason, Guid person) =>
        refusals.Count(
            new(
                AuditActor.Stranger,
                "session.refused",
                null,
                reason,
                RefusalCounter.NetworkOf(
                    IPAddress.TryParse(Transport.AddressOf(context), out var parsed) ? parsed : null
                ),
                person
            )
        );
}
