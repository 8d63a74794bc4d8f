using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;

namespace Chancery.Server.Access.Me;

/// <summary>Changes a person's own password and ends their other sessions everywhere. Safe for concurrent use.</summary>
internal sealed class PasswordChange(
    SignInService signIn,
    PasswordRule rule,
    PasswordHashing passwords,
    PeopleStore people,
    SessionEnding ending
)
{
    /// <summary>Why not; <c>null</c> when it is done.</summary>
    public async Task<Outcome.Refused?> ChangeAsync(
        Principal principal,
        string current,
        string next,
        string address,
        CancellationToken cancellationToken
    )
    {
        if (rule.WhyNot(next, principal.Email) is { } why)
        {
            return Outcome.Invalid("new", why);
        }

        var proof = await signIn.ProveAsync(principal.Email, current, address, cancellationToken);
        if (proof.Refused is { } refused)
        {
            return refused.Code == "invalid-credentials"
                ? Outcome.Invalid("current", "This is not your present password.")
                : refused;
        }

        if (await passwords.HashAsync(next, cancellationToken) is not { } hash)
        {
            return Outcome.Busy();
        }

        await people.SetPasswordAsync(principal.Tenant, principal.UserId, hash, cancellationToken);
        await ending.EndAllAsync(principal.UserId, except: principal.SessionId, cancellationToken);
        return null;
    }
}
