using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>Sets a new password by the link of a letter, once; every sign-in of the person ends. Safe for concurrent use.</summary>
internal sealed class PasswordReset(
    PasswordResetStore store,
    PasswordRule rule,
    PasswordHashing passwords,
    PeopleStore people,
    SessionEnding ending,
    TimeProvider time
)
{
    /// <summary>Why not; <c>null</c> when it is done.</summary>
    public async Task<Outcome.Refused?> SetAsync(
        HttpContext context,
        string token,
        string password,
        CancellationToken cancellationToken
    )
    {
        var hash = SecretText.HashOf(token);
        if (await store.FindAsync(hash, cancellationToken) is not { } row || row.ExpiresAt <= time.GetUtcNow())
        {
            return Gone();
        }

        if (rule.WhyNot(password, row.Email) is { } why)
        {
            return Outcome.Invalid("password", why);
        }

        if (await passwords.HashAsync(password, cancellationToken) is not { } passwordHash)
        {
            return Outcome.Busy();
        }

        if (!await store.UseAsync(hash, passwordHash, time.GetUtcNow(), cancellationToken))
        {
            return Gone();
        }

        await ending.EndAllAsync(row.UserId, except: null, cancellationToken);
        // An organisation that they left, or that switched them off, is told nothing of it.
        context
            .Audit()
            .By(
                await people.TenantsOfAsync(row.UserId, cancellationToken) is [var first, ..]
                    ? PrincipalActor.OfPerson(first.Id, row.UserId, "", row.Email, "reset-link")
                    : PrincipalActor.OfPerson(AuditActor.Installation, row.UserId, "", "", "reset-link")
            );
        return null;
    }

    private static Outcome.Refused Gone() =>
        Outcome.Of(
            Problem.Of(
                404,
                "reset-gone",
                "This link does not work any more",
                "It was used, or is older than an hour. Ask for a new one."
            )
        );
}
