using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>Sets a new password by the link of a letter, once; every sign-in of the person ends. Safe for concurrent use.</summary>
internal sealed class PasswordReset(
    PasswordResetStore store,
    PasswordRule rule,
    PasswordHashing passwords,
    SessionEnding ending,
    TenantDatabase database,
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

        await using (var session = await database.OpenAsync(new TenantId(row.TenantId), row.UserId, cancellationToken))
        {
            if (!await PasswordResetStore.UseAsync(session, row.UserId, hash, time.GetUtcNow(), cancellationToken))
            {
                return Gone();
            }

            await PeopleStore.SetPasswordAsync(session, row.UserId, passwordHash, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        await ending.EndAllAsync(row.UserId, except: null, cancellationToken);
        context.Audit().By(PrincipalActor.OfPerson(row.TenantId, row.UserId, "", row.Email, "reset-link"));
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
